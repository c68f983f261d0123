import type { Case, Entry, Proof, Report } from '../core/case.ts';
import { isBeingWorkedOn, isEnded } from '../core/case.ts';
import type { Credential } from '../core/connector.ts';
import { caseIdOf, recheckDue } from '../core/ids.ts';
import type { DispatchDeps } from './admit.ts';
import { claim, isAbandoned, release } from './claims.ts';
import { digest } from './digest.ts';
import { startPlaybook, wakeAll } from './executions.ts';
import { forget } from './held.ts';

/** A credential that a report led to, and how. */
export interface Match {
  credential: Credential;
  proof: Proof;
  fingerprint?: string;
}

const patience = 20;
const pauseMilliseconds = 250;

export const sameReport = (a: Report, b: Report): boolean => a.source === b.source && a.finding === b.finding && a.opening === b.opening;

/** Opens the credential's case, or joins the one that is open. `index` tells the credentials of one report apart. */
export const admitMatch = async (report: Report, match: Match, index: number, deps: DispatchDeps): Promise<void> => {
  const { ledger, log, now } = deps;
  let id = index === 0 ? caseIdOf(digest, report) : caseIdOf(digest, report, match.credential.id);
  let before = await ledger.load(id);
  if (isOfAnother(before, match)) {
    id = caseIdOf(digest, report, match.credential.id);
    before = await ledger.load(id);
  }
  for (; before && isEnded(before) && before.closed && before.endedAt; before = await ledger.load(id)) {
    if (!recheckDue(before.endedAt, now())) {
      await ledger.point('delivery', report.delivery, before);
      if (report.held) await forget(ledger, [report.held], match.credential.id);
      log.info('report of a closed case recorded', { case: id, delivery: report.delivery });
      return;
    }
    id = caseIdOf(digest, report, match.credential.id, before.endedAt);
  }
  for (;;) {
    const other = await claimFor(match.credential.id, id, deps);
    if (!other) return open(id, report, match, deps);
    if (await join(other, report, match, deps)) return;
  }
};

/**
 * Whether a case of that id is about something else: the same place in the same commit was reported before, with another
 * credential in it, or a person closed it before anybody knew of a credential.
 */
const isOfAnother = (found: Case | undefined, { credential }: Match): boolean =>
  found !== undefined && found.credential !== credential.id && (found.credential !== undefined || (found.closed !== undefined && found.closed.by !== 'rescind'));

/** Claims a credential for a case. Answers the case that has it, where that is another, open and about this very credential. */
export const claimFor = async (credential: string, id: string, deps: DispatchDeps): Promise<Case | undefined> => {
  for (let turn = 0; turn < patience; turn += 1) {
    const claimed = await claimOnce(credential, id, deps);
    if (claimed === 'ours') return undefined;
    if (typeof claimed !== 'string') return claimed;
    if (claimed === 'undecided') await deps.sleep(pauseMilliseconds * (0.5 + Math.random()));
  }
  throw new Error(`the case that has claimed ${credential} does not open: try again`);
};

/** Asks once for a credential. `undecided`: whoever claimed it has not written its case yet. `free`: whoever had it will not use it. */
export const claimOnce = async (credential: string, id: string, { ledger, now }: Pick<DispatchDeps, 'ledger' | 'now'>): Promise<Case | 'ours' | 'undecided' | 'free'> => {
  const owner = await claim(ledger, credential, id, now());
  if (owner.case === id) return 'ours';
  const other = await ledger.load(owner.case);
  if (other && !other.closed && other.credential === credential) return other;
  // its dispatcher has claimed and not yet written, or died in between and will come again, perhaps with another credential
  const isUnused = other !== undefined && (other.closed !== undefined || other.credential !== undefined || other.status === 'unmatched');
  if (!isUnused && !isAbandoned(owner, now())) return 'undecided';
  await release(ledger, credential, owner.case, owner.mark);
  return 'free';
};

const open = async (id: string, report: Report, match: Match, deps: DispatchDeps): Promise<void> => {
  const { ledger } = deps;
  const { credential, proof, fingerprint } = match;
  const earlier = (await ledger.pointed('credential', credential.id)).find((other) => other !== id);
  let found = await ledger.tell(id, ({ lines }) => (lines.length > 0 ? undefined : { kind: 'opened', report, again: earlier }));
  const wasUnmatched = found.status === 'unmatched';
  // the report as it was opened knew neither fingerprints nor what is held
  const matched: Entry = { kind: 'matched', credential: credential.id, proof, owner: credential.owner, fingerprint, copies: credential.copies.length, report: wasUnmatched ? report : undefined };
  found = await ledger.tell(id, (current) => (current.credential ? undefined : matched), found);
  if (isOfAnother(found, match)) {
    // the other one came at the same moment
    await release(ledger, credential.id, id);
    return admitMatch(report, match, 1, deps);
  }
  // what an unmatched case had claimed counts as unused until it is matched: somebody else may have taken it
  if (wasUnmatched && (await joinOther(found, report, match, deps))) return;
  await ledger.point('delivery', report.delivery, found);
  await ledger.point('credential', credential.id, found);
  await begin(found, 'reported', deps);
};

/** Claims a matched case's credential once more. Where another case has it, that one gets the report and this one is closed: true. */
export const joinOther = async (found: Case, report: Report, match: Match, deps: DispatchDeps): Promise<boolean> => {
  for (;;) {
    const other = await claimFor(match.credential.id, found.id, deps);
    if (!other) return false;
    if (!(await join(other, report, match, deps))) continue;
    const reason = `joined ${other.id}, which is open for the same credential`;
    await deps.ledger.tell(found.id, (current) => (current.closed || current.attempt > 0 ? undefined : { kind: 'closed', by: 'rescind', reason }), found);
    return true;
  }
};

/** Starts the playbook of a case that has none. Twice is fine: the execution's name lets only one run. */
export const begin = async (found: Case, why: string, { ledger, clientOf, playbookFor }: DispatchDeps): Promise<void> => {
  const started = await ledger.tell(found.id, (current) => (current.attempt === 0 && !current.closed ? { kind: 'started', attempt: 1, why } : undefined), found);
  if (isBeingWorkedOn(started) && started.attempt === 1) await startPlaybook(clientOf, playbookFor(started.reports[0]?.source), started.id, 1);
};

/** Adds a report to an open case and does what it changes; false where the case was closed meanwhile. Repeated, it finishes what was begun. */
export const join = async (other: Case, report: Report, { credential, proof, fingerprint }: Match, deps: DispatchDeps): Promise<boolean> => {
  const { ledger, clientOf, playbookFor } = deps;
  let joined = await ledger.tell(other.id, (current) => (current.closed || current.reports.some((earlier) => sameReport(earlier, report)) ? undefined : { kind: 'joined', report, proof, fingerprint: proof === 'value' ? fingerprint : undefined }), other);
  if (!joined.reports.some((earlier) => sameReport(earlier, report))) return false;
  await ledger.point('delivery', report.delivery, joined);
  await ledger.point('credential', credential.id, joined);
  const at = joined.lines.findLast((line) => line.kind === 'joined' && sameReport(line.report, report))?.n;
  if (at === undefined) return true;
  const unheard = (current: Case, kind: 'started' | 'planned' | 'concluded'): boolean => !current.lines.some((line) => line.kind === kind && line.n > at);
  // a red case that hears of it again looks again
  const attempt = joined.attempt + 1;
  if (joined.status === 'not-contained' && unheard(joined, 'started')) {
    joined = await ledger.tell(other.id, (current) => (current.status === 'not-contained' && unheard(current, 'started') ? { kind: 'started', attempt, why: 'reported again' } : undefined), joined);
    if (joined.attempt === attempt) await startPlaybook(clientOf, playbookFor(joined.reports[0]?.source), joined.id, attempt);
  } else if (isBeingWorkedOn(joined) && joined.lines.at(-1)?.kind === 'started') {
    // who wrote that line may have died before it started the playbook; the execution's name lets only one run
    await startPlaybook(clientOf, playbookFor(joined.reports[0]?.source), joined.id, joined.attempt);
  }
  // a person closed it who had not seen this report: it is for another case
  if (joined.closed) return !(unheard(joined, 'concluded') && unheard(joined, 'started'));
  // a stronger proof may answer what a person is being asked
  if (joined.status === 'waiting' && proof !== 'name' && unheard(joined, 'planned')) await wakeAll(clientOf, ledger, `case:${joined.id}`);
  return true;
};

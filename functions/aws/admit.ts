import type { Lookup } from '../../events/trigger.ts';
import type { Case, Entry, Proof, Report } from '../core/case.ts';
import { isBeingWorkedOn, isEnded } from '../core/case.ts';
import type { Credential, Reporter } from '../core/connector.ts';
import { caseIdOf, recheckDue, unmatchedCaseIdOf } from '../core/ids.ts';
import { claim, release, takeWakers } from './claims.ts';
import { digest } from './digest.ts';
import { startPlaybook, wake } from './executions.ts';
import { errorName, type Count, type Log } from './log.ts';
import type { Registry } from './registry.ts';
import { sealFinding, type Sealing } from './seal.ts';
import type { Configuration } from '../core/configuration.ts';

export interface DispatchDeps extends Sealing {
  configuration: Configuration;
  registry: Registry;
  reporters: ReadonlyMap<string, Reporter>;
  playbook: string;
  bucket: string;
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  log: Log;
  count: Count;
}

type Each = (items: readonly Found[], work: (item: Found) => Promise<void>) => Promise<unknown>;

interface Found {
  report: Report;
  lookup?: Lookup;
}

const mostListed = 20;
const patience = 20;
const pauseMilliseconds = 250;

/** Brings reports to their cases. Every line of it may be run again: claims and conditional writes decide. */
export const admit = async (reports: readonly [Report, Lookup | undefined][], delivery: string, deps: DispatchDeps, signal: AbortSignal, each: Each): Promise<void> => {
  const unmatched: Report[] = [];
  await each(
    reports.map(([report, lookup]) => ({ report, lookup })),
    async ({ report, lookup }) => {
      if (lookup) return admitLookup(report, lookup, deps, signal);
      const matches = await matchesOf(report, deps);
      if (matches.length === 0) unmatched.push(report);
      for (const [index, match] of matches.entries()) await admitMatch(report, match, index, deps);
    },
  );
  if (unmatched.length > 0) await openUnmatched(unmatched, delivery, deps);
};

interface Match {
  credential: Credential;
  proof: Proof;
  fingerprint?: string;
}

/** What a report names: by value where a fingerprint is known, else by name where the registry or the issuer itself vouches for the name. */
const matchesOf = async (report: Report, { registry, configuration }: DispatchDeps): Promise<Match[]> => {
  const byValue = await registry.match(report.fingerprints, configuration);
  const matches: Match[] = byValue.map(({ credential, fingerprint, certain }) => ({ credential, proof: certain ? 'value' : 'name', fingerprint }));
  for (const { issuer, id } of report.names) {
    if (matches.some(({ credential }) => credential.id === `${issuer}:${id}`)) continue;
    const issued = report.claim === 'issuer';
    const known = await registry.credential(`${issuer}:${id}`, configuration, issued ? { id: `${issuer}:${id}`, issuer, name: id, account: report.account, copies: [] } : undefined);
    if (known) matches.push({ credential: known, proof: issued ? 'issuer' : 'name' });
  }
  return matches;
};

const sameReport = (a: Report, b: Report): boolean => a.source === b.source && a.finding === b.finding && a.opening === b.opening;

/** Opens the credential's case, or joins the one that is open. */
const admitMatch = async (report: Report, match: Match, index: number, deps: DispatchDeps): Promise<void> => {
  const { ledger, log } = deps;
  let id = index === 0 ? caseIdOf(digest, report) : caseIdOf(digest, report, match.credential.id);
  const before = await ledger.load(id);
  if (before && isEnded(before) && before.closed && before.endedAt) {
    if (!recheckDue(before.endedAt, deps.now())) {
      await ledger.point('delivery', report.delivery, before);
      log.info('report of a closed case recorded', { case: id, delivery: report.delivery });
      return;
    }
    id = caseIdOf(digest, report, match.credential.id, before.endedAt);
  }
  for (let turn = 0; turn < patience; turn += 1) {
    const owner = await claim(ledger, match.credential.id, id);
    if (owner === id) return open(id, report, match, deps);
    const other = await ledger.load(owner);
    // its dispatcher has claimed and not yet written, or died in between and will come again
    if (!other) await deps.sleep(pauseMilliseconds * (0.5 + Math.random()));
    else if (other.closed) await release(ledger, match.credential.id, owner);
    else return join(other, report, match, deps);
  }
  throw new Error(`the case that has claimed ${match.credential.id} does not open: try again`);
};

const open = async (id: string, report: Report, { credential, proof, fingerprint }: Match, deps: DispatchDeps): Promise<void> => {
  const { ledger } = deps;
  const earlier = (await ledger.pointed('credential', credential.id)).find((other) => other !== id);
  const matched: Entry = { kind: 'matched', credential: credential.id, proof, owner: credential.owner, fingerprint, copies: credential.copies.length };
  let found = await ledger.tell(id, ({ lines }) => (lines.length > 0 ? undefined : { kind: 'opened', report, again: earlier }));
  found = await ledger.tell(id, (current) => (current.credential ? undefined : matched), found);
  await ledger.point('delivery', report.delivery, found);
  await ledger.point('credential', credential.id, found);
  await begin(found, 'reported', deps);
};

/** Starts the playbook of a case that has none. Twice is fine: the execution's name lets only one run. */
const begin = async (found: Case, why: string, { ledger, clientOf, playbook }: DispatchDeps): Promise<void> => {
  const started = await ledger.tell(found.id, (current) => (current.attempt === 0 ? { kind: 'started', attempt: 1, why } : undefined), found);
  if (isBeingWorkedOn(started) && started.attempt === 1) await startPlaybook(clientOf, playbook, started.id, 1);
};

const join = async (other: Case, report: Report, { credential, proof }: Match, deps: DispatchDeps): Promise<void> => {
  const { ledger, clientOf, playbook } = deps;
  const known = other.reports.some((earlier) => sameReport(earlier, report));
  let joined = await ledger.tell(other.id, (current) => (current.reports.some((earlier) => sameReport(earlier, report)) ? undefined : { kind: 'joined', report, proof }), other);
  await ledger.point('delivery', report.delivery, joined);
  await ledger.point('credential', credential.id, joined);
  if (known) return;
  // a red case that hears of it again looks again
  if (joined.status === 'not-contained') {
    const attempt = joined.attempt + 1;
    joined = await ledger.tell(other.id, (current) => (current.attempt < attempt && current.status === 'not-contained' ? { kind: 'started', attempt, why: 'reported again' } : undefined), joined);
    if (joined.attempt === attempt) await startPlaybook(clientOf, playbook, joined.id, attempt);
  }
  // a stronger proof may answer what a person is being asked
  if (joined.status === 'waiting' && proof !== 'name') for (const waker of await takeWakers(ledger, `case:${joined.id}`)) await wake(clientOf, waker.token, waker);
};

/** One case for everything in a delivery that matched nothing; what it names stays on watch. */
const openUnmatched = async (reports: readonly Report[], delivery: string, deps: DispatchDeps): Promise<void> => {
  const { ledger, registry } = deps;
  const id = unmatchedCaseIdOf(digest, delivery);
  const [first, ...rest] = reports;
  if (!first) return;
  const note = `${reports.length} ${reports.length === 1 ? 'finding matches' : 'findings match'} nothing we know; on watch`;
  let found = await ledger.tell(id, ({ lines }) => (lines.length > 0 ? undefined : { kind: 'opened', report: first }));
  for (const report of rest.slice(0, mostListed)) {
    found = await ledger.tell(id, (current) => (current.reports.some((earlier) => sameReport(earlier, report)) ? undefined : { kind: 'joined', report }), found);
  }
  await watchAll(reports, registry, id);
  found = await ledger.tell(id, (current) => (current.lines.some(({ kind }) => kind === 'unmatched') ? undefined : { kind: 'unmatched', note }), found);
  await ledger.point('delivery', delivery, found);
};

const watchAll = async (reports: readonly Report[], registry: Registry, caseId: string): Promise<void> =>
  registry.putAll(
    reports.flatMap((report) => report.fingerprints.map((fingerprint) => ({ pk: `fingerprint#${fingerprint}`, sk: `watch#${report.held ?? caseId}`, case: caseId, report }))),
  );

/** A finding whose value its sender keeps: the case opens first, so that a sender that is down cannot lose it. */
const admitLookup = async (report: Report, lookup: Lookup, deps: DispatchDeps, signal: AbortSignal): Promise<void> => {
  const { ledger, reporters, log, count } = deps;
  const id = caseIdOf(digest, report);
  let found = await ledger.tell(id, ({ lines }) => (lines.length > 0 ? undefined : { kind: 'opened', report }));
  await ledger.point('delivery', report.delivery, found);
  if (isEnded(found)) return;
  if (found.credential) return begin(found, 'reported', deps);
  const reporter = reporters.get(lookup.connector);
  if (!reporter) throw new Error(`no connector named ${lookup.connector} can fetch the value`);
  let fetched: Awaited<ReturnType<Reporter['fetchValue']>>;
  try {
    fetched = await reporter.fetchValue(lookup, { signal });
  } catch (error) {
    count('LookupFailed');
    log.warn('value could not be fetched', { case: id, connector: lookup.connector, error: errorName(error) });
    await ledger.tell(id, () => ({ kind: 'lookup-failed', note: `${lookup.connector} did not give the value (${errorName(error)}); it is asked again` }), found);
    throw error;
  }
  if ('gone' in fetched) {
    await ledger.tell(id, () => ({ kind: 'unmatched', note: `${lookup.connector} no longer has the value: ${fetched.gone}` }), found);
    return;
  }
  const sealed = await sealFinding({ ...report, trigger: 'SecretLeaked' }, [fetched.value], deps);
  const whole: Report = { ...report, names: [...report.names, ...namesIn(fetched.value)], fingerprints: sealed.fingerprints, held: sealed.held };
  const [match, ...more] = await matchesOf(whole, deps);
  for (const [index, other] of more.entries()) await admitMatch(whole, other, index + 1, deps);
  if (!match) {
    await watchAll([whole], deps.registry, id);
    await ledger.tell(id, () => ({ kind: 'unmatched', note: 'it matches nothing we know; on watch' }), found);
    return;
  }
  const owner = await claim(ledger, match.credential.id, id);
  if (owner !== id) {
    await admitMatch({ ...whole, opening: `${whole.opening}:${id}` }, match, 0, deps);
    await ledger.tell(id, (current) => (current.closed ? undefined : { kind: 'closed', by: 'rescind', reason: `joined ${owner}, which is open for the same credential` }), found);
    return;
  }
  const earlier = (await ledger.pointed('credential', match.credential.id)).find((other) => other !== id);
  found = await ledger.tell(id, ({ credential }) => (credential ? undefined : { kind: 'matched', credential: match.credential.id, proof: match.proof, owner: match.credential.owner, fingerprint: match.fingerprint, copies: match.credential.copies.length, report: whole, again: earlier }), found);
  await ledger.point('credential', match.credential.id, found);
  await begin(found, 'reported', deps);
};

/** The key ids in a fetched value: GitHub's alert for an access key id carries only the id. */
const namesIn = (value: string): Report['names'] => (/^(?:AKIA|ASIA)[A-Z0-9]{16}$/.test(value.trim()) ? [{ issuer: 'aws-iam-key', id: value.trim() }] : []);

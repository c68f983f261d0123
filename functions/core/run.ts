import type { ActVerb, Case, Line } from './case.ts';
import { openQuestion } from './case.ts';
import type { Acted, Child, ConnectorFacts } from './connector.ts';
import type { Plan, PlannedStep } from './plan.ts';
import type { Next } from './step.ts';
import { claimOf, verdictOf, type TimedProbe, type Verdict } from './verdict.ts';

/** What a case's playbook does next, and when. */
export type Move =
  | { next: 'plan' | 'ask' | 'contain' | 'rotate' | 'revoke' | 'record' }
  /** `at` in milliseconds since 1970. */
  | { next: 'probe'; at: number }
  | { next: 'await'; seconds: number };

type ActedLine = Extract<Line, { kind: 'acted' }>;
type PlannedLine = Extract<Line, { kind: 'planned' }>;

/** How often a rotation is repeated while the old value is alive. */
const mostRotations = 2;

/** An act that is under way for this long is given up: nothing that a provider does by itself takes longer. */
const pendingPatienceMilliseconds = 3_600_000;

const timeOf = ({ at }: { at: string }): number => new Date(at).getTime();

/** What was told since the attempt that counts began. */
export const linesOf = (found: Case): readonly Line[] => (found.since === 0 ? found.lines : found.lines.filter(({ n }) => n > found.since));

/** The acts that were finished, in order; a pending one is not. */
const finished = (lines: readonly Line[], verb: ActVerb): ActedLine[] =>
  lines.filter((line): line is ActedLine => line.kind === 'acted' && line.verb === verb && line.acted.result !== 'pending' && line.acted.result !== 'ask');

/** How often a verb was completed in this case: the next one is round number so many. */
export const roundOf = (found: Case, verb: ActVerb): number => finished(found.lines, verb).length;

const probesAfter = (lines: readonly Line[], after: number): TimedProbe[] =>
  lines.flatMap((line) => (line.kind === 'probed' && line.n > after ? [{ at: timeOf(line), probed: line.probed }] : []));

/** The probes that were made before anything was touched. */
const probesBeforeActs = (found: Case): Extract<Line, { kind: 'probed' }>[] => {
  const lines = linesOf(found);
  const firstAct = lines.find(({ kind }) => kind === 'acted')?.n ?? Infinity;
  return lines.filter((line): line is Extract<Line, { kind: 'probed' }> => line.kind === 'probed' && line.n < firstAct && line.n > found.proven);
};

/** What probes said before anything was touched in this case. */
export const claimSoFar = (found: Case, settle: ConnectorFacts['settleSeconds'], now: Date): Verdict | undefined => {
  const probes = probesBeforeActs(found).map((line) => ({ at: timeOf(line), probed: line.probed }));
  return probes.length === 0 ? undefined : claimOf(probes, settle, now.getTime());
};

/** The last act that is meant to kill, after which death is looked for. */
const killer = (found: Case, plan: Plan): ActedLine | undefined => finished(linesOf(found), killingVerbOf(plan)).at(-1);

/** The verb of a plan that is meant to kill. */
export const killingVerbOf = ({ steps }: Plan): ActVerb =>
  steps.some(({ verb }) => verb === 'contain') ? 'contain' : steps.some((step) => step.verb === 'revoke' && step.onlyIf === undefined) ? 'revoke' : 'rotate';

/** What the probes since the last killing act say; where nothing could be done, since the plan. */
export const deathOf = (found: Case, plan: Plan): Verdict | undefined => {
  const act = killer(found, plan) ?? linesOf(found).findLast(({ kind }) => kind === 'planned');
  if (!act) return undefined;
  return verdictOf(probesAfter(found.lines, act.n), timeOf(act), plan.facts.settleSeconds, again(found, plan) && plan.facts.old === 'dies-at-next-rotation');
};

const again = (found: Case, plan: Plan): boolean =>
  plan.steps.some((step) => step.verb === 'rotate' && step.mayRepeat) && finished(linesOf(found), 'rotate').length < mostRotations;

/** The acts of a verb since the attempt that counts began, in order. */
const actsOf = (found: Case, verb: ActVerb): ActedLine[] => linesOf(found).filter((line): line is ActedLine => line.kind === 'acted' && line.verb === verb);

/** What the last act of a verb came to, since the attempt that counts began. */
export const lastOf = (found: Case, verb: ActVerb): Acted | undefined => actsOf(found, verb).at(-1)?.acted;

/** Seconds until an act that is under way is due to be looked at; undefined where it is not under way, or was for so long that it is given up. */
const pendingFor = (found: Case, verb: ActVerb, now: Date): number | undefined => {
  const acts = actsOf(found, verb);
  const last = acts.at(-1);
  if (last?.acted.result !== 'pending') return undefined;
  const first = acts[acts.findLastIndex(({ acted }) => acted.result !== 'pending') + 1] ?? last;
  if (now.getTime() - timeOf(first) > pendingPatienceMilliseconds) return undefined;
  return Math.max(0, Math.ceil((timeOf(last) + last.acted.seconds * 1000 - now.getTime()) / 1000));
};

/** Decides what comes next from what the ledger tells. Pure; every function of a playbook asks it before and after its own work. */
export const moveOf = (found: Case, now: Date): Move => {
  if (found.closed || found.endedAt !== undefined) return { next: 'record' };
  const { plan } = found;
  if (!plan || replan(found)) return { next: 'plan' };
  if (plan.decision === 'ask') return { next: answered(found, plan) ? 'plan' : isPatienceOver(found, now) ? 'record' : 'ask' };
  if (plan.decision !== 'act') return { next: 'record' };
  for (const step of plan.steps) {
    const move = moveFor(step, found, plan, now);
    if (move === 'stop') return { next: 'record' };
    if (move) return move;
  }
  return isBehind(found, plan) ? { next: 'probe', at: now.getTime() } : { next: 'record' };
};

/** Whether something was done since death was last seen: a thief may have used the time to open the door again, so it is tried once more. */
const isBehind = (found: Case, plan: Plan): boolean => {
  if (deathOf(found, plan)?.verdict !== 'dead') return false;
  const last = found.lines.findLast((line) => line.kind === 'probed' || (line.kind === 'acted' && line.acted.result === 'done'));
  return last?.kind === 'acted';
};

/** A new attempt or a report asks for a new look before anything else, unless acts were begun: those go on where they stood. */
const replan = (found: Case): boolean => {
  const lines = linesOf(found);
  const planned = lines.findLast((line): line is PlannedLine => line.kind === 'planned');
  if (!planned) return true;
  if (lines.some(({ kind }) => kind === 'acted' || kind === 'intent')) return false;
  return lines.some((line) => line.n > planned.n && (line.kind === 'started' || (line.kind === 'joined' && (planned.plan.decision !== 'ask' || isNews(line, planned, found)))));
};

/** Whether a report may change what a person is asked: it proves something, or brings the first value that can be tried. Names alone would keep the case asking for ever. */
const isNews = ({ proof, report }: Extract<Line, { kind: 'joined' }>, planned: PlannedLine, found: Case): boolean =>
  (proof !== undefined && proof !== 'name') ||
  (report.held !== undefined && !found.lines.some((line) => line.n < planned.n && 'report' in line && line.report?.held !== undefined));

/** Whether a person decided about the plan in force, whatever else was asked before. */
const answered = (found: Case, plan: Plan): boolean => {
  const last = found.tasks.findLast(({ about, answer }) => about === plan.about && answer !== undefined)?.answer;
  return last === 'approve' || last === 'reject';
};

/** How long a question waits for its answer: as long as the playbook's state that asks it, which begins anew with each wake. */
export const answerPatienceMilliseconds = 7 * 86_400_000;

/** Whether the question about the plan in force has waited for too long, since it was put or since the case was opened again. */
const isPatienceOver = (found: Case, now: Date): boolean => {
  const question = openQuestion(found);
  const asked = found.lines.find((line) => line.kind === 'asked' && line.task.id === question?.id);
  const from = [asked, found.lines.find(({ n }) => n === found.since)].map((line) => (line ? timeOf(line) : 0));
  return asked !== undefined && now.getTime() - Math.max(...from) >= answerPatienceMilliseconds;
};

/** Whether a report or an answer that asks for a new look came after the last look, and after the last failure. */
export const isUnheard = (found: Case, now: Date): boolean => {
  if (moveOf(found, now).next !== 'plan') return false;
  const looked = found.lines.findLast(({ kind }) => kind === 'planned' || kind === 'failed')?.n ?? 0;
  return found.lines.some(({ kind, n }) => (kind === 'joined' || kind === 'answered') && n > looked);
};

const moveFor = (step: PlannedStep, found: Case, plan: Plan, now: Date): Move | 'stop' | undefined => {
  switch (step.verb) {
    case 'contain':
      return actMove('contain', found, now);
    case 'rotate':
      return actMove('rotate', found, now);
    case 'revoke':
      return step.onlyIf === undefined || deathOf(found, plan)?.verdict === 'dead' ? actMove('revoke', found, now) : undefined;
    case 'probe':
      return { claim: claimMove, pair: pairMove, death: deathMove }[step.purpose](found, plan, now);
  }
};

const actMove = (verb: ActVerb, found: Case, now: Date): Move | 'stop' | undefined => {
  const last = lastOf(found, verb);
  if (!last) return { next: verb };
  switch (last.result) {
    case 'done':
    case 'already':
      return undefined;
    case 'pending':
      if (pendingFor(found, verb, now) === undefined) return 'stop';
      return verb === 'rotate' ? { next: 'await', seconds: last.seconds } : { next: verb };
    case 'ask':
    case 'refused':
      return 'stop';
  }
};

const claimMove = (found: Case, plan: Plan, now: Date): Move => {
  const claim = claimSoFar(found, plan.facts.settleSeconds, now);
  if (!claim) return { next: 'probe', at: now.getTime() };
  return claim.verdict === 'not-yet' ? { next: 'probe', at: claim.probeAt } : { next: 'plan' };
};

/** One look before the first act. A value that is somebody else's is a reason to plan again, once. */
const pairMove = (found: Case, _plan: Plan, now: Date): Move | undefined => {
  const last = probesBeforeActs(found).at(-1);
  if (!last) return { next: 'probe', at: now.getTime() };
  const planned = linesOf(found).findLast(({ kind }) => kind === 'planned');
  return last.probed.mismatch && planned && planned.n < last.n ? { next: 'plan' } : undefined;
};

const deathMove = (found: Case, plan: Plan): Move | 'stop' | undefined => {
  const death = deathOf(found, plan);
  if (!death) return undefined;
  if (death.verdict === 'not-yet') return { next: 'probe', at: death.probeAt };
  if (death.verdict === 'dead') return undefined;
  return death.verdict === 'alive' && again(found, plan) ? { next: 'rotate' } : 'stop';
};

/** Probes that are due within this time are waited for inside the function: cheaper than a Wait state. */
export const patienceSeconds = 12;

/** A move as the playbook's Choice reads it. */
export const nextOf = (found: Case, attempt: number, now: Date): Next => {
  const move = moveOf(found, now);
  const base = { case: found.id, attempt };
  if (move.next === 'await') return { ...base, next: 'await', seconds: move.seconds };
  if (move.next === 'contain' || move.next === 'revoke') {
    const due = pendingFor(found, move.next, now) ?? 0;
    return { ...base, next: due > 0 ? 'settle' : move.next, seconds: due };
  }
  if (move.next !== 'probe') return { ...base, next: move.next, seconds: 0 };
  const seconds = Math.ceil((move.at - now.getTime()) / 1000);
  return seconds > patienceSeconds ? { ...base, next: 'settle', seconds } : { ...base, next: 'probe', seconds: 0 };
};

/** Children that acts and probes told of, each once, the last word about it. What we made ourselves is accounted for, whatever CloudTrail says yet. */
export const childrenOf = (found: Case): Child[] => {
  const children = new Map<string, Child>();
  const made = new Set<unknown>();
  for (const line of found.lines) {
    if (line.kind === 'acted' && 'evidence' in line.acted && line.acted.evidence) made.add(line.acted.evidence.created);
    const told = line.kind === 'probed' ? line.probed.children : line.kind === 'acted' && 'children' in line.acted ? line.acted.children : undefined;
    for (const child of told ?? []) children.set(child.id, child);
  }
  return [...children.values()].map((child) => (made.has(child.id.slice(child.id.indexOf(':') + 1)) && !child.accounted ? { ...child, accounted: true, how: 'made by us' } : child));
};

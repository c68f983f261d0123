import { release } from './aws/claims.ts';
import { recordDeps } from './aws/composition-record.ts';
import { conclude } from './aws/conclude.ts';
import { lambda } from './aws/lambda.ts';
import { superseded, type RecordDeps } from './aws/steps.ts';
import { isUnheard, nextOf } from './core/run.ts';
import type { Case } from './core/case.ts';
import type { Next, Step } from './core/step.ts';

/** Words of a function that sees more to do. Anything else, and a failure above all, is for the record. */
const notYet: readonly (Next['next'] | undefined)[] = ['plan', 'contain', 'rotate', 'revoke', 'probe', 'settle', 'await'];

/** The state of the playbook: what the function before it said, or the error that it ended with. */
type Ending = Step & Partial<Next> & { error?: string };

/**
 * Writes what became of the credential, what remains and with whom, and how the case ends. Never green by default. Where the
 * function before it says that there is more to do, it passes that on; so it does where a report or an answer came meanwhile.
 */
export const handle = async (step: Ending, deps: RecordDeps, _signal: AbortSignal): Promise<Next> => {
  if (step.next !== undefined && notYet.includes(step.next)) return { case: step.case, attempt: step.attempt, next: step.next, seconds: step.seconds ?? 0 };
  const { ledger } = deps;
  let found = await ledger.load(step.case);
  for (; found?.attempt === step.attempt && found.endedAt === undefined && !found.closed; found = await conclude(found, deps)) {
    const more = await moreFor(found, step, deps);
    if (more) return more;
  }
  if (found?.attempt !== step.attempt) return { ...superseded(step), next: 'recorded' };
  // a red case stays until a person closes it; the others close themselves
  if (found.status !== 'not-contained') {
    found = await ledger.tell(step.case, (current) => (current.lines.some(({ kind }) => kind === 'closed') ? undefined : { kind: 'closed', by: 'rescind', reason: current.status }), found);
    if (found.credential) await release(ledger, found.credential, found.id);
  }
  const next = found.status === 'contained' ? 'contained' : found.status === 'not-contained' ? 'not-contained' : 'recorded';
  return { case: step.case, attempt: step.attempt, next, seconds: 0 };
};

/** What is to be done before the case can end: something came since the function before us looked. After a failure only a report or an answer counts. */
const moreFor = async (found: Case, step: Ending, { ledger, now }: RecordDeps): Promise<Next | undefined> => {
  if (step.next !== undefined) {
    const next = nextOf(found, step.attempt, now());
    // a question that comes here was not answered in time
    return next.next === 'record' || (next.next === 'ask' && step.next === 'ask') ? undefined : next;
  }
  if (!isUnheard(found, now())) return undefined;
  const told = await ledger.tell(step.case, () => ({ kind: 'failed', attempt: step.attempt, step: 'playbook', error: step.error ?? 'unknown' }), found);
  return nextOf(told, step.attempt, now());
};

export const handler = lambda(handle, recordDeps);

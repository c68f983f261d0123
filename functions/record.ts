import { isDeepStrictEqual } from 'node:util';
import { release } from './aws/claims.ts';
import { recordDeps } from './aws/composition-record.ts';
import { forget } from './aws/held.ts';
import { lambda } from './aws/lambda.ts';
import { superseded, type RecordDeps } from './aws/steps.ts';
import { putRemaining, withdrawQuestions } from './aws/tasks.ts';
import type { Case } from './core/case.ts';
import { outcomeOf, remainingOf, statusOf } from './core/outcome.ts';
import type { Next, Step } from './core/step.ts';

/** Words of a function that sees more to do. Anything else, and a failure above all, is for the record. */
const notYet: readonly (Next['next'] | undefined)[] = ['plan', 'contain', 'rotate', 'revoke', 'probe', 'settle', 'await'];

/**
 * Writes what became of the credential, what remains and with whom, and how the case ends. Never green by default. Called with
 * the state of the playbook: where the function before it says that there is more to do, it passes that on.
 */
export const handle = async (step: Step & Partial<Next>, deps: RecordDeps, _signal: AbortSignal): Promise<Next> => {
  if (step.next !== undefined && notYet.includes(step.next)) return { case: step.case, attempt: step.attempt, next: step.next, seconds: step.seconds ?? 0 };
  const { ledger, log } = deps;
  let found = await ledger.load(step.case);
  if (!found || found.attempt !== step.attempt) return { ...superseded(step), next: 'recorded' };
  const concluded = found.lines.some((line) => line.kind === 'concluded' && line.attempt === step.attempt);
  if (!concluded && !found.closed) {
    const outcome = outcomeOf(found, deps.now());
    const { status, note } = statusOf(found, outcome);
    if (outcome && found.plan?.decision !== 'observe') found = await ledger.tell(step.case, (current) => (isDeepStrictEqual(current.outcome, outcome) ? undefined : { kind: 'outcome', attempt: step.attempt, outcome }), found);
    found = await putRemaining(found, remainingOf(found, outcome), deps);
    if (status !== 'not-contained') {
      found = await withdrawQuestions(found, deps);
      await forget(ledger, heldFor(found), found.credential);
    }
    found = await ledger.tell(step.case, (current) => (current.endedAt ? undefined : { kind: 'concluded', attempt: step.attempt, status, note }), found);
    log.info('concluded', { case: step.case, status, outcome: outcome?.outcome });
  }
  // a red case stays until a person closes it; the others close themselves
  if (found.status !== 'not-contained') {
    found = await ledger.tell(step.case, (current) => (current.lines.some(({ kind }) => kind === 'closed') ? undefined : { kind: 'closed', by: 'rescind', reason: current.status }), found);
    if (found.credential) await release(ledger, found.credential, found.id);
  }
  const next = found.status === 'contained' ? 'contained' : found.status === 'not-contained' ? 'not-contained' : 'recorded';
  return { case: step.case, attempt: step.attempt, next, seconds: 0 };
};

const heldFor = ({ reports }: Case): string[] => reports.flatMap(({ held }) => held ?? []);

export const handler = lambda(handle, recordDeps);

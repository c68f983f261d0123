import { askPerson } from './aws/ask.ts';
import { reportDeps } from './aws/composition-record.ts';
import { lambda } from './aws/lambda.ts';
import { superseded, type RecordDeps } from './aws/steps.ts';
import { tellTopic } from './aws/topic.ts';
import type { Next, Step } from './core/step.ts';

/** Tells people: what a case waits for (with a token: the answer wakes the playbook), or how it ended. */
export const handle = async (step: Step, deps: RecordDeps, _signal: AbortSignal): Promise<Next> => {
  const found = await deps.ledger.load(step.case);
  if (!found || found.attempt !== step.attempt) return { ...superseded(step), next: 'recorded' };
  if (step.token) return askPerson(found, { ...step, token: step.token }, deps);
  if (found.status === 'not-contained') {
    deps.count('CaseNotContained');
    await tellTopic(found, 'not contained', deps);
  }
  await deps.ledger.tell(step.case, (current) => (current.lines.some((line) => line.kind === 'reported' && line.attempt === step.attempt) ? undefined : { kind: 'reported', attempt: step.attempt, to: found.status === 'not-contained' ? 'topic' : 'ledger' }), found);
  const next = found.status === 'contained' ? 'contained' : found.status === 'not-contained' ? 'not-contained' : 'recorded';
  return { case: step.case, attempt: step.attempt, next, seconds: 0 };
};

export const handler = lambda(handle, reportDeps);

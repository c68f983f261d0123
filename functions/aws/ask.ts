import { openQuestion, type Case } from '../core/case.ts';
import { nextOf } from '../core/run.ts';
import type { Next, Step } from '../core/step.ts';
import { putTask, putWaker } from './claims.ts';
import { wake } from './executions.ts';
import type { RecordDeps } from './steps.ts';
import { taskFor, withdrawStale } from './tasks.ts';
import { tellTopic } from './topic.ts';

/** Puts the plan's question to its owner, once, in the place of any other, and remembers whom the answer wakes. A question that was answered wakes at once. */
export const askPerson = async (found: Case, step: Step & { token: string }, deps: RecordDeps): Promise<Next> => {
  const { ledger, configuration, count, now } = deps;
  const { plan } = found;
  const wanted = nextOf(found, step.attempt, now());
  if (!plan || wanted.next !== 'ask') {
    await wake(deps.clientOf, step.token, step);
    return wanted;
  }
  const standing = openQuestion(found);
  const task = standing ?? taskFor(found, 'approve', plan.question ?? 'shall Rescind act?', plan.about, configuration, now());
  await putWaker(ledger, `case:${found.id}`, step, step.token, now());
  await putTask(ledger, task);
  if (!standing) {
    // before the line that says so: a crash in between tells it twice, never not at all
    count('CaseWaiting');
    await tellTopic({ ...found, status: 'waiting', tasks: [...found.tasks.filter(({ kind }) => kind === 'act'), task] }, 'waiting for a person', deps);
  }
  const asked = await ledger.tell(found.id, (current) => (current.tasks.some(({ id }) => id === task.id) ? undefined : { kind: 'asked', attempt: step.attempt, task }), found);
  const told = await withdrawStale(asked, plan.about, deps);
  // a report or an answer that came in between found nobody to wake
  const next = nextOf(told, step.attempt, now());
  if (next.next !== 'ask') await wake(deps.clientOf, step.token, step);
  return next;
};

import { openApprovals, type Case, type Task } from '../core/case.ts';
import { contactOf, type Configuration } from '../core/configuration.ts';
import { taskIdOf } from '../core/ids.ts';
import { answerTask, putTask } from './claims.ts';
import { digest } from './digest.ts';
import type { RecordDeps } from './steps.ts';

/** Builds a task for the owner of a case's credential; the same thing asked twice is the same task. */
export const taskFor = (found: Case, kind: Task['kind'], question: string, about: string, configuration: Configuration, now: Date): Task => ({
  id: taskIdOf(digest, found.id, found.since === 0 ? about : `${about}#${found.since}`),
  case: found.id,
  kind,
  question,
  ...contactOf(configuration, found.plan?.credential.owner ?? found.owner),
  deadline: new Date(now.getTime() + configuration.taskHours * 3_600_000).toISOString(),
  about,
});

/** Gives each thing that remains to its owner as a task. */
export const putRemaining = async (found: Case, remaining: readonly string[], { ledger, configuration, now }: RecordDeps): Promise<Case> => {
  let told = found;
  for (const what of remaining) {
    const task = taskFor(found, 'act', what, what, configuration, now());
    await putTask(ledger, task);
    told = await ledger.tell(found.id, (current) => (current.tasks.some(({ id }) => id === task.id) ? undefined : { kind: 'asked', attempt: current.attempt, task }), told);
  }
  return told;
};

/** Takes back the questions of a case that ended without their answers: a stronger report may have made them idle. */
export const withdrawQuestions = async (found: Case, { ledger }: RecordDeps): Promise<Case> => {
  let told = found;
  for (const { id } of openApprovals(found)) {
    const reason = 'the case ended without this answer';
    await answerTask(ledger, id, 'withdrawn', 'rescind', reason);
    told = await ledger.tell(found.id, (current) => (current.tasks.some((task) => task.id === id && task.answer !== undefined) ? undefined : { kind: 'answered', task: id, answer: 'withdrawn', by: 'rescind', reason }), told);
  }
  return told;
};

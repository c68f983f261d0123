import { openApprovals, type Case, type Entry, type Task } from '../core/case.ts';
import { contactOf, type Configuration } from '../core/configuration.ts';
import { taskIdOf } from '../core/ids.ts';
import { answerTask, getTask, putTask } from './claims.ts';
import { digest } from './digest.ts';
import type { RecordDeps } from './steps.ts';

/** Builds a task for the owner of a case's credential; the same thing asked twice is the same task, unless it was taken back in between. */
export const taskFor = (found: Case, kind: Task['kind'], question: string, about: string, configuration: Configuration, now: Date): Task => ({
  id: taskIdOf(digest, found.id, `${found.since === 0 ? about : `${about}#${found.since}`}${'#again'.repeat(found.tasks.filter((task) => task.about === about && task.answer === withdrawn).length)}`),
  case: found.id,
  kind,
  question,
  ...contactOf(configuration, found.plan?.credential.owner ?? found.owner),
  deadline: new Date(now.getTime() + configuration.taskHours * 3_600_000).toISOString(),
  about,
});

/** The answer that we give ourselves to what need not be answered any more. */
export const withdrawn = 'withdrawn';

/** Gives each thing that remains to its owner as a task. */
export const putRemaining = async (found: Case, remaining: readonly string[], { ledger, configuration, now }: Pick<RecordDeps, 'ledger' | 'configuration' | 'now'>): Promise<Case> => {
  let told = found;
  for (const what of remaining) {
    if (told.tasks.some(({ about, kind, answer }) => about === what && kind === 'act' && answer === undefined)) continue;
    const task = taskFor(found, 'act', what, what, configuration, now());
    await putTask(ledger, task);
    told = await ledger.tell(found.id, (current) => (current.tasks.some(({ id }) => id === task.id) ? undefined : { kind: 'asked', attempt: current.attempt, task }), told);
  }
  return told;
};

/** Takes back the questions of a case that ended without their answers: a stronger report may have made them idle. */
export const withdrawQuestions = (found: Case, deps: RecordDeps): Promise<Case> =>
  withdraw(found, openApprovals(found), 'the case ended without this answer', deps);

/** Takes back the questions about earlier plans, since an answer to them would agree to nothing any more. */
export const withdrawStale = (found: Case, about: string, deps: Pick<RecordDeps, 'ledger'>): Promise<Case> =>
  withdraw(found, openApprovals(found).filter((task) => task.about !== about), 'the plan changed, and another question was put in its place', deps);

/** Takes back what an earlier attempt left for a person and what no longer remains, or remains otherwise. */
export const withdrawActs = (found: Case, remaining: readonly string[], deps: RecordDeps): Promise<Case> =>
  withdraw(found, found.tasks.filter(({ kind, about, answer }) => kind === 'act' && answer === undefined && !remaining.includes(about)), 'what remains was judged anew', deps);

/** Takes back everything that nobody has answered, because a person closes the case: there is nobody left to do it for. */
export const withdrawAll = (found: Case, deps: Pick<RecordDeps, 'ledger'>): Promise<Case> =>
  withdraw(found, found.tasks.filter(({ answer }) => answer === undefined), 'a person closed the case', deps);

const withdraw = async (found: Case, tasks: readonly Task[], reason: string, { ledger }: Pick<RecordDeps, 'ledger'>): Promise<Case> => {
  let told = found;
  for (const { id } of tasks) {
    const isFirst = await answerTask(ledger, id, withdrawn, 'rescind', reason);
    // who answered before us may not have written it yet: the ledger must not say otherwise than the table
    const standing = isFirst ? undefined : await getTask(ledger, id);
    const entry: Entry = { kind: 'answered', task: id, answer: standing?.answer ?? withdrawn, by: standing?.answeredBy ?? 'rescind', reason: standing?.reason ?? reason };
    told = await ledger.tell(found.id, (current) => (current.tasks.some((task) => task.id === id && task.answer !== undefined) ? undefined : entry), told);
  }
  return told;
};

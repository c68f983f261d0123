import type { Case } from '../core/case.ts';
import { isBeingWorkedOn } from '../core/case.ts';
import { type DispatchDeps } from './admit.ts';
import { listTasks } from './claims.ts';
import { isRunning, startPlaybook, stopPlaybook } from './executions.ts';

const mostAttempts = 10;
/** A playbook is given this long between its last line and a look whether it runs. */
const quietMilliseconds = 2 * 60_000;
const pageSize = 100;

/** Looks after open cases: one whose playbook is not running gets its next attempt; overdue tasks are counted. */
export const sweep = async (deps: DispatchDeps, quiet = quietMilliseconds): Promise<void> => {
  const { ledger, clientOf, playbook, now } = deps;
  for (const status of ['open', 'waiting']) {
    let cursor: string | undefined;
    do {
      const page = await ledger.list(status, pageSize, cursor);
      for (const head of page.items) {
        if (now().getTime() - new Date(head.lastAt).getTime() < quiet) continue;
        const found = await ledger.load(head.id);
        if (!found) continue;
        await ledger.project(found);
        // a case without a credential waits for its message, which is in the queue or the dead-letter queue
        if (!isBeingWorkedOn(found) || !found.credential) continue;
        if (found.attempt > 0 && (await isRunning(clientOf, playbook, found.id, found.attempt))) continue;
        await revive(found, found.attempt === 0 ? 'its playbook was never started' : 'its playbook is not running', deps);
      }
      cursor = page.cursor;
    } while (cursor);
  }
  await countOverdue(deps);
};

/** Starts the next attempt; after too many the case is red and stays so until somebody closes it. */
export const revive = async (found: Case, why: string, deps: DispatchDeps): Promise<void> => {
  const { ledger, clientOf, playbook, log, count } = deps;
  const attempt = found.attempt + 1;
  count('CaseRevived');
  log.warn('case revived', { case: found.id, attempt, why });
  if (attempt > mostAttempts) {
    count('CaseNotContained');
    await ledger.tell(found.id, (current) => (isBeingWorkedOn(current) ? { kind: 'concluded', attempt: current.attempt, status: 'not-contained', note: `${mostAttempts} attempts ended without a word: ${why}` } : undefined));
    return;
  }
  if (found.attempt > 0) await stopPlaybook(clientOf, playbook, found.id, found.attempt);
  const started = await ledger.tell(found.id, (current) => (current.attempt < attempt && isBeingWorkedOn(current) ? { kind: 'started', attempt, why } : undefined));
  if (started.attempt === attempt && isBeingWorkedOn(started)) await startPlaybook(clientOf, playbook, started.id, attempt);
};

const countOverdue = async ({ ledger, now, log, count }: DispatchDeps): Promise<void> => {
  let cursor: string | undefined;
  do {
    const page = await listTasks(ledger, 'open', pageSize, cursor);
    for (const task of page.items) {
      if (new Date(task.deadline) > now()) return;
      count('TaskOverdue');
      log.warn('task overdue', { task: task.id, case: task.case, owner: task.owner, deadline: task.deadline });
    }
    cursor = page.cursor;
  } while (cursor);
};

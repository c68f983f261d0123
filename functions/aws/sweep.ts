import type { Case, Line } from '../core/case.ts';
import { isBeingWorkedOn } from '../core/case.ts';
import { type DispatchDeps } from './admit.ts';
import { listTasks } from './claims.ts';
import { isRunning, startPlaybook, stopPlaybook, wakeAll } from './executions.ts';

const mostAttempts = 10;
/** A case is left alone for this long after its last line: longer than any function runs, so that nobody is at work on it any more. */
const quietMilliseconds = 150_000;
const pageSize = 100;

/**
 * Looks after open cases: one whose playbook is not running gets its next attempt, one that was answered is woken, one that
 * ended red without a word is reported; overdue tasks are counted. `quiet` is in milliseconds; -Infinity after a restart.
 */
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
        if (found.attempt > 0 && (await isRunning(clientOf, playbook, found.id, found.attempt))) {
          // whoever answered may have died before the playbook was woken
          if (found.status === 'open') await wakeAll(clientOf, ledger, `case:${found.id}`);
          continue;
        }
        await revive(found, found.attempt === 0 ? 'its playbook was never started' : 'its playbook is not running', deps, quiet === -Infinity);
      }
      cursor = page.cursor;
    } while (cursor);
  }
  await reportRed(deps, quiet);
  await countOverdue(deps);
};

/** A red case of which nobody was told: its playbook goes to the report again, once an hour and under a name of its own. */
const reportRed = async ({ ledger, clientOf, playbook, now }: DispatchDeps, quiet: number): Promise<void> => {
  const hour = Math.floor(now().getTime() / 3_600_000);
  let cursor: string | undefined;
  do {
    const page = await ledger.list('not-contained', pageSize, cursor);
    for (const { id, attempt, closed, reported, lastAt } of page.items) {
      if (!closed && !reported && now().getTime() - new Date(lastAt).getTime() >= quiet) await startPlaybook(clientOf, playbook, id, attempt, `report-${hour}`);
    }
    cursor = page.cursor;
  } while (cursor);
};

/** How many attempts began since the case last came any further. */
const fruitless = ({ lines }: Case): number => {
  const progress: Line['kind'][] = ['acted', 'probed', 'asked', 'answered', 'noted', 'concluded'];
  const last = lines.findLast(({ kind }) => progress.includes(kind))?.n ?? 0;
  return lines.filter(({ kind, n }) => kind === 'started' && n > last).length;
};

/** Starts the next attempt; after too many that led nowhere the case is red and stays so until somebody closes it. A restart of ours is not the case's fault. */
export const revive = async (found: Case, why: string, deps: DispatchDeps, isRestart = false): Promise<void> => {
  const { ledger, clientOf, playbook, log, count } = deps;
  const attempt = found.attempt + 1;
  count('CaseRevived');
  log.warn('case revived', { case: found.id, attempt, why });
  if (!isRestart && fruitless(found) >= mostAttempts) {
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

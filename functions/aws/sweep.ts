import type { Case, Line } from '../core/case.ts';
import { isBeingWorkedOn } from '../core/case.ts';
import { outcomeOf, remainingOf } from '../core/outcome.ts';
import { moveOf } from '../core/run.ts';
import { type DispatchDeps } from './admit.ts';
import { listTasks } from './claims.ts';
import { isRunning, startPlaybook, stopPlaybook, wakeAll } from './executions.ts';
import type { CaseHead } from './ledger.ts';
import { claimOnce } from './open-case.ts';
import { putRemaining } from './tasks.ts';
import { sendDueLooks } from './looks.ts';

const mostAttempts = 10;
/** A case is left alone for this long after its last line: longer than any function runs, so that nobody is at work on it any more. */
const quietMilliseconds = 150_000;
const pageSize = 100;

/**
 * Looks after open cases: one whose playbook is not running gets its next attempt, one that was answered is woken, one that
 * ended red without a word is reported; looks that are due are sent; overdue tasks are counted. `quiet` is in milliseconds; -Infinity after a restart.
 */
export const sweep = async (deps: DispatchDeps, quiet = quietMilliseconds): Promise<void> => {
  const failures: unknown[] = [];
  // what takes long, or throws for one case at every sweep, must not keep the rest from its turn
  const attempted = (work: Promise<void>): Promise<void> => work.catch((error: unknown) => void failures.push(error));
  await attempted(sendDueLooks(deps));
  await attempted(reportRed(deps, quiet));
  for (const status of ['open', 'waiting']) {
    let cursor: string | undefined;
    do {
      const page = await deps.ledger.list(status, pageSize, cursor);
      for (const head of page.items) if (isQuiet(head.lastAt, quiet, deps.now())) await attempted(lookAfter(head, quiet, deps));
      cursor = page.cursor;
    } while (cursor);
  }
  // once more: a head that was behind has shown its case red only now
  await attempted(reportRed(deps, quiet));
  await attempted(countOverdue(deps));
  if (failures.length > 0) throw failures[0];
};

/** Does what one open case needs. */
const lookAfter = async (head: CaseHead, quiet: number, deps: DispatchDeps): Promise<void> => {
  const { ledger, clientOf, playbookFor, now } = deps;
  const found = await ledger.load(head.id);
  if (!found) return;
  await ledger.project(found);
  // the head does not move with every line
  if (!isQuiet(found.lines.at(-1)?.at ?? head.lastAt, quiet, now())) return;
  // a case without a credential waits for its message, which is in the queue or the dead-letter queue
  if (!isBeingWorkedOn(found) || !found.credential) return;
  if (found.attempt > 0 && (await isRunning(clientOf, playbookFor(found.reports[0]?.source), found.id, found.attempt))) {
    // whoever answered may have died before the playbook was woken
    if (moveOf(found, now()).next !== 'ask') await wakeAll(clientOf, ledger, `case:${found.id}`);
    return;
  }
  // its dispatcher may have died before it saw that another case has the credential
  if (found.attempt === 0 && (await claimOnce(found.credential, found.id, deps)) !== 'ours') return;
  await revive(found, found.attempt === 0 ? 'its playbook was never started' : 'its playbook is not running', deps, quiet === -Infinity);
};

const isQuiet = (lastAt: string, quiet: number, now: Date): boolean => now.getTime() - new Date(lastAt).getTime() >= quiet;

/** A red case of which nobody was told: its playbook goes to the report again, once an hour and under a name of its own. */
const reportRed = async ({ ledger, clientOf, playbookFor, now }: DispatchDeps, quiet: number): Promise<void> => {
  const hour = Math.floor(now().getTime() / 3_600_000);
  let cursor: string | undefined;
  do {
    const page = await ledger.list('not-contained', pageSize, cursor);
    for (const { id, source, attempt, closed, reported, lastAt } of page.items) {
      if (!closed && !reported && now().getTime() - new Date(lastAt).getTime() >= quiet) await startPlaybook(clientOf, playbookFor(source), id, attempt, `report-${hour}`);
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
  const { ledger, clientOf, playbookFor, now, log, count } = deps;
  const playbook = playbookFor(found.reports[0]?.source);
  const attempt = found.attempt + 1;
  count('CaseRevived');
  log.warn('case revived', { case: found.id, attempt, why });
  if (!isRestart && fruitless(found) >= mostAttempts) {
    const note = `${mostAttempts} attempts ended without a word: ${why}`;
    // what was written meanwhile is looked at first
    const ended = await ledger.tell(found.id, (current) => (isBeingWorkedOn(current) && current.lines.length === found.lines.length ? { kind: 'concluded', attempt: current.attempt, status: 'not-contained', note } : undefined));
    if (ended.endedAt !== undefined) await putRemaining(ended, [`${ended.credential ?? 'it'}: ${note}. See why they failed and let it be reported again`, ...remainingOf(ended, outcomeOf(ended, now()))], deps);
    return;
  }
  if (found.attempt > 0) await stopPlaybook(clientOf, playbook, found.id, found.attempt);
  // a function that still acts has outlived its playbook: it is let finish
  const isActing = (current: Case): boolean => current.lines.slice(found.lines.length).some(({ kind }) => kind === 'intent' || kind === 'noted');
  const started = await ledger.tell(found.id, (current) => (current.attempt < attempt && isBeingWorkedOn(current) && !isActing(current) ? { kind: 'started', attempt, why } : undefined));
  if (started.attempt === attempt && isBeingWorkedOn(started)) await startPlaybook(clientOf, playbook, started.id, attempt);
};

const countOverdue = async ({ ledger, now, log, count }: DispatchDeps): Promise<void> => {
  let cursor: string | undefined;
  do {
    const page = await listTasks(ledger, 'open', pageSize, cursor);
    for (const task of page.items) {
      if (new Date(task.deadline) > now()) return;
      // one that was put while a person closed its case
      const { closed } = (await ledger.load(task.case)) ?? {};
      if (closed && closed.by !== 'rescind') continue;
      count('TaskOverdue');
      log.warn('task overdue', { task: task.id, case: task.case, owner: task.owner, deadline: task.deadline });
    }
    cursor = page.cursor;
  } while (cursor);
};

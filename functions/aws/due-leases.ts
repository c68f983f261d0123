import { isOver, type Ending, type Lease } from '../core/lease.ts';
import { endLease } from './end-lease.ts';
import { sendEnds, type EndMessage } from './ends.ts';
import type { ReleaseDeps } from './lease-deps.ts';
import { armTimer } from './timers.ts';

/** How long a timer may be late before the sweep takes its place. */
const lateMilliseconds = 120_000;
const mostAtOnce = 5_000;
/** Later than any time that is stored. Times are compared as texts: one with a longer year would begin with a sign and come before all of them. */
const endOfTime = new Date('9999-12-31T23:59:59.999Z');

const expired = (now: Date): Ending => ({ kind: 'expired', at: now.toISOString() });

/** A lease's timer went off, or should have: one that was renewed since lives on. */
export const expire = async (id: string, deps: ReleaseDeps, signal: AbortSignal): Promise<void> => {
  const found = await deps.leases.load(id);
  if (!found) return deps.log.warn('timer of an unknown lease', { lease: id });
  if (found.status === 'active' && found.timerAt !== undefined && deps.now().getTime() < new Date(found.timerAt).getTime()) {
    // it was renewed; whoever did so may have died before lists showed it and its new timer was set
    await deps.leases.project(found);
    if (found.terms.jobRole) return;
    return armTimer(found, deps, { isNew: true, isEarly: true });
  }
  return endLease(found, expired(deps.now()), deps, signal);
};

/** Tries a lease again whose revocation is pending, unless somebody has just tried. */
export const tryAgain = async (id: string, deps: ReleaseDeps, signal: AbortSignal): Promise<void> => {
  const found = await deps.leases.load(id);
  if (!found || found.status === 'active') return;
  if (!isOver(found) && isJustTried(found, deps.now())) return;
  await endLease(found, found.ending ?? expired(deps.now()), deps, signal);
};

/** Whether the last try is so young that this message is one of several about it. */
const isJustTried = ({ lines }: Lease, now: Date): boolean => {
  const last = lines.findLast(({ kind }) => kind === 'tried');
  return last !== undefined && now.getTime() - new Date(last.at).getTime() < 1_000;
};

/**
 * Sends what is due again: pending revocations whose time has come, and leases whose timer was lost. Counts the age of the
 * oldest pending one. Once a day `everything` is looked at that is over and not released, due or not.
 */
export const sendDue = async (deps: ReleaseDeps, everything: boolean): Promise<void> => {
  const { leases, now, clientOf, endsQueue, count, log } = deps;
  const messages: EndMessage[] = [];
  let [oldest, pending] = [now().getTime(), 0];
  for await (const head of leases.due('pending-revocation', endOfTime)) {
    pending += 1;
    oldest = Math.min(oldest, new Date(head.pendingSince ?? head.dueAt ?? now()).getTime());
    const isDue = head.dueAt === undefined || new Date(head.dueAt).getTime() <= now().getTime();
    if ((isDue || everything) && messages.length < mostAtOnce) messages.push({ kind: 'again', lease: head.id });
  }
  if (pending > 0) count('LeasePendingSeconds', Math.round((now().getTime() - oldest) / 1000));
  let late = 0;
  for await (const { id } of leases.due('active', new Date(now().getTime() - (everything ? 0 : lateMilliseconds)))) {
    if (messages.length >= mostAtOnce) break;
    late += 1;
    messages.push({ kind: 'end', lease: id, why: expired(now()) });
  }
  if (late > 0) {
    count('LeaseTimerLost', late);
    log.warn('leases outlived their timers', { leases: late });
  }
  await sendEnds(clientOf, endsQueue, messages);
};

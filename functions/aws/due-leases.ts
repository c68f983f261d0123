import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isOver, type Ending } from '../core/lease.ts';
import { isTriedSince, untilOver } from '../core/lease-move.ts';
import { runKeyOfLease } from '../core/lease-terms.ts';
import { endLease, openCaseOf } from './end-lease.ts';
import { sendEnd, sendEnds, type EndMessage } from './ends.ts';
import { credentialOf, type ReleaseDeps } from './lease-deps.ts';
import { indexKeysOf } from './lease-index.ts';
import type { LeaseHead, Leases } from './leases.ts';
import { isConditionFailed } from './ledger.ts';
import { mapLimit } from './limit.ts';
import { silentSeconds, unlessSilent } from './silence.ts';
import { armTimer } from './timers.ts';

/** How long a timer may be late before the sweep takes its place. */
const lateMilliseconds = 120_000;
const mostAtOnce = 5_000;
/** What the sweep sent is due for it again after so long, in case that message did nothing. */
const sentMilliseconds = 180_000;
const markedAtOnce = 16;
const sentAtOnce = 100;
/** Later than any time that is stored. Times are compared as texts: one with a longer year would begin with a sign and come before all of them. */
const endOfTime = new Date('9999-12-31T23:59:59.999Z');

const expired = (now: Date): Ending => ({ kind: 'expired', at: now.toISOString() });

/** A lease's timer went off, or should have: one that was renewed since lives on. */
export const expire = async (id: string, deps: ReleaseDeps, signal: AbortSignal): Promise<void> => {
  const found = await deps.leases.load(id);
  if (!found) return deps.log.warn('timer of an unknown lease', { lease: id });
  if (found.status === 'active' && found.timerAt !== undefined) {
    const left = untilOver(found.timerAt, deps.now());
    if (left === undefined) {
      // it was renewed; whoever did so may have died before lists showed it and its new timer was set
      await deps.leases.project(found);
      if (found.terms.jobRole) return;
      return armTimer(found, deps, { isNew: true, isEarly: true });
    }
    // until our clock says so too: a renewal is told from an end by it
    if (left > 0) await deps.sleep(left, signal);
  }
  // one of several messages about an end that somebody has tried
  if (found.status === 'pending-revocation') return tryAgain({ lease: id }, deps, signal);
  return endLease(found, expired(deps.now()), deps, signal);
};

/**
 * Tries a lease again whose revocation is pending, unless somebody has tried since this was asked for. Where its issuer is
 * silent, that is put off, once by a message and then until the sweep comes by.
 */
export const tryAgain = async ({ lease: id, isPutOff = false }: Omit<Extract<EndMessage, { kind: 'again' }>, 'kind'>, deps: ReleaseDeps, signal: AbortSignal): Promise<void> => {
  const { leases, now, issuers, clientOf, endsQueue } = deps;
  const found = await leases.load(id);
  if (!found || found.status === 'active') return;
  const why = found.ending ?? expired(now());
  const end = (): Promise<void> => endLease(found, why, deps, signal);
  if (isOver(found)) return end();
  if (isTriedSince(found, now())) return;
  // one that was answered waits for something else than its issuer's word
  if (found.lines.findLast((line) => line.kind === 'tried')?.error === undefined) return end();
  if (await unlessSilent(issuers, credentialOf(found.terms.credential).issuer, now(), end)) return;
  await openCaseOf(found, why, deps);
  if (!isPutOff) await sendEnd(clientOf, endsQueue, { kind: 'again', lease: id, isPutOff: true }, silentSeconds);
};

/**
 * Puts off in the list when a lease is due: false where it was tried meanwhile, or another sweep sends it. Its own line says
 * when it is, and whoever tries it writes the list anew.
 */
const mark = async ({ documents, table }: Leases, head: LeaseHead, now: Date): Promise<boolean> => {
  const dueAt = new Date(now.getTime() + sentMilliseconds).toISOString();
  try {
    await documents.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: `run#${runKeyOfLease(head.id)}`, sk: `lease#${head.id}#head` },
        UpdateExpression: 'SET #head.#dueAt = :dueAt, dueKey = :dueKey',
        ConditionExpression: `#head.#n = :n AND ${head.dueAt === undefined ? 'attribute_not_exists(#head.#dueAt)' : '#head.#dueAt = :was'}`,
        ExpressionAttributeNames: { '#head': 'head', '#n': 'n', '#dueAt': 'dueAt' },
        ExpressionAttributeValues: { ':dueAt': dueAt, ':dueKey': indexKeysOf({ ...head, dueAt }).dueKey, ':n': head.n, ...(head.dueAt === undefined ? {} : { ':was': head.dueAt }) },
      }),
    );
    return true;
  } catch (error) {
    if (isConditionFailed(error)) return false;
    throw error;
  }
};

/**
 * Sends what is due again: pending revocations whose time has come, and leases whose timer was lost. Counts the age of the
 * oldest pending one. Once a day `everything` is looked at that is over and not released, due or not. What is sent is not due
 * again until it should have been handled: it may wait behind others.
 */
export const sendDue = async (deps: ReleaseDeps, everything: boolean): Promise<void> => {
  const { leases, now, clientOf, endsQueue, count, log } = deps;
  const due: LeaseHead[] = [];
  let [oldest, pending] = [now().getTime(), 0];
  for await (const head of leases.due('pending-revocation', endOfTime)) {
    pending += 1;
    oldest = Math.min(oldest, new Date(head.pendingSince ?? head.dueAt ?? now()).getTime());
    const isDue = head.dueAt === undefined || new Date(head.dueAt).getTime() <= now().getTime();
    if ((isDue || everything) && due.length < mostAtOnce) due.push(head);
  }
  if (pending > 0) count('LeasePendingSeconds', Math.round((now().getTime() - oldest) / 1000));
  const late: LeaseHead[] = [];
  for await (const head of leases.due('active', new Date(now().getTime() - (everything ? 0 : lateMilliseconds)))) {
    if (late.length >= mostAtOnce) break;
    late.push(head);
  }
  if (late.length > 0) {
    count('LeaseTimerLost', late.length);
    log.warn('leases outlived their timers', { leases: late.length });
  }
  const failures: unknown[] = [];
  const unlessFailed = async <T>(work: Promise<T>, otherwise: T): Promise<T> =>
    work.catch((error: unknown) => {
      failures.push(error);
      return otherwise;
    });
  // what was marked is sent at once: a table that refuses the next mark keeps back nothing but that
  const send = async (heads: readonly LeaseHead[], messageOf: (id: string) => EndMessage): Promise<void> => {
    for (let from = 0; from < heads.length; from += sentAtOnce) {
      const marked = await mapLimit(heads.slice(from, from + sentAtOnce), markedAtOnce, async (head) => ((await unlessFailed(mark(leases, head, now()), false)) ? [messageOf(head.id)] : []));
      await unlessFailed(sendEnds(clientOf, endsQueue, marked.flat()), undefined);
    }
  };
  // nobody has tried those yet
  await send(late, (lease) => ({ kind: 'end', lease, why: expired(now()) }));
  await send(due, (lease) => ({ kind: 'again', lease }));
  if (failures.length > 0) throw failures[0];
};

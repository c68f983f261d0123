import { awsSourceOf } from '../events/index.ts';
import type { Parsed } from '../events/trigger.ts';
import { isOver } from './core/lease.ts';
import { releaseDeps } from './aws/composition-leases.ts';
import { expire, sendDue, tryAgain } from './aws/due-leases.ts';
import { endLease } from './aws/end-lease.ts';
import { endRun } from './aws/end-run.ts';
import type { EndMessage } from './aws/ends.ts';
import { endRole, startRole } from './aws/job-roles.ts';
import { queueLambda, type Delivered, type Together } from './aws/lambda.ts';
import type { ReleaseDeps } from './aws/lease-deps.ts';
import { isStart, startsFirst } from './aws/starts-first.ts';
import { noteRunAgain } from './aws/run-again.ts';

/** Takes one message of the queue of ends: ends what was lent to a run that is over, or to nobody any more. No state machine. */
export const handle = (body: unknown, deps: ReleaseDeps, signal: AbortSignal): Promise<void> => take(body, deps, signal);

/** `sentAt`: milliseconds since 1970 at which the message came into the queue, where that is known. */
const take = async (body: unknown, deps: ReleaseDeps, signal: AbortSignal, sentAt?: number): Promise<void> => {
  if (typeof body !== 'object' || body === null) throw new Error('a message in the queue of ends is no JSON object: see the dead-letter queue');
  if ('detail-type' in body) return heed(body, deps, signal, sentAt);
  const message = body as EndMessage;
  switch (message.kind) {
    case 'ended':
      return endRun(message.ended, deps, signal, sentAt);
    case 'started':
      return noteRunAgain(message.started, deps);
    case 'timer':
      return expire(message.lease, deps, signal);
    case 'end': {
      const found = await deps.leases.load(message.lease);
      if (!found) return deps.log.warn('end of an unknown lease', { lease: message.lease });
      return message.why.kind === 'expired' && !isOver(found) ? expire(message.lease, deps, signal) : endLease(found, message.why, deps, signal);
    }
    case 'again':
      return tryAgain(message, deps, signal);
    case 'role':
      return endRole(message.ended, deps, signal, message.heardAt);
    case 'due':
      return sendDue(deps, false);
    case 'day':
      return sendDue(deps, true);
    default:
      throw new Error('a message in the queue of ends is neither ours nor an event: see the dead-letter queue');
  }
};

/** What EventBridge put into the queue: a run that ended, or one that began with a role that ends with it. */
const heed = async (event: object, deps: ReleaseDeps, signal: AbortSignal, sentAt?: number): Promise<void> => {
  const parser = awsSourceOf(event);
  const parsed: Parsed = parser?.parse(event) ?? { kind: 'ignored', reason: 'no source takes such events' };
  if (parsed.kind === 'malformed') {
    deps.count('DeliveryRejected');
    deps.log.warn('delivery refused', { source: parser?.name, error: parsed.reason });
  }
  if (parsed.kind !== 'triggers') return;
  for (const trigger of parsed.triggers) {
    if (trigger.trigger === 'JobEnded') await endRun(trigger, deps, signal, sentAt);
    if (trigger.trigger !== 'JobStarted') continue;
    await noteRunAgain(trigger, deps);
    await startRole(trigger, deps);
  }
};

/** Takes a batch: the beginnings of runs first, so that whoever ends a run knows who shares its role. */
export const handleAll: Together<ReleaseDeps> = (batch, deps, signal) => {
  const one = ({ body, record }: Delivered): Promise<void> => take(body, deps, signal, Number(record.attributes?.SentTimestamp) || undefined);
  return startsFirst(batch, ({ body }) => isStart(body, deps.configuration), one, deps, signal);
};

export const handler = queueLambda(handle, releaseDeps, handleAll);

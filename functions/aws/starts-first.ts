import { ChangeMessageVisibilityBatchCommand, ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { awsSourceOf } from '../../events/index.ts';
import type { Configuration } from '../core/configuration.ts';
import { holdingRuleFor } from '../core/run-end.ts';
import type { Delivered } from './lambda.ts';
import { rulesOf, type ReleaseDeps } from './lease-deps.ts';

/** Seconds until a beginning comes again whose function died with it: well within the grace before anybody looks who shares a role. */
const afterDeath = 20;
/** The others of a batch wait so long for the beginnings in it. */
const patienceMilliseconds = 5_000;

/** Seconds until a beginning that failed is tried again, by how often it came: soon, and all tries together take no less time than without this. */
export const againSeconds = (receiveCount: number): number => Math.min(180, 3 ** receiveCount);

/** Whether a message tells of a run that began with a role that ends with some run. */
export const isStart = (body: unknown, configuration: Configuration): boolean => {
  const { jobRoles } = rulesOf(configuration);
  if (jobRoles.length === 0 || typeof body !== 'object' || body === null || !('detail-type' in body)) return false;
  const parsed = awsSourceOf(body)?.parse(body);
  return parsed?.kind === 'triggers' && parsed.triggers.some((trigger) => trigger.trigger === 'JobStarted' && holdingRuleFor(jobRoles, trigger) !== undefined);
};

const countOf = ({ record }: Delivered): number => Number(record.attributes?.ApproximateReceiveCount) || 1;

/**
 * Begins the work on a batch: on what `isFirst` picks at once and side by side, on the rest after that, so that nothing in
 * the batch that hangs or breaks can delay it. What was picked and fails is tried again within seconds. A promise for each.
 */
export const startsFirst = (batch: readonly Delivered[], isFirst: (one: Delivered) => boolean, handle: (one: Delivered) => Promise<void>, deps: Pick<ReleaseDeps, 'clientOf' | 'endsQueue' | 'sleep' | 'log'>, signal: AbortSignal): Promise<void>[] => {
  const first = batch.filter(isFirst);
  if (first.length === 0) return batch.map(handle);
  const hidden = hideBriefly(first, deps);
  const begun = new Map(first.map((one) => [one, soonAgain(one, handle(one), hidden, deps)]));
  const done = settled([...begun.values()], deps, signal);
  return batch.map((one) => begun.get(one) ?? done.then(() => handle(one)));
};

const settled = async (works: readonly Promise<void>[], { sleep }: Pick<ReleaseDeps, 'sleep'>, signal: AbortSignal): Promise<void> => {
  const stop = new AbortController();
  await Promise.race([Promise.allSettled(works), sleep(patienceMilliseconds, AbortSignal.any([signal, stop.signal])).catch(() => undefined)]);
  stop.abort();
};

type Queued = Pick<ReleaseDeps, 'clientOf' | 'endsQueue' | 'log'>;

/** A function that dies with a message gives it back by silence alone: those that came for the first time come back sooner. Best effort. */
const hideBriefly = async (first: readonly Delivered[], { clientOf, endsQueue, log }: Queued): Promise<void> => {
  const Entries = first.filter((one) => countOf(one) === 1).map(({ record: { receiptHandle } }, n) => ({ Id: String(n), ReceiptHandle: receiptHandle, VisibilityTimeout: afterDeath }));
  if (Entries.length === 0) return;
  await clientOf(SQSClient).send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: endsQueue, Entries })).catch(() => log.warn('beginnings of runs stay hidden as long as all messages'));
};

const soonAgain = async (one: Delivered, work: Promise<void>, hidden: Promise<void>, { clientOf, endsQueue, log }: Queued): Promise<void> => {
  try {
    await work;
  } catch (error) {
    await hidden;
    const seconds = againSeconds(countOf(one));
    await clientOf(SQSClient)
      .send(new ChangeMessageVisibilityCommand({ QueueUrl: endsQueue, ReceiptHandle: one.record.receiptHandle, VisibilityTimeout: seconds }))
      .catch(() => log.warn('the beginning of a run comes again later than it should'));
    throw error;
  }
};

import type { SQSRecord } from 'aws-lambda';
import type { Clock } from '../../clock.ts';
import { md5, md5OfAttributes } from './sqs-checksum.ts';
import { systemAttributes } from './sqs.ts';
import type { Received } from './sqs-queue.ts';
import type { Queues } from './sqs-queues.ts';

/** Which records of a batch must be delivered again; absent or empty: none. */
export interface BatchAnswer {
  batchItemFailures?: { itemIdentifier: string }[];
}

export interface Polling {
  queues: Queues;
  queue: string;
  /** Records per call, 10 unless told. */
  batchSize?: number;
  /** Calls at the same time, 5 unless told. */
  concurrency?: number;
  handle(records: SQSRecord[], signal: AbortSignal): Promise<BatchAnswer | null | undefined | void>;
  clock: Clock;
  signal: AbortSignal;
  /** Seconds from a failed delivery until the message is visible again; the queue's visibility timeout unless told, as on AWS. What the function itself changed stays as it is. */
  retryAfterSeconds?: (receiveCount: number, visibilityTimeout: number) => number;
  /** Hears of each call that threw or answered nonsense. */
  onError?: (error: unknown) => void;
}

const recordOf = ({ message, receiptHandle }: Received, queues: Queues, queue: string): SQSRecord => ({
  messageId: message.id,
  receiptHandle,
  body: message.body,
  attributes: systemAttributes(message, (name) => queues.arn(name)) as unknown as SQSRecord['attributes'],
  messageAttributes: Object.fromEntries(
    Object.entries(message.attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [name, { dataType: DataType, stringValue: StringValue, binaryValue: BinaryValue, stringListValues: [], binaryListValues: [] }]),
  ) as SQSRecord['messageAttributes'],
  md5OfBody: md5(message.body),
  md5OfMessageAttributes: md5OfAttributes(message.attributes),
  eventSource: 'aws:sqs',
  eventSourceARN: queues.arn(queue),
  awsRegion: queues.region,
});

/** The ids to deliver again. As Lambda reads it: an id that is not in the batch, or an empty one, fails the whole batch. */
export const failuresOf = (answer: unknown, ids: readonly string[]): Set<string> => {
  if (answer === null || answer === undefined) return new Set();
  const { batchItemFailures } = answer as { batchItemFailures?: unknown };
  if (batchItemFailures === null || batchItemFailures === undefined) return new Set();
  const named = Array.isArray(batchItemFailures) ? batchItemFailures.map((failure: { itemIdentifier?: unknown } | null) => failure?.itemIdentifier) : [undefined];
  const valid = named.every((id) => typeof id === 'string' && ids.includes(id));
  return new Set(valid ? (named as string[]) : ids);
};

const deliver = async (polling: Polling, received: Received[]): Promise<void> => {
  const { queues, queue } = polling;
  const ids = received.map(({ message }) => message.id);
  const visible = new Map(received.map(({ message }) => [message.id, message.visibleAt]));
  let failed: Set<string>;
  try {
    failed = failuresOf(await polling.handle(received.map((one) => recordOf(one, queues, queue)), polling.signal), ids);
  } catch (error) {
    polling.onError?.(error);
    failed = new Set(ids);
  }
  const source = queues.queue(queue);
  // By handle: a message that outlived its visibility timeout belongs to whoever received it since.
  const mine = received.filter(({ receiptHandle }) => source.inFlight(receiptHandle) !== undefined);
  queues.delete(queue, mine.filter(({ message }) => !failed.has(message.id)).map(({ message }) => message.id));
  if (polling.retryAfterSeconds === undefined) return;
  for (const { message } of mine) {
    if (failed.has(message.id) && message.visibleAt === visible.get(message.id)) source.show(message, polling.retryAfterSeconds(message.receiveCount, source.visibilityTimeout));
  }
};

/**
 * Delivers a queue's messages to a function as Lambda's event source mapping does: in batches, with partial batch
 * responses, each failed message again until the queue gives it up. Resolves after the signal is aborted and the
 * calls under way have ended; waits without polling.
 */
export const poll = async (polling: Polling): Promise<void> => {
  const { queues, queue, signal } = polling;
  const source = queues.queue(queue);
  const worker = async () => {
    while (!signal.aborted) {
      const received = queues.take(queue, polling.batchSize ?? 10);
      if (received.length > 0) await deliver(polling, received);
      else await source.arrival(signal);
    }
  };
  await Promise.all(Array.from({ length: polling.concurrency ?? 5 }, worker));
};

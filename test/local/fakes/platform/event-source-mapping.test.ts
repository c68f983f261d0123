import { afterEach, expect, test } from 'vitest';
import { clockOf } from '../../../../local/clock.ts';
import type { Polling } from '../../../../local/fakes/platform/event-source-mapping.ts';
import { poll } from '../../../../local/fakes/platform/event-source-mapping.ts';
import { createSqs } from '../../../../local/fakes/platform/sqs.ts';

const clock = clockOf(50);
let stop = new AbortController();
afterEach(() => stop.abort(new Error('the test is over')));

const start = (handle: Polling['handle'], more: Partial<Polling> = {}) => {
  stop = new AbortController();
  const given: string[] = [];
  const { queues } = createSqs({ queues: [{ name: 'work', visibilityTimeout: 5, deadLetter: 'dead', maxReceiveCount: 3 }, { name: 'dead' }], account: '1', region: 'eu-west-1', clock, onDeadLetter: (_queue, { body }) => given.push(body) });
  const done = poll({ queues, queue: 'work', handle, clock, signal: stop.signal, ...more });
  return { queues, given, done };
};
const until = async (is: () => boolean) => {
  for (let n = 0; n < 200 && !is(); n += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(is()).toBe(true);
};

test('every message is delivered once in batches of at most the size, without more calls at once than told', async () => {
  const seen: string[] = [];
  let now = 0;
  let most = 0;
  const { queues } = start(async (records) => {
    most = Math.max(most, (now += 1));
    expect(records.length).toBeLessThanOrEqual(10);
    await clock.sleep(100);
    seen.push(...records.map(({ body }) => body));
    now -= 1;
  }, { concurrency: 3 });
  for (let n = 0; n < 500; n += 1) queues.send('work', { body: String(n) });
  await until(() => seen.length >= 500);
  expect(new Set(seen).size).toBe(500);
  expect(most).toBe(3);
  expect(queues.queue('work').messages.size).toBe(0);
});

test('only the failed record of a batch comes again, after the visibility timeout, and is given up after its last try', async () => {
  const tries: { at: number; count: string }[] = [];
  let fine = 0;
  const { queues, given } = start(async (records) => {
    const bad = records.filter(({ body }) => body === 'bad');
    fine += records.length - bad.length;
    for (const { attributes } of bad) tries.push({ at: clock.now().getTime(), count: attributes.ApproximateReceiveCount });
    return { batchItemFailures: bad.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  });
  for (const body of ['a', 'bad', 'b']) queues.send('work', { body });
  await until(() => queues.queue('dead').messages.size === 1);
  expect(fine).toBe(2);
  expect(tries.map(({ count }) => count)).toEqual(['1', '2', '3']);
  // counted from its receipt; a busy machine hands the first one on a little later
  expect((tries[1]?.at ?? 0) - (tries[0]?.at ?? 0)).toBeGreaterThanOrEqual(4000);
  expect(given).toEqual(['bad']);
});

test('a failed record whose visibility the function changed itself comes again as it said', async () => {
  const tries: number[] = [];
  const { queues } = start(async (records) => {
    tries.push(clock.now().getTime());
    const [record] = records;
    const message = record && queues.queue('work').inFlight(record.receiptHandle);
    if (message && tries.length === 1) queues.queue('work').show(message, 1);
    return { batchItemFailures: tries.length === 1 ? records.map(({ messageId }) => ({ itemIdentifier: messageId })) : [] };
  }, { retryAfterSeconds: () => 600 });
  queues.send('work', { body: 'a' });
  await until(() => tries.length === 2);
  expect((tries[1] ?? 0) - (tries[0] ?? 0)).toBeGreaterThanOrEqual(1000);
});

test('a call that throws, and an answer that names a record it was not given, fail the whole batch', async () => {
  const counts = new Map<string, number>();
  const errors: unknown[] = [];
  const { queues } = start(async ([record]) => {
    const count = (counts.get(record?.body ?? '') ?? 0) + 1;
    counts.set(record?.body ?? '', count);
    if (count > 1) return;
    if (record?.body === 'throws') throw new Error('no');
    return { batchItemFailures: [{ itemIdentifier: 'somebody else' }] };
  }, { batchSize: 1, retryAfterSeconds: () => 1, onError: (error) => errors.push(error) });
  queues.send('work', { body: 'throws' });
  queues.send('work', { body: 'names' });
  await until(() => queues.queue('work').messages.size === 0);
  expect(Object.fromEntries(counts)).toEqual({ throws: 2, names: 2 });
  expect(errors).toHaveLength(1);
});

test('polling ends with its signal, after the call under way', async () => {
  let ended = false;
  const { queues, done } = start(async () => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    ended = true;
  });
  queues.send('work', { body: 'x' });
  await new Promise((resolve) => setTimeout(resolve, 10));
  stop.abort(new Error('enough'));
  await done;
  expect(ended).toBe(true);
  expect(queues.queue('work').messages.size).toBe(0);
});

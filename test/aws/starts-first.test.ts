import { describe, expect, it } from 'vitest';
import { isStart, startsFirst, againSeconds } from '../../functions/aws/starts-first.ts';
import type { Delivered } from '../../functions/aws/lambda.ts';
import type { Configuration } from '../../functions/core/configuration.ts';

const role = 'arn:aws:iam::111122223333:role/export';
const configuration = { leases: { maximumMinutes: 60, audience: '', issuers: [], subjects: [], jobRoles: [{ platform: 'aws-batch', role, owner: 'orders', name: 'nightly' }] } } as unknown as Configuration;
const event = (status: string, jobRoleArn = role): object => ({
  version: '0', id: 'e-1', source: 'aws.batch', 'detail-type': 'Batch Job State Change', account: '111122223333', time: '2026-05-01T10:00:00Z', region: 'us-east-1', resources: [],
  detail: { jobId: 'j-1', status, jobDefinition: 'arn:aws:batch:us-east-1:111122223333:job-definition/other:3', startedAt: 1_777_629_600_000, stoppedAt: 1_777_629_700_000, container: { jobRoleArn } },
});

it('a message tells of a start where a rule is about the role, whatever it says about which runs it ends', () => {
  expect([event('RUNNING'), event('SUCCEEDED'), event('RUNNING', `${role}-other`), { kind: 'due' }, undefined, 'x'].map((body) => isStart(body, configuration))).toEqual([true, false, false, false, false, false]);
  expect(isStart(event('RUNNING'), {} as Configuration)).toBe(false);
});

it('one that failed comes again within seconds, then later, and is not given up earlier than others', () => {
  const waits = [1, 2, 3, 4, 5].map(againSeconds);
  expect(waits.slice(0, 2)).toEqual([3, 9]);
  expect(waits.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(300);
});

describe('a batch', () => {
  const one = (id: string, receiveCount = 1): Delivered => ({ body: id, record: { messageId: id, receiptHandle: `handle-${id}`, attributes: { ApproximateReceiveCount: String(receiveCount) } } });
  const play = (batch: Delivered[], handle: (id: string, done: string[]) => Promise<void>, isRefused = false) => {
    const [done, asked]: [string[], object[]] = [[], []];
    const deps = {
      clientOf: () => ({ send: ({ input }: { input: object }) => (asked.push(input), isRefused ? Promise.reject(new Error('no')) : Promise.resolve({})) }),
      endsQueue: 'ends',
      sleep: (_: number, signal?: AbortSignal) => new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 60);
        signal?.addEventListener('abort', () => clearTimeout(timer));
      }),
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    };
    const works = startsFirst(batch, ({ body }) => String(body).startsWith('start'), ({ body }) => handle(String(body), done).then(() => void done.push(String(body))), deps as never, new AbortController().signal);
    return { done, asked, results: Promise.allSettled(works).then((all) => all.map(({ status }) => status)) };
  };
  const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

  it('handles beginnings before ends, and answers for each in its place', async () => {
    const { done, results } = play([one('end-1'), one('start-1'), one('end-2'), one('start-2')], soon);
    expect(await results).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(done.map((id) => id.split('-')[0])).toEqual(['start', 'start', 'end', 'end']);
  });

  it('does not let ends wait for a beginning that hangs', async () => {
    const { done } = play([one('start-1'), one('end-1')], (id) => (id === 'start-1' ? new Promise(() => undefined) : soon()));
    await expect.poll(() => done).toEqual(['end-1']);
  });

  it.each([false, true])('asks for a beginning that failed to come again soon, and for none that did not (the queue refuses: %s)', async (isRefused) => {
    const { asked, results } = play([one('start-1'), one('start-2', 2), one('end-1')], (id) => (id === 'start-1' ? soon() : Promise.reject(new Error('the table is down'))), isRefused);
    expect(await results).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(asked).toEqual([
      { QueueUrl: 'ends', Entries: [{ Id: '0', ReceiptHandle: 'handle-start-1', VisibilityTimeout: 20 }] },
      { QueueUrl: 'ends', ReceiptHandle: 'handle-start-2', VisibilityTimeout: 9 },
    ]);
  });

  it('without a beginning in it asks nothing of the queue', async () => {
    const { asked, results } = play([one('end-1'), one('end-2')], soon);
    expect([await results, asked]).toEqual([['fulfilled', 'fulfilled'], []]);
  });
});

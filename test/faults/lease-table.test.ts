import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseOf } from '../../functions/aws/composition-leases.ts';
import { eachRecord } from '../../functions/aws/lambda.ts';
import { handle } from '../../functions/release.ts';
import { accessorOf } from '../lease-world.ts';
import { inLeaseTown, openPlay, quiet } from '../scenarios/lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;

describe('when what we stand on has a bad moment', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 12 });
  });
  afterAll(() => play.end());

  const lent = async (n: number): Promise<string> => (await play.town.register(n, 500 + n)).body.id ?? '';
  const throttle = (operation: string, times: number): void => play.town.behaviours.add({ service: 'dynamodb', operation, resource: 'leases', effect: 'throttle', times });
  const send = (body: string): unknown => play.town.platform.sqs.queues.send('rescind-ends', { body });

  it('a table that throttles a registration a few times delays it', async () => {
    const { town } = play;
    for (const operation of ['Query', 'PutItem', 'UpdateItem']) throttle(operation, 1);
    const { status, body } = await town.register(1, 501);
    expect([status, (await town.look(body.id ?? '')).timeline.length]).toEqual([201, 1]);
    await town.runEnded(501);
    await town.becomes(body.id ?? '', 'released');
  });

  it('and one that throttles an end delays it', async () => {
    const { town } = play;
    const id = await lent(2);
    for (const operation of ['Query', 'PutItem', 'UpdateItem']) throttle(operation, 1);
    await town.runEnded(502);
    await town.becomes(id, 'released');
    expect(await town.isAlive(token(2))).toBe(false);
  });

  it('a queue that does not take an end is told to the platform, which sends it again', async () => {
    const { town } = play;
    const id = await lent(5);
    town.behaviours.add({ service: 'sqs', operation: 'SendMessageBatch', effect: 'refuse', status: 500, code: 'InternalFailure', times: 5 });
    expect((await town.runEnded(505)).status).toBe(503);
    expect((await town.look(id)).status).toBe('active');
    expect((await town.runEnded(505)).status).toBe(202);
    await town.becomes(id, 'released');
  });

  const ended = (run: number): string =>
    JSON.stringify({ kind: 'ended', delivery: 'd-1', ended: { trigger: 'JobEnded', source: 'github-actions', run: { platform: 'github-actions', run: `7001/${run}`, attempt: '1' }, at: '', state: 'success', name: 'build', end: `${run}` } });

  it('a message that is poison is given up alone: the others of its batch are done', async () => {
    const { town } = play;
    const ids = [await lent(6), await lent(7)];
    const poison = ['no JSON', '[]', '{"kind":"ended"}', '{"kind":"ended","ended":{"run":null}}', '{"kind":"role"}', '{"kind":"what"}', 'null'];
    for (const body of [poison[0], ended(506), ...poison.slice(1, 4), ended(507), ...poison.slice(4)]) send(body ?? '');
    for (const id of ids) await town.becomes(id, 'released');
    await town.until(() => town.platform.deadLetters().length >= poison.length, 'the poison is given up', 25);
    expect(town.platform.deadLetters().map(({ queue, body }) => [queue, body]).sort()).toEqual(poison.map((body) => ['rescind-ends', body]).sort());
    expect(town.platform.sqs.queues.queue('rescind-ends').messages.size).toBe(0);
  });

  it('a batch as Lambda hands it over is done but for the poison in it, which is named', async () => {
    const { town } = play;
    const id = await lent(8);
    const Records = ['no JSON', ended(508), '{"kind":"what"}', ended(999)].map((body, n) => ({ messageId: `m-${n}`, body, eventSource: 'aws:sqs' }));
    const deps = releaseOf(town.foundation('release'));
    const failed: string[] = [];
    const answer = await eachRecord({ Records } as never, (body) => handle(body, deps, AbortSignal.timeout(10_000)), (message) => void failed.push(message));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-0' }, { itemIdentifier: 'm-2' }] });
    expect([failed.sort(), (await town.look(id)).status]).toEqual([['m-0', 'm-2'], 'released']);
  });

  it('an event that says nothing of use is counted and not kept', async () => {
    const { town } = play;
    const before = town.counted.get('DeliveryRejected') ?? 0;
    const batch = { version: '0', id: 'e-1', source: 'aws.batch', 'detail-type': 'Batch Job State Change', time: '2026-05-01T10:00:00Z' };
    for (const detail of [{ status: 'SUCCEEDED' }, { jobId: '../..', status: 'FAILED' }, 7, null]) expect((await town.event({ ...batch, detail })).status).toBe(202);
    await town.until(() => (town.counted.get('DeliveryRejected') ?? 0) === before + 4, 'all are refused');
    for (const status of ['SUBMITTED', 'RUNNABLE', 'RUNNING']) await town.event({ ...batch, detail: { jobId: 'j-1', status } });
    await quiet(town);
    expect(town.platform.deadLetters()).toHaveLength(7);
  });
});

describe('a table that throttles for longer than our clients wait', () => {
  it('makes the end come back, and loses none', async () => {
    // so slow that the message is not delivered to a second function while the first still waits: for it, the queue's 60 seconds
    // must be more than the 15 that our clients wait at most
    await inLeaseTown({}, async ({ town }) => {
      const id = (await town.register(1, 501)).body.id ?? '';
      town.behaviours.add({ service: 'dynamodb', operation: 'PutItem', resource: 'leases', effect: 'throttle', times: 5 });
      await town.runEnded(501);
      await town.until(() => town.logged.includes('message failed'), 'the message fails', 60);
      await town.becomes(id, 'released');
      expect([await town.isAlive(token(1)), town.platform.deadLetters()]).toEqual([false, []]);
    }, { speed: 2 });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf, brokerRole, repositoryId } from '../lease-world.ts';
import { inLeaseTown, openPlay } from './lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;

describe('an end that comes before the lease', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 12 });
  });
  afterAll(() => play.end());

  /** The lease that was written for runner n's token, although nobody was told its id. */
  const leaseOf = async (n: number) => play.town.until(async () => (await play.town.rows()).find(({ credential }) => credential === token(n)), 'there is a lease');
  const handled = async (run: number): Promise<void> => {
    const { town } = play;
    const before = town.logged.filter((message) => message === 'run ended').length;
    await town.runEnded(run);
    await town.until(() => town.logged.filter((message) => message === 'run ended').length > before, 'the end is handled');
  };

  it('leaves nothing alive: what is registered afterwards is refused and taken back at once', async () => {
    const { town } = play;
    await handled(500);
    const answer = await town.register(1, 500);
    expect(answer).toMatchObject({ status: 409, body: { error: expect.stringContaining('the run is over (success)') as string } });
    const { id } = await leaseOf(1);
    expect(await town.becomes(id, 'released')).toMatchObject({ ending: { kind: 'run-was-over', state: 'success', source: 'github-actions' } });
    expect([await town.isAlive(token(1)), await town.isAlive(`vault:token/${accessorOf(1, true)}`), await town.isAlive(token(2))]).toEqual([false, false, true]);
    expect(town.counted.get('LeaseRefused')).toBe(1);
    await town.until(() => town.platform.timers().length === 0, 'its timer is deleted');
    // its vault knows the token no more, and the lease still tells; and another attempt of the run is not over
    expect(await town.register(1, 500)).toMatchObject({ status: 409, body: { lease: id } });
    expect((await town.register(2, 500, { claims: { run_attempt: '2' } })).status).toBe(201);
  });

  // the calls of a registration, in order: where the end comes between two of them, one of both sees the other
  it.each([
    [3, 'the look at the run and its line', 'leases DynamoDB Query', 1],
    [4, 'its line and its head', 'leases DynamoDB PutItem', 1],
    [5, 'its head and its timer', 'leases DynamoDB PutItem', 2],
    [6, 'its timer and the note that it holds the credential', 'leases Scheduler CreateSchedule', 1],
    [7, 'that note and the last look', 'leases DynamoDB UpdateItem', 1],
  ])('refuses and ends lease %i where it comes between %s', async (n, _, call, nth) => {
    const { town, between } = play;
    const came = between.after(call, () => handled(500 + n), nth);
    const { status } = await town.register(n, 500 + n);
    expect([came.done(), status]).toEqual([true, 409]);
    const { id } = await leaseOf(n);
    await town.becomes(id, 'released');
    expect(await town.isAlive(token(n))).toBe(false);
  });

  it('ends a lease whose caller was told that it is lent, where it comes right after the last look', async () => {
    const { town, between } = play;
    between.after('leases DynamoDB Query', () => town.runEnded(508), 3);
    const { status, body } = await town.register(8, 508);
    expect(status).toBe(201);
    await town.becomes(body.id ?? '', 'released');
    expect(await town.isAlive(token(8))).toBe(false);
  });

  it('and is of one job leaves what other jobs and the whole run were lent', async () => {
    const { town } = play;
    const whole = await town.register(9, 509);
    const other = await town.register(10, 509, { claims: { check_run_id: '78' } });
    await town.jobEnded(509, 77);
    await town.until(async () => (await town.register(11, 509, { claims: { check_run_id: '77' } })).status === 409 || undefined, 'the end of that job is known');
    await town.becomes((await leaseOf(11)).id, 'released');
    expect([(await town.look(whole.body.id ?? '')).status, (await town.look(other.body.id ?? '')).status]).toEqual(['active', 'active']);
    await town.jobEnded(509, 78);
    await town.becomes(other.body.id ?? '', 'released');
    expect((await town.look(whole.body.id ?? '')).status).toBe('active');
    await handled(509);
    await town.becomes(whole.body.id ?? '', 'released');
    for (const n of [9, 10, 11]) expect(await town.isAlive(token(n))).toBe(false);
  });
});

describe('a lease of an execution that does not say which attempt it is of', () => {
  it('is refused where the first is over, and nothing is taken back: the execution may be redriven', async () => {
    const run = 'arn:aws:states:us-east-1:111122223333:execution:nightly:e-1';
    const subject = { name: 'states', issuer: 'aws-iam', principal: brokerRole, platforms: ['aws-states'], owner: 'platform', may: [{ connector: 'vault', id: 'token/*', where: { 'meta.repository_id': repositoryId } }] };
    await inLeaseTown({ leases: { subjects: [subject] } }, async ({ town }) => {
      const ask = (n: number, attempt?: number) => town.lease('/iam/leases', { principal: brokerRole }, { run: { platform: 'aws-states', run, ...(attempt === undefined ? {} : { attempt }) }, credential: { connector: 'vault', id: `token/${accessorOf(n)}` }, reason: 'x', minutes: 5 });
      const first = await ask(1);
      expect(first).toMatchObject({ status: 201, body: { run: { attempt: '1' } } });
      await town.event({ source: 'aws.states', 'detail-type': 'Step Functions Execution Status Change', time: town.clock.now().toISOString(), detail: { executionArn: run, stateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:nightly', status: 'ABORTED', redriveCount: 0, stopDate: town.clock.now().getTime() } });
      await town.becomes(first.body.id ?? '', 'released');
      expect(await ask(2)).toMatchObject({ status: 409, body: { error: expect.stringContaining('name run.attempt') as string } });
      expect(await town.isAlive(`vault:token/${accessorOf(2)}`)).toBe(true);
      expect((await ask(2, 2)).status).toBe(201);
      // whoever says that it is of the first says that it is over
      expect(await ask(3, 1)).toMatchObject({ status: 409, body: { error: expect.stringContaining('taken back at once') as string } });
    });
  });
});

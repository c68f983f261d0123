import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf, type LeaseAnswer } from '../lease-world.ts';
import { inLeaseTown, openPlay, quiet } from './lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;
const minute = 60_000;

describe('a renewal', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 10 });
  });
  afterAll(() => play.end());

  // longer than a quarter of an hour: its only timer is its schedule
  const lent = async (n: number, minutes = 20): Promise<string> => (await play.town.register(n, 500 + n, { minutes })).body.id ?? '';
  const renewed = async (n: number, id: string, body?: unknown): Promise<LeaseAnswer> => play.town.lease(`/leases/${id}/renew`, { token: await play.town.githubToken(500 + n) }, body);
  const timerOf = (id: string): string | undefined => play.town.platform.timers().find(({ name }) => name === id)?.at;
  /** So many seconds after a lease's timer is to go off. */
  const leapTo = (id: string, seconds: number): void => play.clock.leap((new Date(timerOf(id) ?? '').getTime() - play.clock.now().getTime()) / 1000 + seconds);
  const isHandled = (what: string, id: string): boolean => play.town.said.some(([, text]) => text.startsWith(what) && text.includes(id));

  it('moves the expiry and the timer, up to the maximum and no further, and never back', async () => {
    const { town, clock } = play;
    const id = await lent(1);
    const before = await town.look(id);
    const maximum = new Date(before.registeredAt).getTime() + 60 * minute;
    const [first, timer] = [new Date(before.expiresAt).getTime(), timerOf(id) ?? ''];
    const once = await renewed(1, id, { minutes: 30 });
    expect(once).toMatchObject({ status: 200, body: { id, status: 'active' } });
    expect(new Date(once.body.expiresAt ?? '').getTime() - first).toBeGreaterThan(9 * minute);
    expect((timerOf(id) ?? '') > timer && (timerOf(id) ?? '') < (once.body.expiresAt ?? '')).toBe(true);
    expect(town.platform.timers().filter(({ name }) => name === id)).toHaveLength(1);
    clock.leap(15 * 60);
    const most = await renewed(1, id);
    expect(Math.abs(new Date(most.body.expiresAt ?? '').getTime() - maximum)).toBeLessThan(1000);
    expect(await renewed(1, id, { expiresAt: new Date(clock.now().getTime() + 59 * minute).toISOString() })).toEqual(most);
    expect(await renewed(1, id, { minutes: 1 })).toEqual(most);
    const { timeline } = await town.look(id);
    expect(timeline.map(({ what }) => what)).toEqual(['registered', 'renewed', 'renewed']);
    for (const body of ['x', { minutes: 61 }, { minutes: 5, expiresAt: '2030-01-01T00:00:00Z' }, []]) expect((await renewed(1, id, body)).status).toBe(400);
    expect((await town.look(id)).timeline).toHaveLength(3);
  });

  it('keeps the lease when the timer of before goes off', async () => {
    const { town } = play;
    const id = await lent(2);
    await renewed(2, id, { minutes: 50 });
    const at = timerOf(id);
    town.platform.sqs.queues.send('rescind-ends', { body: JSON.stringify({ kind: 'timer', lease: id }) });
    await quiet(town);
    expect([(await town.look(id)).status, timerOf(id), await town.isAlive(token(2))]).toEqual(['active', at, true]);
  });

  it('counts where it comes while the timer is being handled, before that claims the credential', async () => {
    const { town, between } = play;
    const id = await lent(3);
    const came = between.after('release DynamoDB Query', async () => expect((await renewed(3, id, { minutes: 40 })).status).toBe(200));
    leapTo(id, 1);
    await town.until(() => came.done() && isHandled('lease was renewed in time', id), 'the claim is given back');
    expect([(await town.look(id)).status, await town.isAlive(token(3)), timerOf(id) !== undefined]).toEqual(['active', true, true]);
    // and ends when its time has come
    leapTo(id, 1);
    expect(await town.becomes(id, 'released')).toMatchObject({ ending: { kind: 'expired' } });
    expect(await town.isAlive(token(3))).toBe(false);
  });

  it.each([
    [4, 'the claim', 'release DynamoDB UpdateItem'],
    [5, 'its last look', 'release DynamoDB Query'],
  ])('of lease %i is refused, or holds, where it comes after %s of an expiry: never is a lease called renewed that is dead', async (n, _, call) => {
    const { town, between } = play;
    const id = await lent(n);
    let answer: LeaseAnswer | undefined;
    leapTo(id, -30);
    const came = between.after(call, async () => void (answer = await renewed(n, id, { minutes: 40 })), call.endsWith('Query') ? 2 : 1);
    play.clock.leap(40);
    await town.until(() => came.done(), 'the expiry is being handled');
    await quiet(town);
    const { status } = await town.look(id);
    expect([status, await town.isAlive(token(n))]).toEqual(status === 'active' ? ['active', true] : ['released', false]);
    if (answer?.status === 200) expect(status).toBe('active');
    else expect(answer).toMatchObject({ status: 409 });
  });

  // the calls of a renewal, in order
  it.each([
    [6, 'its look at the run', 'leases DynamoDB Query', 2],
    [7, 'its line', 'leases DynamoDB PutItem', 1],
    [8, 'its timer', 'leases Scheduler UpdateSchedule', 1],
    [9, 'its last look', 'leases DynamoDB GetItem', 1],
  ])('of lease %i loses against the end of the run that comes after %s', async (n, what, call, nth) => {
    const { town, between } = play;
    const id = await lent(n);
    between.after(call, async () => {
      await town.runEnded(500 + n);
      await town.until(async () => (await town.look(id)).status === 'released', 'it is released');
    }, nth);
    const { status } = await renewed(n, id, { minutes: 40 });
    // after the last look it was renewed, and ended afterwards
    expect(status).toBe(what === 'its last look' ? 200 : 409);
    expect([(await town.look(id)).status, await town.isAlive(token(n))]).toEqual(['released', false]);
  });

  it('is refused when the run is over, and when the lease is', async () => {
    const { town } = play;
    const id = await lent(10);
    town.behaviours.add({ service: 'vault', operation: 'POST /v1/auth/token/revoke-accessor', resource: accessorOf(10), effect: 'down', status: 502, times: 3 });
    await town.runEnded(510);
    await town.becomes(id, 'pending-revocation');
    expect(await renewed(10, id)).toMatchObject({ status: 409, body: { error: expect.stringContaining('pending-revocation') as string } });
    await town.becomes(id, 'released');
    expect((await renewed(10, id)).status).toBe(409);
    expect(await town.isAlive(token(10))).toBe(false);
  });
});

describe('a renewal by a few seconds', () => {
  it('does not fill the ledger, in whatever small steps and however many at once it is asked for', async () => {
    // at the pace of the world: seconds count here
    await inLeaseTown({ runners: 2 }, async ({ town, clock }) => {
      const lent = async (n: number, minutes: number): Promise<{ id: string; end: number }> => {
        const { body } = await town.register(n, 500 + n, { minutes });
        return { id: body.id ?? '', end: new Date(body.expiresAt ?? '').getTime() };
      };
      const renewed = async (n: number, id: string, body: object): Promise<LeaseAnswer> => town.lease(`/leases/${id}/renew`, { token: await town.githubToken(500 + n) }, body);
      const endOf = async (id: string): Promise<number> => new Date((await town.look(id)).expiresAt).getTime();
      const { id, end } = await lent(1, 20);
      const until = (seconds: number): Promise<LeaseAnswer> => renewed(1, id, { expiresAt: new Date(end + seconds * 1000).toISOString() });
      expect((await until(10)).body.expiresAt).toBe(new Date(end).toISOString());
      const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => until(37 + n)));
      expect([...new Set(answers.map(({ status }) => status))]).toEqual([200]);
      // of 37 to 76 seconds two are a hundredth of the maximum apart
      expect((await town.look(id)).timeline.length).toBeLessThanOrEqual(3);
      expect(await endOf(id)).toBeGreaterThanOrEqual(end + 40_000);
      // and one whose few seconds count goes on, by a hundredth of the maximum
      const short = await lent(2, 1);
      clock.leap(20);
      expect(await renewed(2, short.id, { minutes: 1 })).toMatchObject({ status: 200 });
      expect(Math.round((await endOf(short.id) - short.end) / 1000)).toBe(36);
    }, { speed: 1 });
  });
});

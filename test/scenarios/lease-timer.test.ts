import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf } from '../lease-world.ts';
import { openPlay, quiet } from './lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;

describe('a lease whose run never tells of its end', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 10 });
  });
  afterAll(() => play.end());

  const lent = async (n: number, minutes = 30): Promise<string> => (await play.town.register(n, 500 + n, { minutes })).body.id ?? '';
  const ends = () => play.town.platform.sqs.queues;
  const send = (body: object): unknown => ends().send('rescind-ends', { body: JSON.stringify(body) });
  const timeOf = (id: string): number => new Date(play.town.platform.timers().find(({ name }) => name === id)?.at ?? 0).getTime();
  /** So many seconds after a lease's timer is to go off. */
  const leapTo = (id: string, seconds: number): void => play.clock.leap((timeOf(id) - play.clock.now().getTime()) / 1000 + seconds);
  const released = async (id: string): Promise<number> => (await play.town.look(id)).timeline.filter(({ what }) => what === 'released').length;

  it('is ended by its own timer, before it expires, and the timer is gone', async () => {
    const { town, clock } = play;
    const id = await lent(1);
    const { expiresAt } = await town.look(id);
    const early = (new Date(expiresAt).getTime() - timeOf(id)) / 1000;
    expect([early >= 60, early <= 245]).toEqual([true, true]);
    leapTo(id, -30);
    await quiet(play.town);
    expect((await town.look(id)).status).toBe('active');
    clock.leap(40);
    const lease = await town.becomes(id, 'released');
    expect(lease.ending?.kind).toBe('expired');
    expect(new Date(lease.endedAt ?? '').getTime()).toBeLessThanOrEqual(new Date(expiresAt).getTime());
    expect([await town.isAlive(token(1)), town.platform.timers().some(({ name }) => name === id), town.counted.get('LeaseTimerLost')]).toEqual([false, false, undefined]);
  });

  it('is ended once where the timer goes off while the end of the run is being handled, and the other way round', async () => {
    const { town, between } = play;
    const [first, second] = [await lent(2), await lent(3)];
    const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));
    const timer = between.after('release DynamoDB UpdateItem', async () => {
      send({ kind: 'timer', lease: first });
      await moment();
    });
    await town.runEnded(502);
    await town.becomes(first, 'released');
    await quiet(play.town);
    const end = between.after('release DynamoDB UpdateItem', async () => {
      await town.runEnded(503);
      await moment();
    });
    leapTo(second, 1);
    await town.becomes(second, 'released');
    await quiet(play.town);
    expect([timer.done(), end.done(), await released(first), await released(second)]).toEqual([true, true, 1, 1]);
    expect([await town.isAlive(token(2)), await town.isAlive(token(3)), town.platform.deadLetters()]).toEqual([false, false, []]);
  });

  it('is ended once although its timer goes off twice, and again after it is over', async () => {
    const { town, clock } = play;
    town.behaviours.add({ service: 'scheduler', operation: 'Invoke', effect: 'drop', times: 2 });
    const id = await lent(5);
    const count = town.counted.get('LeaseReleased') ?? 0;
    clock.leap(31 * 60);
    await town.becomes(id, 'released');
    clock.leap(60);
    clock.leap(60);
    send({ kind: 'timer', lease: id });
    await quiet(play.town);
    expect([await released(id), town.counted.get('LeaseReleased')]).toEqual([1, count + 1]);
  });

  it('is ended by the sweep by the minute where the timer is lost, which is counted', async () => {
    const { town, clock } = play;
    town.behaviours.add({ service: 'scheduler', operation: 'Invoke', effect: 'lie', times: 1 });
    const id = await lent(6);
    leapTo(id, 10);
    await town.until(() => !town.platform.timers().some(({ name }) => name === id), 'the timer went off for nobody');
    await town.due();
    await quiet(play.town);
    // it may be late: the sweep leaves it two minutes more
    expect((await town.look(id)).status).toBe('active');
    clock.leap(3 * 60);
    await town.due();
    expect(await town.becomes(id, 'released')).toMatchObject({ ending: { kind: 'expired' } });
    expect([town.counted.get('LeaseTimerLost'), await town.isAlive(token(6))]).toEqual([1, false]);
    await town.due();
    await quiet(play.town);
    expect(town.counted.get('LeaseTimerLost')).toBe(1);
  });

  it('is ended to the second where it is short, whether its schedule goes off or not', async () => {
    const { town, clock } = play;
    town.behaviours.add({ service: 'scheduler', operation: 'Invoke', effect: 'lie', times: 1 });
    const id = await lent(4, 10);
    const { expiresAt } = await town.look(id);
    leapTo(id, -2);
    expect((await town.look(id)).status).toBe('active');
    clock.leap(3);
    const lease = await town.becomes(id, 'released');
    expect(new Date(lease.endedAt ?? '').getTime()).toBeLessThanOrEqual(new Date(expiresAt).getTime());
    expect([await town.isAlive(token(4)), town.platform.timers().some(({ name }) => name === id)]).toEqual([false, false]);
  });

  it('is ended by the daily sweep at the latest, and what is not due stays', async () => {
    const { town } = play;
    town.behaviours.add({ service: 'scheduler', operation: 'Invoke', effect: 'lie', times: 1 });
    const [id, young] = [await lent(7), await lent(8, 60)];
    leapTo(id, 10);
    await town.until(() => !town.platform.timers().some(({ name }) => name === id), 'the timer went off for nobody');
    await town.due('day');
    await town.becomes(id, 'released');
    await quiet(play.town);
    expect([(await town.look(young)).status, await town.isAlive(token(8))]).toEqual(['active', true]);
  });

  it('is nothing to a timer, a try or an end of a lease that is not there', async () => {
    const { town } = play;
    const before = (await town.rows()).map(({ id, status }) => `${id} ${status}`);
    const unknown = 'l-00000000000000000000-0000000000000000';
    for (const lease of [unknown, 'l-1', '', undefined]) {
      send({ kind: 'timer', lease });
      send({ kind: 'again', lease });
      send({ kind: 'end', lease, why: { kind: 'expired', at: town.clock.now().toISOString() } });
    }
    await quiet(play.town);
    expect([town.platform.deadLetters(), (await town.rows()).map(({ id, status }) => `${id} ${status}`)]).toEqual([[], before]);
    expect(town.logged.filter((message) => message === 'timer of an unknown lease')).toHaveLength(4);
  });

  it('is not called lent where its timer cannot be set, and what was begun ends all the same', async () => {
    const { town, clock } = play;
    town.behaviours.add({ service: 'scheduler', operation: 'CreateSchedule', effect: 'refuse', status: 500, code: 'InternalServerException', times: 5 });
    expect((await town.register(9, 509, { minutes: 5 })).status).toBe(500);
    const id = (await town.rows()).find(({ credential }) => credential === token(9))?.id ?? '';
    clock.leap(8 * 60);
    await town.due();
    await town.becomes(id, 'released');
    expect(await town.isAlive(token(9))).toBe(false);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf, type LeaseAnswer } from '../lease-world.ts';
import { openPlay } from './lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;

describe('clocks that do not agree', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 14 });
  });
  afterAll(() => play.end());

  const at = (seconds: number): string => new Date(play.town.clock.now().getTime() + seconds * 1000).toISOString();
  const secondsNow = (): number => Math.floor(play.town.clock.now().getTime() / 1000);
  /** A GitLab job of a pipeline asks, with a token that was issued then. */
  const asked = async (n: number, pipeline: number, issuedAt = secondsNow()): Promise<LeaseAnswer> =>
    play.town.lease('/leases', { token: await play.town.gitlabToken(pipeline, {}, { issuedAt }) }, { credential: { connector: 'vault', id: `token/${accessorOf(n)}` }, reason: 'deploys', minutes: 30 });
  const lent = async (n: number, pipeline: number, issuedAt?: number): Promise<string> => {
    const { status, body } = await asked(n, pipeline, issuedAt);
    expect(status).toBe(201);
    return body.id ?? '';
  };
  const ended = async (end: () => Promise<unknown>): Promise<void> => {
    const { town } = play;
    const before = town.logged.filter((message) => message === 'run ended').length;
    await end();
    await town.until(() => town.logged.filter((message) => message === 'run ended').length > before, 'the end is handled');
  };

  it.each([
    [1, 'an hour ahead', 3600],
    [2, 'an hour behind', -3600],
    [3, 'years behind', -1e8],
  ])('end lease %i all the same where the platform is %s', async (n, _, seconds) => {
    const { town } = play;
    const id = (await town.register(n, 500 + n)).body.id ?? '';
    await ended(() => town.runEnded(500 + n, { at: at(seconds) }));
    const lease = await town.becomes(id, 'released');
    expect(new Date(lease.ending?.at ?? '').getTime()).toBeLessThanOrEqual(town.clock.now().getTime());
    expect((await town.register(n + 3, 500 + n)).status).toBe(409);
    await town.until(async () => !(await town.isAlive(token(n + 3))), 'what came too late is taken back');
  });

  it('end what was lent although a pipeline\'s clock is ahead of ours, its tokens\' and its ends\'', async () => {
    const { town } = play;
    const id = await lent(7, 607, secondsNow() + 45);
    await ended(() => town.pipelineEnded(607, at(50)));
    await town.becomes(id, 'released');
    // an end that is told an hour ahead does not keep the pipeline over for an hour
    await ended(() => town.pipelineEnded(608, at(3600)));
    play.clock.leap(90);
    expect((await asked(8, 608)).status).toBe(201);
  });

  it('and a pipeline that comes back: its later job is not ended by an end from before, come late or twice, and is by the next', async () => {
    const { town, clock } = play;
    const issued = secondsNow();
    const first = await lent(9, 609, issued);
    clock.leap(2);
    const before = at(0);
    await ended(() => town.pipelineEnded(609, before));
    await town.becomes(first, 'released');
    clock.leap(30);
    const again = await lent(10, 609);
    await ended(() => town.pipelineEnded(609, before));
    await ended(() => town.pipelineEnded(609, before));
    expect([(await town.look(again)).status, await town.isAlive(token(10))]).toEqual(['active', true]);
    // a token from before the end is of the life that is over
    expect((await asked(11, 609, issued)).status).toBe(409);
    expect((await town.look(again)).status).toBe('active');
    clock.leap(2);
    await ended(() => town.pipelineEnded(609));
    await town.becomes(again, 'released');
    await town.until(async () => !(await town.isAlive(token(11))), 'what came too late is taken back');
    // nor does an end from before, come once more, make the pipeline live again
    const late = secondsNow() - 1;
    await ended(() => town.pipelineEnded(609));
    await ended(() => town.pipelineEnded(609, before));
    expect((await asked(12, 609, late)).status).toBe(409);
  });

  it('and an end that tells no time counts from now', async () => {
    const { town } = play;
    const id = await lent(13, 613);
    play.clock.leap(2);
    await ended(() => town.pipelineEnded(613, ''));
    await town.becomes(id, 'released');
    expect(await town.isAlive(token(13))).toBe(false);
  });
});

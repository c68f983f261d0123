import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf } from '../lease-world.ts';
import { openPlay } from './lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;

describe('ends that come more than once, late, or for nobody', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 8 });
  });
  afterAll(() => play.end());

  const endsHandled = (): number => play.town.logged.filter((message) => message === 'run ended').length;
  /** Tells of ends and waits until all of them were handled. */
  const tell = async (...ends: (() => Promise<unknown>)[]): Promise<void> => {
    const before = endsHandled();
    await Promise.all(ends.map((end) => end()));
    await play.town.until(() => endsHandled() >= before + ends.length, 'all of them are handled');
  };
  const lent = async (n: number, run: number, claims: Record<string, unknown> = {}): Promise<string> => (await play.town.register(n, run, { claims })).body.id ?? '';
  const statusOf = async (id: string): Promise<string> => (await play.town.look(id)).status;

  it('are one end: the lease is released once', async () => {
    const { town } = play;
    const id = await lent(1, 501);
    await tell(...Array.from({ length: 5 }, () => () => town.runEnded(501)));
    await tell(() => town.runEnded(501), () => town.jobEnded(501, 9));
    const { status, timeline } = await town.look(id);
    expect([status, timeline.filter(({ what }) => what === 'released')]).toEqual(['released', [expect.anything()]]);
    expect(town.counted.get('LeaseReleased')).toBe(1);
  });

  it('are taken in either order: a job before its run, a run before its job', async () => {
    const { town } = play;
    const [early, late] = [await lent(2, 502, { check_run_id: '21' }), await lent(3, 503, { check_run_id: '31' })];
    await tell(() => town.jobEnded(502, 21));
    expect([await statusOf(early), await statusOf(late)]).toEqual(['released', 'active']);
    await tell(() => town.runEnded(502), () => town.runEnded(503));
    await tell(() => town.jobEnded(503, 31));
    expect([await statusOf(early), await statusOf(late)]).toEqual(['released', 'released']);
    expect(town.counted.get('LeaseReleased')).toBe(3);
  });

  it('and are of another attempt leave this one alone', async () => {
    const { town } = play;
    const [first, second] = [await lent(4, 504), await lent(5, 504, { run_attempt: '2' })];
    await tell(() => town.runEnded(504, { attempt: 2 }));
    expect([await statusOf(first), await statusOf(second)]).toEqual(['active', 'released']);
    const third = await lent(6, 504, { run_attempt: '3' });
    await tell(() => town.runEnded(504, { attempt: 1 }));
    expect([await statusOf(first), await statusOf(third)]).toEqual(['released', 'active']);
    expect([await town.isAlive(token(4)), await town.isAlive(token(5)), await town.isAlive(token(6))]).toEqual([false, false, true]);
  });

  it('and are of a run that nobody knows, or of the same number in another repository, leave nothing but a mark', async () => {
    const { town } = play;
    const id = await lent(7, 507);
    const before = await town.kept();
    await tell(() => town.runEnded(999), () => town.runEnded(507, { repository: 7002 }), () => town.pipelineEnded(507));
    expect(await statusOf(id)).toBe('active');
    expect(await town.isAlive(token(7))).toBe(true);
    const marks = async (): Promise<number> => ((await town.kept()).join().match(/"marker"/g) ?? []).length;
    expect(await marks()).toBe((before.join().match(/"marker"/g) ?? []).length + 3);
    expect([town.platform.deadLetters(), await town.views()]).toEqual([[], []]);
  });

  it('and tell of no end (a run that goes on, a job that was skipped) end nothing', async () => {
    const { town } = play;
    const id = await lent(8, 508, { check_run_id: '81' });
    const running = { action: 'in_progress', workflow_run: { id: 508, run_attempt: 1, status: 'in_progress' }, repository: { id: 7001, full_name: 'acme/app', owner: { login: 'acme', id: 42 } } };
    const skipped = { action: 'completed', workflow_job: { id: 81, run_id: 508, run_attempt: 1, status: 'completed', conclusion: 'skipped' }, repository: running.repository };
    expect((await town.hook('workflow_run', running)).status).toBe(202);
    expect((await town.hook('workflow_job', skipped)).status).toBe(202);
    await tell(() => town.runEnded(1000));
    expect([await statusOf(id), await town.isAlive(token(8))]).toEqual(['active', true]);
  });
});

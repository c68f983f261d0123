import { expect, test, vi } from 'vitest';
import { clockOf } from '../../local/clock.ts';

const busyFor = (milliseconds: number): void => {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
};

test('a fast clock wakes sleepers in the order of their times, and not before', async () => {
  const clock = clockOf(100);
  const start = clock.now().getTime();
  const woken: [number, number][] = [];
  await Promise.all([3_000, 1_000, 2_000].map(async (milliseconds) => {
    await clock.sleep(milliseconds);
    woken.push([milliseconds, clock.now().getTime() - start]);
  }));
  expect(woken.map(([wanted]) => wanted)).toEqual([1_000, 2_000, 3_000]);
  for (const [wanted, passed] of woken) expect(passed).toBeGreaterThanOrEqual(wanted);
});

test('a fast clock waits for a machine that is busy', async () => {
  const clock = clockOf(100);
  const start = clock.now().getTime();
  busyFor(200);
  expect(clock.now().getTime() - start).toBeLessThan(2_000);
  await clock.sleep(1_000);
  expect(clock.now().getTime() - start).toBeGreaterThanOrEqual(1_000);
});

test('the real time stands still while a machine whose clock was set back catches up', () => {
  const clock = clockOf();
  const before = clock.now().getTime();
  const set = vi.spyOn(Date, 'now').mockReturnValue(before - 60_000);
  try {
    expect(clock.now().getTime()).toBe(before);
  } finally {
    set.mockRestore();
  }
});

test.each([1, 100])('a sleep on a clock of speed %d ends when it is called off', async (speed) => {
  const off = new AbortController();
  const sleeping = clockOf(speed).sleep(3_600_000, off.signal);
  off.abort(new Error('called off'));
  await expect(sleeping).rejects.toThrow('called off');
  await expect(clockOf(speed).sleep(1, off.signal)).rejects.toThrow('called off');
});

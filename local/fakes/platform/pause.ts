import type { Clock } from '../../clock.ts';

// Longer than this, a timer of Node's fires at once instead of late.
const LONGEST = 1_000_000_000;

/** Sleeps on the clock for any length, in pieces that a timer can hold. */
export const pause = async (clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> => {
  for (let left = milliseconds; ; left -= LONGEST) {
    await clock.sleep(Math.max(0, Math.min(left, LONGEST)), signal);
    if (left <= LONGEST) return;
  }
};

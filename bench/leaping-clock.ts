import type { Clock } from '../local/clock.ts';

/** Shorter sleeps are the fakes' own delays and pass as they are; longer ones are deadlines, which nothing here reaches. */
const waits = { fromMilliseconds: 500, toMilliseconds: 30_000 };

/** A queue that looks when its next message may be seen again waits for nothing of ours. */
const isOfQueue = (): boolean => new Error('where').stack?.includes('/sqs-queue.ts') ?? false;

/** A clock that runs as the wall's but leaps over waits. */
export interface LeapingClock extends Clock {
  /** How many milliseconds it has leapt over so far. */
  leapt(): number;
}

/**
 * The real time, except that a wait of half a second to thirty seconds (for a credential to settle, for a quota) is over at
 * once and the clock stands where it would stand after it. Whoever waits still looks as often and finds the same times.
 */
export const leapingClock = (): LeapingClock => {
  let leapt = 0;
  const now = (): Date => new Date(Date.now() + leapt);
  return {
    now,
    leapt: () => leapt,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const isWait = milliseconds >= waits.fromMilliseconds && milliseconds <= waits.toMilliseconds && !isOfQueue();
        if (isWait) leapt += milliseconds;
        const stop = (): void => {
          clearTimeout(timer);
          reject(signal?.reason as Error);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener('abort', stop);
          resolve();
        }, isWait ? 0 : Math.max(0, milliseconds));
        // a deadline of weeks is longer than a timer can hold, and must not keep the process alive
        if (milliseconds > waits.toMilliseconds) timer.unref();
        signal?.addEventListener('abort', stop, { once: true });
      }),
  };
};

/** The time, and waiting for it. Passed in everywhere, so that tests can run hours in seconds. */
export interface Clock {
  now(): Date;
  /** Resolves after that many milliseconds of this clock; rejects with the signal's reason when it is aborted first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/**
 * A clock on which time passes `speed` times as fast as on the wall; 1 is the real time. A faster one waits for a machine
 * that is busy: what takes a moment on an idle machine is no hour on a loaded one.
 */
export const clockOf = (speed = 1): Clock => (speed === 1 ? wallClock() : fastClock(speed));

const wallClock = (): Clock => {
  // a machine whose clock is set back must not show what has not happened yet, nor hide what has
  let latest = 0;
  return {
    now: () => new Date((latest = Math.max(latest, Date.now()))),
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const stop = () => {
          clearTimeout(timer);
          reject(signal?.reason as Error);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener('abort', stop);
          resolve();
        }, Math.max(0, milliseconds));
        signal?.addEventListener('abort', stop, { once: true });
      }),
  };
};

/** The most that passes on a fast clock between two looks, in its own milliseconds. */
const longestStep = 400;

const fastClock = (speed: number): Clock => {
  const sleepers = new Set<{ until: number; wake: () => void }>();
  const start = Date.now();
  let passed = 0;
  let seen = performance.now();
  const advance = (): number => {
    const now = performance.now();
    passed += Math.min((now - seen) * speed, longestStep);
    seen = now;
    return passed;
  };
  // it ticks for as long as somebody waits; a clock on which nobody waits costs nothing
  let ticking: NodeJS.Timeout | undefined;
  const tick = (): void => {
    advance();
    for (const sleeper of sleepers) if (sleeper.until <= passed) sleeper.wake();
    ticking = sleepers.size > 0 ? setTimeout(tick, 1) : undefined;
  };
  return {
    now: () => new Date(start + Math.floor(advance())),
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const end = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', stop);
        };
        const stop = (): void => {
          end();
          reject(signal?.reason as Error);
        };
        const sleeper = { until: advance() + Math.max(0, milliseconds), wake: () => (end(), resolve()) };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', stop, { once: true });
        ticking ??= setTimeout(tick, 1);
      }),
  };
};

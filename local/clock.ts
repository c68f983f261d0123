/** The time, and waiting for it. Passed in everywhere, so that tests can run hours in seconds. */
export interface Clock {
  now(): Date;
  /** Resolves after that many milliseconds of this clock; rejects with the signal's reason when it is aborted first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** A clock on which time passes `speed` times as fast as on the wall. 1 is the real time. */
export const clockOf = (speed = 1): Clock => {
  const start = Date.now();
  return {
    now: () => new Date(start + (Date.now() - start) * speed),
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
        }, Math.max(0, milliseconds / speed));
        signal?.addEventListener('abort', stop, { once: true });
      }),
  };
};

/** Waits for work that others wait for as well: an abort ends this one's waiting and nobody else's. */
export const riding = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  work.catch(() => undefined);
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    void work.then(resolve, reject).then(() => signal.removeEventListener('abort', leave));
  });
};

/** A signal that is aborted once all of these are: while one of them still waits, the work goes on. `with` adds one more. */
export const untilAllLeave = (): { signal: AbortSignal; with(signal: AbortSignal): void } => {
  const stop = new AbortController();
  const riders: AbortSignal[] = [];
  return {
    signal: stop.signal,
    with: (signal) => {
      riders.push(signal);
      const check = (): void => {
        if (riders.every(({ aborted }) => aborted)) stop.abort(signal.reason);
      };
      signal.addEventListener('abort', check, { once: true });
      if (signal.aborted) check();
    },
  };
};

/** Does the same work once for all who ask for it while it is under way, told apart by a key. */
export const onceAtATime = <T>(): ((key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) => Promise<T>) => {
  const underWay = new Map<string, { done: Promise<T>; stop: ReturnType<typeof untilAllLeave> }>();
  return (key, signal, work) => {
    const known = underWay.get(key);
    if (known && !known.stop.signal.aborted) {
      known.stop.with(signal);
      return riding(known.done, signal);
    }
    const stop = untilAllLeave();
    stop.with(signal);
    const done = work(stop.signal);
    const entry = { done, stop };
    underWay.set(key, entry);
    const forget = (): void => {
      if (underWay.get(key) === entry) underWay.delete(key);
    };
    done.then(forget, forget);
    return riding(done, signal);
  };
};

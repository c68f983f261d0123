interface Flight<T> {
  answer: Promise<T>;
  waiting: number;
  stop: AbortController;
}

/** Lets those who ask the same thing at the same moment share one request; what was answered is never kept. */
export interface InFlight<T> {
  /** Joins the flight of that key or starts it. A caller's abort ends its own waiting; the request ends when nobody waits for it any more. */
  share(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Makes an empty set of flights. */
export const inFlight = <T>(): InFlight<T> => {
  const flights = new Map<string, Flight<T>>();
  return {
    share: async (key, signal, start) => {
      signal.throwIfAborted();
      let flight = flights.get(key);
      if (!flight) {
        const stop = new AbortController();
        const begun: Flight<T> = { answer: start(stop.signal), waiting: 0, stop };
        flight = begun;
        flights.set(key, begun);
        const landed = (): void => {
          if (flights.get(key) === begun) flights.delete(key);
        };
        begun.answer.then(landed, landed);
      }
      const { answer, stop } = flight;
      flight.waiting += 1;
      try {
        return await answerOrAbort(answer, signal);
      } finally {
        flight.waiting -= 1;
        if (flight.waiting === 0 && flights.get(key) === flight) {
          flights.delete(key);
          stop.abort(new Error('nobody waits for it any more'));
        }
      }
    },
  };
};

const answerOrAbort = <T>(answer: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const left = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', left, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', left));
  });

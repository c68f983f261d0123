const patienceMilliseconds = 5_000;
const killedBySignal = 130;

/**
 * A signal that is aborted by Ctrl-C or SIGTERM, until `end`. The second one ends the process at once; so does
 * stopping that takes longer than five seconds.
 */
export const untilStopped = (): { signal: AbortSignal; end: () => void } => {
  const stopping = new AbortController();
  let late: NodeJS.Timeout | undefined;
  const stop = () => {
    if (stopping.signal.aborted) process.exit(killedBySignal);
    stopping.abort(new Error('stopped'));
    late = setTimeout(() => process.exit(0), patienceMilliseconds).unref();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // whoever read our output has gone: nobody is left to tell
  process.stdout.on('error', stop);
  return {
    signal: stopping.signal,
    end: () => {
      clearTimeout(late);
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
};

import { setTimeout as pause } from 'node:timers/promises';

/** Looks again and again until something is there; after `seconds` it throws what `late` says. */
export const until = async <T>(look: () => Promise<T | undefined>, seconds: number, late: () => string | Promise<string>): Promise<T> => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(500)) {
    const seen = await look();
    if (seen !== undefined) return seen;
  }
  throw new Error(await late());
};

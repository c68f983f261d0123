import type { Clock } from '../clock.ts';
import { allCases, isSettled } from './look.ts';

export interface Settling {
  url: string;
  clock: Clock;
  signal: AbortSignal;
  /** Messages that are still in a queue or in somebody's hands. */
  messages: () => number;
}

const lookMilliseconds = 200;
const quietLooks = 3;

/** Resolves when nothing more happens by itself: no message is under way, and every case has ended or waits for a person. */
export const settled = async ({ url, clock, signal, messages }: Settling): Promise<void> => {
  for (let quiet = 0; quiet < quietLooks; ) {
    await clock.sleep(lookMilliseconds, signal);
    const isQuiet = messages() === 0 && (await allCases(url, signal)).every(isSettled);
    quiet = isQuiet ? quiet + 1 : 0;
  }
};

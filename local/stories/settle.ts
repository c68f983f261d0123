import type { Clock } from '../clock.ts';
import { allCases, isSettled, openLeases, type LeaseSummary } from './look.ts';

export interface Settling {
  url: string;
  clock: Clock;
  signal: AbortSignal;
  /** Messages that are still in a queue or in somebody's hands. */
  messages: () => number;
}

const lookMilliseconds = 200;
const quietLooks = 3;
const soonMilliseconds = 2 * 60_000;

/** Whether a lease is still to end soon: its timer goes off within two minutes, or it is over and neither dead nor before a person. */
export const isEndingSoon = ({ status, dueAt, case: opened }: LeaseSummary, now: Date): boolean => {
  if (status === 'pending-revocation') return opened === undefined;
  return status === 'active' && dueAt !== undefined && new Date(dueAt).getTime() <= now.getTime() + soonMilliseconds;
};

/**
 * Resolves when nothing more happens by itself: no message is under way, every case has ended or waits for a person, and no
 * lease is to end soon.
 */
export const settled = async ({ url, clock, signal, messages }: Settling): Promise<void> => {
  for (let quiet = 0; quiet < quietLooks; ) {
    await clock.sleep(lookMilliseconds, signal);
    const isQuiet = messages() === 0 && (await allCases(url, signal)).every(isSettled) && !(await openLeases(url, signal)).some((lease) => isEndingSoon(lease, clock.now()));
    quiet = isQuiet ? quiet + 1 : 0;
  }
};

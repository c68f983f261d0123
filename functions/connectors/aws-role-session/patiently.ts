import type { Context } from '../../core/connector.ts';
import { isCode, isPassing } from '../provider-error.ts';

/** How somebody waits, and when to stop. */
export type Pacing = Pick<Context, 'now' | 'sleep' | 'signal'>;

const tries = 5;
const isBusy = (error: unknown): boolean => isCode(error, 'EntityTemporarilyUnmodifiable', 'ConcurrentModification');

/** Writes with patience where IAM is busy with that role, throttles or does not answer: the SDK would take a full role for a throttled one. */
export const patiently = async (write: () => Promise<void>, { sleep, signal }: Pacing): Promise<void> => {
  for (let tried = 1; ; tried += 1) {
    signal.throwIfAborted();
    try {
      return await write();
    } catch (error) {
      signal.throwIfAborted();
      if (!(isBusy(error) || isPassing(error)) || tried === tries) throw error;
      await sleep(200 * 2 ** tried * (0.5 + Math.random()), signal);
    }
  }
};

import type { Acted } from '../../functions/core/connector.ts';
import type { Notes } from './house.ts';

/** Whether an act ended as it was meant to. */
export const done = (acted: Acted): boolean => acted.result === 'done' || acted.result === 'already';

/** Repeats an act as the core does: after a crash with what was noted, and while it is under way. */
export const finish = async (act: (notes: Notes) => Promise<Acted>, notes: Notes = []): Promise<Acted> => {
  let failure: unknown;
  for (let tries = 0; tries < 20; tries += 1) {
    try {
      const acted = await act(notes);
      if (acted.result !== 'pending') return acted;
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? new Error('it stays pending');
};

/** A signal that is aborted already. */
export const aborted = (): AbortSignal => AbortSignal.abort(new Error('stopped by the test'));

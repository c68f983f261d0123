import { says, withEnd, type Ended, type Want } from './ended.ts';

/** How a change of a role's policy ended. */
export type Wrote =
  | { wrote: 'written' | 'already' }
  /** It was sent, and IAM's record does not show it yet: the probe will tell. */
  | { wrote: 'unseen' }
  | { wrote: 'gone' }
  | { wrote: 'refused'; reason: string };

/** One change: what it makes of what is there, and whether it is there already. */
export interface Change {
  make(ended: Ended): Ended;
  isMade(ended: Ended): boolean;
  /** Set for an end, which later changes repeat for a while, should a replica that is behind hide it. Unset for what takes an end back. */
  want?: Want;
  /** Set for what takes an end back: the end that is not to be repeated any more. */
  undoes?: Want;
  /** Why it must not be made of what is there now; undefined where it may. Asked anew before each write. */
  refusal?(ended: Ended): string | undefined;
}

/** A change that ends sessions. */
export const ending = (want: Want): Change => ({ want, make: (ended) => withEnd(ended, want), isMade: (ended) => says(ended, want) });

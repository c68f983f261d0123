import { createHash } from 'node:crypto';

/** A line's place in its chain. `hash` covers everything before it in this line and the `hash` of the line before. */
export interface Link {
  n: number;
  at: string;
  previous: string;
  hash: string;
}

const zero = '0'.repeat(64);
const width = 6;

/** How often a line is decided anew because somebody else wrote first. */
export const mostTries = 12;

/** A line's number as sort keys have it, so that they are in its order. */
export const padded = (n: number): string => String(n).padStart(width, '0');

/** The line that follows on `last`. Lines are ordered by n: a clock that stepped back must not reorder the story. */
export const lineAfter = <Entry extends object>(last: Link | undefined, entry: Entry, now: Date): Entry & Link => {
  const at = new Date(Math.max(now.getTime(), last ? new Date(last.at).getTime() : 0)).toISOString();
  const base = { ...(JSON.parse(JSON.stringify(entry)) as Entry), n: (last?.n ?? 0) + 1, at, previous: last?.hash ?? zero };
  return { ...base, hash: createHash('sha256').update(JSON.stringify(base)).digest('hex') };
};

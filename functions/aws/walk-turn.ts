import { isConditionFailed } from './ledger.ts';
import type { Registry } from './registry.ts';

/** Where a walk over everything stands. */
export interface Walk {
  /** ISO 8601. */
  startedAt: string;
  phase: 'secrets' | 'issuers' | 'done';
  /** The page of secrets to go on with; absent before the first. */
  token?: string;
  /** The issuer whose list is being read, and its own word for how far. */
  issuer?: string;
  marker?: string;
  seen: number;
  changed: number;
  /** Who walks, and until when (ISO 8601) that is believed; after that the turn was dropped. */
  turn?: string;
  until?: string;
  /** When a walk last came to its end, this one or one before it. */
  finishedAt?: string;
}

/** One function's share of a walk. Only whoever has the turn saves. */
export interface Turn {
  at(): Walk;
  /** Saves progress. Throws where somebody else has taken the turn. */
  save(progress: Partial<Walk>): Promise<void>;
  /** Lets go of the turn; false where somebody else has taken it. */
  end(): Promise<boolean>;
  /** Whether somebody else has taken it. */
  isLost(): boolean;
}

const leaseMilliseconds = 90_000;

/** The walk that is to be gone on with, or begun; undefined where there is nothing to do or somebody else is at it. */
const startOf = (why: 'tick' | 'continue' | 'all', known: Walk | undefined, now: Date): Walk | undefined => {
  const isWalked = known?.until !== undefined && new Date(known.until) > now;
  if (isWalked && why !== 'all') return undefined;
  if (known && known.phase !== 'done' && why !== 'all') return known;
  return why === 'continue' ? undefined : { startedAt: now.toISOString(), phase: 'secrets', seen: 0, changed: 0, finishedAt: known?.finishedAt };
};

/** Takes the turn to walk under that name. A conditional write decides between two who want it at once. */
export const takeTurn = async (why: 'tick' | 'continue' | 'all', registry: Registry, now: () => Date, name: string): Promise<Turn | undefined> => {
  const known = (await registry.walk()) as Walk | undefined;
  const start = startOf(why, known, now());
  if (!start) return undefined;
  let at = start;
  let lost = false;
  const put = async (next: Walk, holder: string | undefined, isOver = false): Promise<void> => {
    const until = isOver ? undefined : new Date(now().getTime() + leaseMilliseconds).toISOString();
    try {
      await registry.putWalk({ ...next, turn: name, until }, [name, holder]);
    } catch (error) {
      lost ||= isConditionFailed(error);
      throw error;
    }
    at = next;
  };
  try {
    await put(start, known?.turn);
  } catch (error) {
    if (isConditionFailed(error)) return undefined;
    throw error;
  }
  const end = async (): Promise<boolean> => {
    try {
      if (!lost) await put(at, name, true);
    } catch (error) {
      if (!lost) throw error;
    }
    return !lost;
  };
  return { at: () => at, save: (progress) => put({ ...at, ...progress }, name), end, isLost: () => lost };
};

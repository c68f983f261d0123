import type { Behaviour } from '../behaviour.ts';
import type { AwsState, Collection } from './state.ts';

/** One change: what the entry was before, when it changed, and from when others see the change. Milliseconds. */
export interface Change {
  collection: Collection;
  id: string;
  before: unknown;
  at: number;
  visibleAt: number;
}

const KEPT_MS = 15 * 60_000;
const KEPT_CHANGES = 1_000;

/** Notes that an entry is about to change. Call it before changing, adding or removing the entry. */
export const noteChange = (state: AwsState, collection: Collection, id: string, now: number, hiddenMs: number): void => {
  const before = state[collection][id];
  const kept = state.journal.filter((change, index, all) =>
    change.visibleAt > now || (change.at > now - KEPT_MS && index >= all.length - KEPT_CHANGES));
  state.journal = [...kept, { collection, id, before: before === undefined ? null : structuredClone(before), at: now, visibleAt: now + hiddenMs }];
};

/** The state with some changes undone. Shares whatever is unchanged; treat it as read-only. */
const without = (state: AwsState, changes: Change[]): AwsState => {
  if (changes.length === 0) return state;
  const seen = { ...state };
  const copied = new Set<Collection>();
  // Backwards, so that the oldest of several changes of one entry decides what is seen.
  for (const { collection, id, before } of changes.toReversed()) {
    if (!copied.has(collection)) {
      Object.assign(seen, { [collection]: { ...seen[collection] } });
      copied.add(collection);
    }
    const entries = seen[collection] as Record<string, unknown>;
    if (before === null) delete entries[id];
    else entries[id] = before;
  }
  return seen;
};

/** What everybody sees at this moment: changes that are still on their way are not there yet. */
export const visible = (state: AwsState, now: number): AwsState =>
  without(state, state.journal.filter(({ visibleAt }) => visibleAt > now));

/** Tells how many milliseconds behind the reader of one request is: `lag` always, `stale` on every other request, beginning with the first. */
export const replicas = (): ((effects: readonly Behaviour[]) => number) => {
  const turns = new WeakMap<Behaviour, number>();
  // A request asks twice (the door, then the service) and must be told the same.
  const told = new WeakMap<readonly Behaviour[], number>();
  return (effects) => {
    const before = told.get(effects);
    if (before !== undefined) return before;
    let behind = 0;
    for (const behaviour of effects) {
      if (behaviour.effect !== 'lag' && behaviour.effect !== 'stale') continue;
      const turn = turns.get(behaviour) ?? 0;
      turns.set(behaviour, turn + 1);
      if (behaviour.effect === 'lag' || turn % 2 === 0) behind = Math.max(behind, (behaviour.seconds ?? 10) * 1000);
    }
    told.set(effects, behind);
    return behind;
  };
};

/** What a reader sees who is that far behind. */
export const seenBehind = (state: AwsState, now: number, behind: number): AwsState =>
  without(state, state.journal.filter(({ at, visibleAt }) => visibleAt > now || (behind > 0 && at > now - behind)));

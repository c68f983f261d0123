import type { StoredLease, StoredToken, VaultState } from './state.ts';
import { rowOf } from './state.ts';

/** When the token dies or died: by its own end or that of whoever it hangs on; Infinity for never. */
export const deathOf = (token: StoredToken, state: VaultState): number => {
  let death = Infinity;
  for (let one: StoredToken | undefined = token; one !== undefined; ) {
    death = Math.min(death, one.revokedAt ?? Infinity, one.expiresAt ?? Infinity);
    if (one.parent === undefined) return death;
    one = rowOf(state.tokens, one.parent);
  }
  return -Infinity;
};

/** Whether the server still knows the token. */
export const isAlive = (token: StoredToken, state: VaultState, now: number): boolean => deathOf(token, state) > now;

/** Whether the token opens anything: it lives, and its entity is not disabled. */
export const isUsable = (token: StoredToken, state: VaultState, now: number): boolean => isAlive(token, state, now) && rowOf(state.entities, token.entity)?.disabled !== true;

/** The living token of that value. */
export const livingToken = (state: VaultState, value: string, now: number): StoredToken | undefined => {
  const token = rowOf(state.tokens, value);
  return token !== undefined && isAlive(token, state, now) ? token : undefined;
};

/** When the lease's end is or was due; the work on it begins a moment later. */
export const dueAt = (lease: StoredLease, state: VaultState): number => {
  const owner = rowOf(state.tokens, lease.owner);
  return Math.min(lease.endAskedAt ?? Infinity, lease.expiresAt, owner === undefined ? Infinity : Math.max(deathOf(owner, state), lease.issuedAt));
};

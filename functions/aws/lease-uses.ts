import type { Caller } from '../core/lease.ts';
import { Refused } from '../core/lease-terms.ts';
import type { LeaseDeps } from './lease-deps.ts';
import { errorName } from './log.ts';

/** What keeping a use of the API works with. */
export type UseDeps = Pick<LeaseDeps, 'leases' | 'log' | 'count'>;

/** A use that was accepted and changed no line of a lease by itself. */
export interface Use {
  what: 'end-asked' | 'revoke-asked' | 'registered-again' | 'renewed-again';
  by: Caller;
  lease: string;
  /** In the caller's words. */
  reason?: string;
}

/** Refusals of which no further line is needed. */
const settled = new WeakSet<Refused>();

/**
 * Keeps an accepted use, after what it is about was done: an end that was asked for is on its way by then, whatever becomes of
 * this line. Throws `Refused` (503) where it cannot be written, so that who asked asks again and is kept then.
 */
export const keepUse = async ({ leases, log }: UseDeps, use: Use): Promise<void> => {
  try {
    await leases.recordUse(use);
  } catch (error) {
    log.error('use of the lease API could not be kept', { what: use.what, lease: use.lease, error: errorName(error) });
    const refused = new Refused(503, 'what was asked for goes ahead, but that you asked for it could not be written down: ask again');
    settled.add(refused);
    throw refused;
  }
};

/** Keeps that somebody who proved who they are was refused, and why; comes back as what they are told, which may be less. */
export const keepRefusal = async ({ leases, count }: UseDeps, by: Caller, reason: string, told: Refused, lease = told.lease): Promise<Refused> => {
  if (settled.has(told)) return told;
  if (told.status === 403) count('LeaseRefused');
  await leases.recordUse({ what: 'refused', by, reason, lease });
  settled.add(told);
  return told;
};

/** Does what somebody asks who proved who they are. Where it is refused, that is kept, once, with the lease that was asked for. */
export const asProven = async <T>(by: Caller, deps: UseDeps, act: () => T | Promise<T>, lease?: string): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw await keepRefusal(deps, by, error.message, error, error.lease ?? lease);
  }
};

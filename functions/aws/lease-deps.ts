import type { Configuration, Leases as LeaseSettings } from '../core/configuration.ts';
import type { Credential, Issuer } from '../core/connector.ts';
import type { ClientOf } from './clients.ts';
import type { Leases } from './leases.ts';
import type { Count, Log } from './log.ts';
import type { TimerPlace } from './timers.ts';

/** What both sides of a lease's life work with: registering and ending. */
export interface LeaseDeps {
  configuration: Configuration;
  clientOf: ClientOf;
  leases: Leases;
  issuers: ReadonlyMap<string, Issuer>;
  timers: TimerPlace;
  /** URL of the queue that feeds release. */
  endsQueue: string;
  now: () => Date;
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  log: Log;
  count: Count;
}

/** What ending a lease needs besides. */
export interface ReleaseDeps extends LeaseDeps {
  /** URL of the queue that feeds dispatch: what cannot be finished becomes a case. */
  deliveriesQueue: string;
}

/** The rules for leases; where the installation has none, nothing may be leased. */
export const rulesOf = ({ leases }: Configuration): LeaseSettings => leases ?? { maximumMinutes: 60, audience: '', issuers: [], subjects: [], jobRoles: [] };

/** A lease's credential as connectors take it. */
export const credentialOf = (id: string, more: Pick<Credential, 'owner' | 'principal' | 'account'> = {}): Credential => {
  const colon = id.indexOf(':');
  return { id, issuer: id.slice(0, colon), name: id.slice(colon + 1), ...more, copies: [] };
};

import type { LeaseRow } from '../../cli/leases/answers.ts';
import type { LeaseStatus } from '../../functions/core/lease.ts';
import type { LeaseView } from '../../functions/core/lease-view.ts';

const hex = (n: number, length: number): string => n.toString(16).padStart(length, '0');

/** The id of a made-up lease. */
export const idOf = (n: number): string => `l-${hex(n, 20)}-${hex(n, 16)}`;

const minutesFromNow = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

/** A row as the API lists it. */
export const rowOf = (n: number, more: Partial<LeaseRow> = {}): LeaseRow => ({
  id: idOf(n), status: 'active', credential: `vault:token/accessor-${n}`, run: { platform: 'github-actions', run: `4242/${n}`, attempt: '1' }, owner: 'platform', subject: 'deployments',
  registeredAt: minutesFromNow(-125.2), expiresAt: minutesFromNow(30.2), dueAt: minutesFromNow(29), ...more,
});

/** A lease as the API shows it. */
export const viewOf = (n: number, status: LeaseStatus, more: Partial<LeaseView> = {}): LeaseView => {
  const { id, credential, run, owner, registeredAt, expiresAt } = rowOf(n);
  return {
    id, status, credential, run, owner, reason: 'deploys the shop', by: { issuer: 'https://token.example', subject: 'repo:acme/shop', repository: 'acme/shop', address: '192.0.2.7' }, registeredAt, expiresAt, maximumAt: minutesFromNow(60),
    jobRole: undefined, ending: undefined, endedAt: undefined, basis: undefined, note: undefined, loose: undefined, with: undefined, case: undefined, tries: 0, dueAt: undefined,
    timeline: [{ n: 1, at: registeredAt, what: 'registered', text: `${credential} lent`, hash: 'ab'.repeat(32) }],
    ...more,
  };
};

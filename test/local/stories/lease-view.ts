import type { LeaseView } from '../../../functions/core/lease-view.ts';

export const leaseId = `l-${'0'.repeat(20)}-0123456789abcdef`;
export const lent = 'vault:token/0123456789abcdef01234567';

/** A lease that was released, with something in it changed. */
export const leaseView = (more: Partial<LeaseView> = {}): LeaseView => ({
  id: leaseId,
  status: 'released',
  credential: lent,
  run: { platform: 'gitlab', run: '380/2366', attempt: '1' },
  owner: 'orders',
  reason: 'migrate',
  by: { issuer: 'https://gitlab.example', subject: 'project_path:acme/shop' },
  registeredAt: '2026-03-02T08:00:00.000Z',
  expiresAt: '2026-03-02T08:30:00.000Z',
  maximumAt: '2026-03-02T09:00:00.000Z',
  jobRole: undefined,
  ending: { kind: 'run-ended', at: '2026-03-02T08:05:00.000Z', state: 'success', source: 'gitlab-jobs' },
  endedAt: '2026-03-02T08:05:01.000Z',
  basis: 'record',
  note: 'the vault knows no token with this accessor', loose: undefined,
  with: undefined,
  case: undefined,
  tries: 0,
  dueAt: undefined,
  timeline: [
    { n: 1, at: '2026-03-02T08:00:00.000Z', what: 'registered', text: '', hash: '' },
    { n: 2, at: '2026-03-02T08:05:01.240Z', what: 'released', text: '', hash: '' },
  ],
  ...more,
});

import { expect, test } from 'vitest';
import type { LeaseEntry, LeaseLine, Terms } from '../../../functions/core/lease.ts';
import type { LeaseRow } from '../../../local/stories/lease-rows.ts';
import { leaseTableLines } from '../../../local/terminal/lease-table.ts';
import { leaseTimelineRows } from '../../../local/terminal/lease-timeline.ts';
import { painted, unpainted } from '../../../local/terminal/paint.ts';
import { sentRows } from '../../../local/terminal/timeline.ts';
import { tryLines } from '../../../local/terminal/try-it.ts';
import { leaseId, leaseView, lent } from '../stories/lease-view.ts';

const row: LeaseRow = {
  lease: leaseId,
  story: "A CI runner's Vault token and the tokens that it minted: dead with the pipeline",
  credential: lent,
  run: `aws-batch ${'5f1c2a90-e7b8-4d3f-9a61-0c7d2e8b4f15'} attempt 2`,
  ended: 'gitlab-jobs says that the run ended (success)',
  status: 'released',
  basis: 'record',
  green: true,
  how: 'status 400: the vault knows no token with this accessor, while our own token was found',
  seconds: 0.34,
  made: [{ id: 'vault:token/abcdefabcdefabcdefabcdef', alive: false }, { id: `vault:lease/database/creds/${'x'.repeat(90)}`, alive: false }],
};

test.each([80, 90, 107, 108, 110, 120])('the table of leases fits into %i columns and loses nothing', (width) => {
  const lines = leaseTableLines([row], unpainted, width);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
  const flat = lines.join('').replaceAll(' ', '');
  for (const part of ['0.3s', "✔released,itsissuer'srecordsaysdead:status400", 'withitdiedwhatithadmade', 'abcdefabcdefabcdefabcdef', 'x'.repeat(90)]) expect(flat).toContain(part);
  expect(lines.map((line) => line.slice(4, 29).trim()).filter((text) => /^(l-)?[0-9a-f-]+$/.test(text)).join(''), 'the whole id of the lease').toBe(leaseId);
});

test('only what was released is green', () => {
  const verdict = (more: Partial<LeaseRow>): string => leaseTableLines([{ ...row, made: [], green: false, ...more }], painted, 120).find((line) => /[✔✘?] /.test(line)) ?? '';
  expect(verdict({ green: true })).toContain("\u001b[32m✔ released, its issuer's record says dead: ");
  expect(verdict({ green: true, basis: 'value' })).toContain('\u001b[32m✔ released, the old value was used and refused: ');
  expect(verdict({ status: 'pending-revocation' })).toContain('\u001b[31m✘ pending revocation: ');
  for (const [status, words] of [['active', 'lent'], ['handed-on', 'handed on'], ['shared', 'shared, not cut'], ['observed', 'observed'], ['refused', 'refused']] as const) {
    expect(verdict({ status })).toContain(`? ${words}: `);
    expect(verdict({ status })).not.toContain('\u001b[32m');
  }
});

test('what a released credential had made and still opens its door is told in red', () => {
  const text = leaseTableLines([{ ...row, made: [{ id: 'vault:token/abc', alive: true }] }], painted, 120).join('\n');
  expect(text).toContain('\u001b[31m✘ it had made vault:token/abc, which opens its door');
});

test('leases are numbered after the stories of the cases, by credential', () => {
  const text = leaseTableLines([row, { ...row, credential: 'vault:token/other' }, row], unpainted, 110, 6).join('\n');
  expect([...text.matchAll(/^(\d\S*) +A CI runner/gm)].map(([, label]) => label)).toEqual(['7', '8', '7b']);
});

const terms: Terms = { run: { platform: 'gitlab', run: '380/2366', attempt: '1' }, credential: lent, owner: 'orders', reason: 'migrate', expiresAt: '2026-03-02T08:30:00.000Z', maximumAt: '2026-03-02T09:00:00.000Z' };
const by = { issuer: 'https://gitlab.example', subject: 'project_path:acme/shop' };
const why = { kind: 'run-ended' as const, at: '2026-03-02T08:05:00.000Z', state: 'failed', source: 'gitlab-jobs' };
const entries: [LeaseEntry, string][] = [
  [{ kind: 'registered', terms, by }, `lent         ${lent} to gitlab 380/2366, until 2026-03-02T08:30:00Z: migrate (asked by project_path:acme/shop)`],
  [{ kind: 'registered', terms: { ...terms, expiresAt: '9999-12-31T00:00:00.000Z' }, by }, `lent         ${lent} to gitlab 380/2366: migrate (asked by project_path:acme/shop)`],
  [{ kind: 'renewed', expiresAt: '2026-03-02T08:40:00.000Z', timerAt: '2026-03-02T08:39:00.000Z', by }, 'renewed      until 2026-03-02T08:40:00.000Z by project_path:acme/shop'],
  [{ kind: 'tried', why, probes: [], error: 'VaultFailed', note: 'its issuer could not be asked', dueAt: '2026-03-02T08:06:00.000Z' }, 'pending      gitlab-jobs says that the run ended (failed); its issuer could not be asked; tried again at 2026-03-02T08:06:00.000Z'],
  [{ kind: 'released', why, acted: { result: 'done', note: 'revoked with its children' }, probes: [], basis: 'record', note: 'unknown there' }, 'released     gitlab-jobs says that the run ended (failed); revoked with its children; dead: unknown there'],
  [{ kind: 'handed-on', why, to: ['l-1 (gitlab 1/2)'] }, 'handed on    gitlab-jobs says that the run ended (failed); the credential lives on with l-1 (gitlab 1/2)'],
  [{ kind: 'shared', why, with: ['l-1'], note: 'not cut' }, 'shared       gitlab-jobs says that the run ended (failed); not cut: l-1'],
  [{ kind: 'observed', why }, 'observed     gitlab-jobs says that the run ended (failed); mode observe: nothing was touched'],
  [{ kind: 'refused', reason: 'being ended' }, 'refused      being ended'],
  [{ kind: 'case', case: leaseId, reason: 'alive' }, 'case         it becomes a case: alive'],
];

test.each(entries)('the timeline tells %o', (entry, text) => {
  const line: LeaseLine = { ...entry, n: 1, at: '2026-03-02T08:00:00.000Z', previous: '', hash: '' };
  expect(leaseTimelineRows(leaseId, line, 1.25, unpainted, 300)).toEqual([`   1.3 s  l…abcdef  ${text}`]);
  expect(Math.max(...leaseTimelineRows(leaseId, line, 1.25, unpainted, 80).map(({ length }) => length))).toBeLessThanOrEqual(80);
});

test('what only a machine needs is not shown', () => {
  expect(leaseTimelineRows(leaseId, { kind: 'noted', fact: { x: 1 }, n: 1, at: '', previous: '', hash: '' }, 1, unpainted, 110)).toEqual([]);
});

test('that a lease was asked for is told with its path, in red where it was refused', () => {
  expect(sentRows({ name: 'a', source: 'leases', path: '/iam/leases', status: 201, lease: leaseId }, 1, unpainted, 110)).toEqual(['   1.0 s  →         sent         "a" to /iam/leases: 201']);
  expect(sentRows({ name: 'a', source: 'leases', path: '/leases', status: 403, error: 'no' }, 1, painted, 110)[0]).toContain('\u001b[31msent');
});

test('what to try names a lease, and how to end one that is lent', () => {
  const trying = (status: 'active' | 'released') => tryLines({ url: 'http://x', cases: [], leases: [leaseView({ status })], remaining: [], samples: [], folder: '/' }, unpainted).join('\n');
  expect(trying('released')).toContain(`curl -s http://x/leases/${leaseId}\n`);
  expect(trying('released')).not.toContain('/revoke');
  expect(trying('active')).toContain(`curl -s http://x/leases/${leaseId}/revoke -H 'x-rescind-caller: you'`);
});

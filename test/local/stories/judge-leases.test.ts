import { expect, test } from 'vitest';
import { mismatchesOf } from '../../../local/stories/judge.ts';
import { mismatchesOfLeases, type LeaseEvidence } from '../../../local/stories/judge-leases.ts';
import { leaseRowsOf } from '../../../local/stories/lease-rows.ts';
import { messagesUnderWay } from '../../../local/stories/messages.ts';
import { isEndingSoon } from '../../../local/stories/settle.ts';
import { leaseId as id, leaseView, lent } from './lease-view.ts';

const evidence = (more: Partial<LeaseEvidence> = {}): LeaseEvidence => ({
  world: { reports: [{ name: 'lends', after: 0, source: 'leases', body: {} }], expect: [{ report: 'lends', lease: 'released' }] },
  observing: false,
  sent: [{ name: 'lends', source: 'leases', path: '/leases', status: 201, lease: id }],
  leases: [leaseView()],
  truth: [{ id: lent, issuer: 'vault', alive: false }],
  ...more,
});

const named = `lease ${id} (${lent})`;

test('nothing is said where every lease is as the world expects, and nothing about a report that registered one', () => {
  expect(mismatchesOfLeases(evidence())).toEqual([]);
  expect(mismatchesOf({ ...evidence(), cases: [], deadLetters: 0 })).toEqual([]);
});

test('another status is named', () => {
  const expecting = { ...evidence().world, expect: [{ report: 'lends', lease: 'handed-on' as const }] };
  expect(mismatchesOfLeases(evidence({ world: expecting }))).toEqual([`${named} of the report "lends" should be handed-on, and is released`]);
});

test('a lease that is released and whose credential opens its door is named, and so is what it had made', () => {
  const alive = [{ id: lent, issuer: 'vault', alive: true }];
  expect(mismatchesOfLeases(evidence({ truth: alive }))).toEqual([`${named} is released, and its credential opens its door`]);
  const token = (name: string, accessor: string, parent?: string) => ({ id: name, value: name, accessor, policies: [], parent });
  const vault = { tokens: [token('a', lent.slice(12)), token('b', 'bb', 'a'), token('c', 'cc', 'b'), { ...token('d', 'dd', 'a'), orphan: true }], leases: [{ id: 'database/creds/x/1', token: 'c' }] };
  const truth = ['token/bb', 'token/cc', 'token/dd', 'lease/database/creds/x/1'].map((one) => ({ id: `vault:${one}`, issuer: 'vault', alive: true }));
  const made = mismatchesOfLeases(evidence({ world: { ...evidence().world, vault }, truth: [...truth, { id: lent, issuer: 'vault', alive: false }] }));
  expect(made).toEqual(['vault:token/bb', 'vault:token/cc', 'vault:lease/database/creds/x/1'].map((one) => `${named} is released, and ${one} that it made opens its door`));
});

test('of a prefix everything below it must be dead', () => {
  const leases = [leaseView({ credential: 'vault:prefix/database/creds/x' })];
  const truth = ['database/creds/x/1', 'database/creds/xy/1'].map((one) => ({ id: `vault:lease/${one}`, issuer: 'vault', alive: true }));
  expect(mismatchesOfLeases(evidence({ leases, truth }))).toEqual([`lease ${id} (vault:prefix/database/creds/x) is released, and vault:lease/database/creds/x/1 that it made opens its door`]);
});

test('what opens its door may do so while its lease is active or pending', () => {
  const truth = [{ id: lent, issuer: 'vault', alive: true }];
  for (const status of ['active', 'pending-revocation'] as const) {
    const world = { ...evidence().world, expect: [{ report: 'lends', lease: status }] };
    expect(mismatchesOfLeases(evidence({ leases: [leaseView({ status })], world, truth }))).toEqual([]);
  }
});

test('a revocation that is pending without a case is still being worked on, unless that is what was expected', () => {
  const world = { reports: evidence().world.reports };
  const [pending, known] = [leaseView({ status: 'pending-revocation' }), leaseView({ status: 'pending-revocation', case: id })];
  expect(mismatchesOfLeases(evidence({ leases: [pending], world }))).toEqual([`${named} is still being taken back`]);
  expect(mismatchesOfLeases(evidence({ leases: [known], world }))).toEqual([]);
});

test('every lease is named by exactly one expectation where the world has any', () => {
  const stranger = leaseView({ id: `l-${'f'.repeat(20)}-0123456789abcdef`, status: 'active' });
  expect(mismatchesOfLeases(evidence({ leases: [leaseView(), stranger] }))).toEqual([`lease ${stranger.id} (${lent}) is expected by nobody: it is active`]);
  expect(mismatchesOfLeases(evidence({ leases: [leaseView(), stranger], world: { reports: [] } }))).toEqual([]);
  const twice = { ...evidence().world, expect: [1, 2].map(() => ({ report: 'lends', lease: 'released' as const })) };
  expect(mismatchesOfLeases(evidence({ world: twice }))).toEqual([`${named} is named by 2 expectations, and should be by one`]);
});

test('a request that was refused has no lease: right where that was expected, and else said once each', () => {
  const sent = [{ name: 'lends', source: 'leases', status: 403, error: 'nobody trusts it' }];
  const refused = { ...evidence().world, expect: [{ report: 'lends', lease: 'refused' as const }] };
  const all = (world: LeaseEvidence['world']) => mismatchesOf({ ...evidence({ sent, leases: [], world }), cases: [], deadLetters: 0 });
  expect(all(refused)).toEqual([]);
  expect(all(evidence().world)).toEqual(['the report "lends" was not accepted: 403, nobody trusts it', 'the report "lends" has no lease, and one was expected']);
  expect(mismatchesOfLeases(evidence({ world: refused }))).toEqual([`${named} of the report "lends" should be refused, and is released`]);
});

test('in mode observe nothing may have been touched, so nothing is released', () => {
  expect(mismatchesOfLeases(evidence({ observing: true, leases: [leaseView({ status: 'observed' })] }))).toEqual([]);
  expect(mismatchesOfLeases(evidence({ observing: true }))).toHaveLength(1);
});

test('a case that a lease became is expected by the report that registered the lease', () => {
  const found = {
    id: 'c-1', status: 'not-contained' as const, openedAt: '', endedAt: '2026-03-02T08:09:00.000Z', closed: undefined, ended: true, attempt: 1, credential: lent, owner: 'orders', proof: 'lease' as const, plan: undefined, copies: undefined,
    trigger: { kind: 'JobEnded' as const, reports: [{ source: 'leases', delivery: id, finding: id, at: '', receivedAt: '2026-03-02T08:05:00.000Z', where: '', kind: '', claim: 'verified' as const, caution: undefined }] },
    outcomes: [], seconds: {}, remaining: [], timeline: [],
  };
  const world = { ...evidence().world, expect: [{ report: 'lends', lease: 'pending-revocation' as const }, { report: 'lends', status: 'not-contained' as const }] };
  expect(mismatchesOf({ ...evidence({ world, leases: [leaseView({ status: 'pending-revocation', case: id })] }), cases: [found], deadLetters: 0 })).toEqual([]);
});

test('a row tells what was lent, how it ended, and seconds from the end to death', () => {
  const [row] = leaseRowsOf([leaseView()], evidence().world, evidence().sent, []);
  expect(row).toMatchObject({ lease: id, run: 'gitlab 380/2366', ended: 'gitlab-jobs says that the run ended (success)', green: true, seconds: 1.2, made: [] });
  const [active] = leaseRowsOf([leaseView({ status: 'active', ending: undefined, timeline: [] })], evidence().world, [], []);
  expect(active).toMatchObject({ green: false, ended: 'it has not', how: 'until 2026-03-02T08:30:00Z, and nothing has ended it yet' });
  expect(active?.seconds).toBeUndefined();
});

test('rows stand in the order of what is expected, the others after them', () => {
  const other = leaseView({ id: `l-${'f'.repeat(20)}-0123456789abcdef` });
  expect(leaseRowsOf([other, leaseView()], { expect: [{ report: 'lends', lease: 'released', story: 'a story' }] }, evidence().sent, []).map(({ lease, story }) => [lease, story])).toEqual([[id, 'a story'], [other.id, undefined]]);
});

test('a lease ends soon within two minutes of its timer, or while its revocation is pending without a case', () => {
  const now = new Date('2026-03-02T08:00:00.000Z');
  const { run, registeredAt } = leaseView();
  const soon = (more: object) => isEndingSoon({ id, run, registeredAt, status: 'active', ...more }, now);
  expect([soon({ dueAt: '2026-03-02T08:02:00.000Z' }), soon({ dueAt: '2026-03-02T07:00:00.000Z' }), soon({ status: 'pending-revocation', dueAt: '2026-03-02T09:00:00.000Z' })]).toEqual([true, true, true]);
  expect([soon({ dueAt: '2026-03-02T08:02:01.000Z' }), soon({}), soon({ status: 'pending-revocation', case: id }), soon({ status: 'released' })]).toEqual([false, false, false, false]);
});

test('a message that only tries a lease again later keeps nobody waiting; all others do', () => {
  const now = new Date(1_000);
  const count = (body: string, visibleAt: number, receiveCount: number) => messagesUnderWay([{ messages: new Map([['m', { body, visibleAt, receiveCount }]]) }], now);
  expect(count('{"kind":"again"}', 2_000, 0)).toBe(0);
  expect([count('{"kind":"again"}', 1_000, 0), count('{"kind":"again"}', 2_000, 1), count('{"kind":"role"}', 2_000, 0), count('no JSON', 2_000, 0), count('null', 2_000, 0)]).toEqual([1, 1, 1, 1, 1]);
});

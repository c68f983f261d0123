import { expect, test } from 'vitest';
import type { CaseView } from '../../../functions/core/case-view.ts';
import { mismatchesOf, type Evidence } from '../../../local/stories/judge.ts';

const credential = 'declared-probe:acmepay/0123456789abcdef';

const caseOf = (more: Partial<CaseView> = {}): CaseView => ({
  id: 'c-1',
  status: 'contained',
  openedAt: '2026-03-02T08:00:00.000Z',
  endedAt: '2026-03-02T08:00:09.000Z',
  closed: { by: 'rescind', reason: 'contained', at: '2026-03-02T08:00:09.000Z' },
  ended: true,
  attempt: 1,
  trigger: { kind: 'SecretLeaked', reports: [{ source: 'trufflehog', delivery: 'd-1', finding: 'f', at: '', receivedAt: '2026-03-02T08:00:00.000Z', where: 'here', kind: 'k', claim: 'verified', caution: undefined }] },
  credential,
  owner: 'orders',
  proof: 'value',
  plan: undefined,
  copies: undefined,
  outcomes: [{ credential, outcome: 'confirmed', how: 'seen', green: true, children: [] }],
  seconds: { contained: 1, dead: 9 },
  remaining: [],
  timeline: [],
  ...more,
});

const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  world: { reports: [{ name: 'leak', after: 0, source: 'trufflehog', body: {} }], expect: [{ report: 'leak', status: 'contained', outcome: 'confirmed' }] },
  observing: false,
  sent: [{ name: 'leak', source: 'trufflehog', status: 202, delivery: 'd-1' }],
  cases: [caseOf()],
  leases: [],
  truth: [{ id: credential, issuer: 'declared-probe', alive: false }],
  deadLetters: 0,
  ...more,
});

test('nothing is said where everything is as the world expects', () => {
  expect(mismatchesOf(evidence())).toEqual([]);
});

test('a credential that is reported dead and opens its door is named', () => {
  for (const outcome of ['confirmed', 'attested'] as const) {
    const cases = [caseOf({ outcomes: [{ credential, outcome, how: 'seen', green: true, children: [] }] })];
    const said = mismatchesOf(evidence({ cases, world: { reports: [], expect: undefined }, truth: [{ id: credential, issuer: 'declared-probe', alive: true }] }));
    expect(said).toEqual([`case c-1 (${credential}) is reported ${outcome}, and ${credential} opens its door`]);
  }
});

test('an unconfirmed credential may open its door', () => {
  const cases = [caseOf({ status: 'not-contained', closed: undefined, outcomes: [{ credential, outcome: 'unconfirmed', how: 'not seen', green: false, children: [] }] })];
  expect(mismatchesOf(evidence({ cases, world: { reports: [], expect: undefined }, truth: [{ id: credential, issuer: 'declared-probe', alive: true }] }))).toEqual([]);
});

test('another ending and another outcome are one sentence each', () => {
  const said = mismatchesOf(evidence({ cases: [caseOf({ status: 'not-contained', outcomes: [{ credential, outcome: 'unconfirmed', how: '', green: false, children: [] }] })] }));
  expect(said).toEqual([
    `case c-1 (${credential}) of the report "leak" should end contained, and is not-contained`,
    `case c-1 (${credential}) of the report "leak" should be confirmed, and is unconfirmed`,
  ]);
});

test('a case that is still being worked on is a mismatch; one that waits for a person has ended', () => {
  const open = caseOf({ status: 'open', endedAt: undefined, closed: undefined, outcomes: [] });
  const expecting = (status: 'waiting' | 'open') => ({ reports: evidence().world.reports, expect: [{ report: 'leak', status }] });
  expect(mismatchesOf(evidence({ cases: [open], world: expecting('open') }))).toEqual([`case c-1 (${credential}) is still being worked on`]);
  expect(mismatchesOf(evidence({ cases: [{ ...open, status: 'waiting' }], world: expecting('waiting') }))).toEqual([]);
});

test('every case is named by exactly one expectation', () => {
  const stranger = caseOf({ id: 'c-2', credential: undefined, status: 'unmatched', outcomes: [], trigger: { kind: 'SecretLeaked', reports: [] } });
  expect(mismatchesOf(evidence({ cases: [caseOf(), stranger] }))).toEqual(['case c-2 is expected by nobody: it is unmatched']);
  const twice = { reports: evidence().world.reports, expect: [1, 2].map(() => ({ report: 'leak', status: 'contained' as const })) };
  expect(mismatchesOf(evidence({ world: twice }))).toEqual([`case c-1 (${credential}) is named by 2 expectations, and should be by one`]);
});

test('where a report opens several cases, a credential tells which is meant', () => {
  const other = caseOf({ id: 'c-2', credential: 'unknown:1', status: 'not-contained', outcomes: [] });
  const world = { reports: evidence().world.reports, expect: [{ report: 'leak', credential, status: 'contained' as const }, { report: 'leak', credential: 'unknown:1', status: 'not-contained' as const }] };
  expect(mismatchesOf(evidence({ world, cases: [caseOf(), other] }))).toEqual([]);
});

test('a report that was refused, not sent or opened no case is named', () => {
  const refused = mismatchesOf(evidence({ sent: [{ name: 'leak', source: 'trufflehog', status: 401, error: 'no signature matches the body' }], cases: [] }));
  expect(refused).toEqual(['the report "leak" was not accepted: 401, no signature matches the body', 'the report "leak" has no case, and one was expected']);
  expect(mismatchesOf(evidence({ sent: [], cases: [] }))[0]).toBe('the report "leak" was not sent yet');
});

test('in mode observe nothing may have been touched', () => {
  expect(mismatchesOf(evidence({ observing: true, cases: [caseOf({ status: 'observed', outcomes: [] })] }))).toEqual([]);
  expect(mismatchesOf(evidence({ observing: true }))).toHaveLength(1);
});

test('a message that nobody could handle is a mismatch', () => {
  expect(mismatchesOf(evidence({ deadLetters: 1 }))).toEqual(['1 message lies in a dead-letter queue: nobody could handle it']);
});

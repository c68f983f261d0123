import { describe, expect, test } from 'vitest';
import type { Acted } from '../../functions/core/connector.ts';
import { isOver, leaseOf, type Ending, type LeaseEntry, type LeaseLine } from '../../functions/core/lease.ts';
import { endingInWords, leaseViewOf, runInWords, sentenceOf } from '../../functions/core/lease-view.ts';

const at = (n: number): string => new Date(Date.parse('2026-05-01T10:00:00Z') + n * 60_000).toISOString();
const by = { issuer: 'https://issuer', subject: 'repo:acme/app', as: 'app' };
const terms = { run: { platform: 'gitlab', run: '1/2', attempt: '1' }, credential: 'vault:token/a', owner: 'orders', reason: 'builds', expiresAt: at(30), maximumAt: at(60) };
const registered: LeaseEntry = { kind: 'registered', terms, timerAt: at(28), by };
const why: Ending = { kind: 'run-ended', at: at(5), state: 'success', source: 'gitlab-jobs' };
const done: Acted = { result: 'done', note: 'revoked' };
const dead = { at: Date.parse(at(6)), probed: { verdict: 'dead' as const, basis: 'record' as const, control: true, note: 'gone' } };
const tried: LeaseEntry = { kind: 'tried', why, acted: done, actedAt: Date.parse(at(6)), probes: [dead], note: 'settles', dueAt: at(7) };

const told = (...entries: LeaseEntry[]): LeaseLine[] => entries.map((entry, index) => ({ ...entry, n: index + 1, at: at(index), previous: '', hash: `h${index + 1}` }));
const lease = (...entries: LeaseEntry[]) => {
  const found = leaseOf('l-1', told(registered, ...entries));
  if (!found) throw new Error('there is no lease');
  return found;
};

describe('a lease as its lines tell it', () => {
  test('is none without its first line', () => {
    expect(leaseOf('l-1', [])).toBeUndefined();
    expect(leaseOf('l-1', told(tried))).toBeUndefined();
  });

  test('is active until its expiry, and later when it is renewed', () => {
    expect(lease()).toMatchObject({ status: 'active', expiresAt: at(30), timerAt: at(28), renewals: 0, tries: 0, registeredAt: at(0) });
    expect(lease({ kind: 'renewed', expiresAt: at(50), timerAt: at(48), by })).toMatchObject({ status: 'active', expiresAt: at(50), timerAt: at(48), renewals: 1 });
  });

  test('is pending from the first try on, with the first reason, its act and all probes since', () => {
    const again: LeaseEntry = { kind: 'tried', why: { kind: 'expired', at: at(9) }, probes: [dead], note: 'alive', dueAt: at(11) };
    const found = lease(tried, again);
    expect(found).toMatchObject({ status: 'pending-revocation', ending: why, pendingSince: at(1), endedAt: at(1), dueAt: at(11), tries: 2, act: { at: Date.parse(at(6)), acted: done }, note: 'alive' });
    expect(found.probes).toHaveLength(2);
    expect(lease(tried, { ...again, acted: done, actedAt: Date.parse(at(10)) }).probes).toHaveLength(1);
    expect(lease(tried, { ...again, acted: { result: 'refused', reason: 'no', meanwhile: 'nothing' } }).act).toBeUndefined();
  });

  test.each<[string, LeaseEntry]>([
    ['released', { kind: 'released', why, probes: [dead], basis: 'record', note: 'gone' }],
    ['handed-on', { kind: 'handed-on', why, to: ['l-2'] }],
    ['shared', { kind: 'shared', why, with: ['l-2'], note: 'others have it' }],
    ['observed', { kind: 'observed', why }],
    ['refused', { kind: 'refused', reason: 'it is being taken back' }],
  ])('is over when it is %s', (status, entry) => {
    const found = lease(entry);
    expect([found.status, isOver(found), found.endedAt, found.dueAt]).toEqual([status, true, at(1), undefined]);
    expect([isOver(lease()), isOver(lease(tried))]).toEqual([false, false]);
    // since when it is over does not move, nor why
    expect(lease(tried, entry)).toMatchObject({ endedAt: at(1), ending: why });
  });

  test('keeps its case, and what was noted changes nothing', () => {
    expect(lease(tried, { kind: 'case', case: 'c-1', reason: 'no' })).toMatchObject({ case: 'c-1', status: 'pending-revocation' });
    expect(lease({ kind: 'noted', fact: { queued: true } })).toMatchObject({ status: 'active' });
  });

  test('is the same however often it is read', () => {
    const lines = told(registered, tried, { kind: 'released', why, probes: [], basis: 'record', note: 'gone' });
    expect(leaseOf('l-1', lines)).toEqual(leaseOf('l-1', lines));
  });
});

describe('a lease as it is shown', () => {
  test('tells how long it has been pending, while it is', () => {
    expect(leaseViewOf(lease(tried), new Date(at(61)))).toMatchObject({ pendingSeconds: 3600, status: 'pending-revocation' });
    expect(leaseViewOf(lease(tried), new Date(at(0)))).toMatchObject({ pendingSeconds: 0 });
    expect(leaseViewOf(lease(tried, { kind: 'released', why, probes: [], basis: 'record', note: 'gone' }), new Date(at(61)))).not.toHaveProperty('pendingSeconds');
  });

  test('has a sentence and a hash for each line', () => {
    const { timeline } = leaseViewOf(lease(tried, { kind: 'released', why, probes: [], basis: 'record', note: 'gone' }), new Date(at(3)));
    expect(timeline.map(({ n, what, hash }) => [n, what, hash])).toEqual([[1, 'registered', 'h1'], [2, 'tried', 'h2'], [3, 'released', 'h3']]);
    expect(timeline.map(({ text }) => text)).toEqual([
      `vault:token/a lent to gitlab 1/2 until ${at(30)} by repo:acme/app: builds`,
      `gitlab-jobs says that the run ended (success); revoked; settles; tried again at ${at(7)}`,
      'gitlab-jobs says that the run ended (success); dead: gone',
    ]);
  });

  test.each<[LeaseEntry, string]>([
    [{ kind: 'renewed', expiresAt: at(50), timerAt: at(48), by }, `until ${at(50)} by repo:acme/app`],
    [{ kind: 'refused', reason: 'no' }, 'no'],
    [{ kind: 'noted', fact: { queued: 'a value' } }, 'noted queued'],
    [{ ...tried, acted: { result: 'refused', reason: 'it will not', meanwhile: 'm' }, error: 'the vault is sealed', note: 'its issuer could not be asked (the vault is sealed)' }, 'it will not; its issuer could not be asked (the vault is sealed)'],
    [{ ...tried, acted: { result: 'ask', question: 'sure?' } }, 'sure?'],
    [{ kind: 'handed-on', why, to: ['l-2 (gitlab 1/3)'] }, 'lives on with l-2 (gitlab 1/3)'],
    [{ kind: 'shared', why, with: [], note: 'its start was not heard of' }, 'its start was not heard of'],
    [{ kind: 'observed', why }, 'nothing was touched'],
    [{ kind: 'case', case: 'c-1', reason: 'it is alive' }, 'c-1: it is alive'],
  ])('says %j in words', (entry, text) => {
    expect(sentenceOf(entry)).toContain(text);
  });

  test.each<[Ending, string]>([
    [{ kind: 'expired', at: '' }, 'no end had come'],
    [{ kind: 'by-holder', at: '', by }, 'repo:acme/app gave it back'],
    [{ kind: 'by-operator', at: '', by: { issuer: 'aws-iam', subject: 'grace' }, reason: 'it leaks' }, 'grace ended it: it leaks'],
    [{ kind: 'run-was-over', at: '' }, 'over when it was registered'],
    [{ kind: 'run-ended', at: '' }, 'its platform says that the run ended (no state)'],
  ])('says why it ends: %j', (ending, text) => {
    expect(endingInWords(ending)).toContain(text);
  });

  test('names a run with its attempt and job where they matter', () => {
    expect(runInWords({ platform: 'p', run: '1', attempt: '1' })).toBe('p 1');
    expect(runInWords({ platform: 'p', run: '1', attempt: '2', job: '7' })).toBe('p 1 attempt 2 job 7');
  });
});

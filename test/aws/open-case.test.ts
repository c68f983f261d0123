import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claim } from '../../functions/aws/claims.ts';
import { digest } from '../../functions/aws/digest.ts';
import { admitLookup } from '../../functions/aws/lookup.ts';
import { admitMatch, join } from '../../functions/aws/open-case.ts';
import { caseIdOf } from '../../functions/core/ids.ts';
import { report } from '../core/circumstances.ts';
import { begun, key, matchOf, openDesk, plannedIn, type Desk } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.close());

const alert = report({ source: 'github-secret-scanning', finding: '7#1', fingerprints: [], names: [], held: undefined });
const lookedUp = caseIdOf(digest, alert);
const finding = (name: string) => report({ source: 'trufflehog', finding: name, fingerprints: ['v1:aa'] });
const caseOfFinding = (name: string): string => caseIdOf(digest, finding(name));
const admit = (name: string) => admitMatch(finding(name), matchOf(), 0, desk.dispatch);
const lookUp = () => admitLookup(alert, { connector: 'github', repository: 'acme/app', alert: 1 } as never, desk.dispatch, new AbortController().signal);

describe('a claim whose case does not act', () => {
  /** GitHub's dispatcher claimed the credential and was killed before it wrote that its case matched. */
  const dies = async (): Promise<void> => {
    await desk.write(lookedUp, { kind: 'opened', report: alert });
    await claim(desk.ledger, key.id, lookedUp, desk.now());
  };

  test('is waited for while its dispatcher may come again: nothing joins a case that has no credential', async () => {
    await dies();
    await expect(admit('first')).rejects.toThrow(/try again/);
    expect(await desk.kinds(lookedUp)).toEqual(['opened']);
    expect(await desk.ledger.load(caseOfFinding('first'))).toBeUndefined();
  });

  test('is taken over once its case has ended unmatched', async () => {
    await dies();
    await lookUp();
    expect((await desk.load(lookedUp)).status).toBe('unmatched');
    await admit('first');
    expect(await desk.kinds(caseOfFinding('first'))).toEqual(['opened', 'matched', 'started']);
    expect(desk.asked).toEqual([`StartExecution ${caseOfFinding('first')}-1`]);
  });

  test('is taken over when whoever made it can no longer be at work', async () => {
    await dies();
    desk.pass(200);
    await admit('first');
    expect(desk.asked).toEqual([`StartExecution ${caseOfFinding('first')}-1`]);
    expect(await desk.kinds(lookedUp)).toEqual(['opened']);
  });

  test('is taken over at once where its case is about another credential by now', async () => {
    await dies();
    await desk.write(lookedUp, { kind: 'matched', credential: 'unknown:bb', proof: 'value', copies: 0 });
    await admit('first');
    expect(desk.asked).toEqual([`StartExecution ${caseOfFinding('first')}-1`]);
  });

  test('a report for which nobody is left to act is never only written down', async () => {
    await dies();
    await admit('first').catch(() => undefined);
    await lookUp();
    for (const again of ['first', 'second']) await admit(again);
    expect((await desk.load(caseOfFinding('first'))).reports).toHaveLength(2);
    expect(desk.asked).toEqual([`StartExecution ${caseOfFinding('first')}-1`]);
  });
});

describe('an unmatched case that the index meets later', () => {
  const unmatched = () => desk.write(caseOfFinding('met'), { kind: 'opened', report: finding('met') }, { kind: 'unmatched', note: '' });

  test('is opened and started', async () => {
    await unmatched();
    await admit('met');
    expect(desk.asked).toEqual([`StartExecution ${caseOfFinding('met')}-1`]);
    expect((await desk.load(caseOfFinding('met'))).status).toBe('open');
  });

  test('joins the case of another sender that took its claim before it was matched: one of them acts', async () => {
    await unmatched();
    desk.meanwhile('matched', () => admit('other'));
    await admit('met');
    expect(desk.asked).toEqual([`StartExecution ${caseOfFinding('other')}-1`]);
    expect((await desk.load(caseOfFinding('other'))).reports.map((one) => one.finding)).toEqual(['other', 'met']);
    expect((await desk.load(caseOfFinding('met'))).closed?.reason).toContain(`joined ${caseOfFinding('other')}`);
  });
});

describe('a finding whose value its sender kept, and which the index meets later', () => {
  const whole = { ...alert, fingerprints: ['v1:aa'], held: lookedUp };
  const unmatched = () => desk.write(lookedUp, { kind: 'opened', report: alert }, { kind: 'unmatched', note: '' });
  const met = () => admitMatch(whole, matchOf(), 0, desk.dispatch);

  test('has its value by then, to be tried and to be forgotten at the end', async () => {
    await unmatched();
    await met();
    expect((await desk.load(lookedUp)).reports.map(({ held }) => held)).toEqual([lookedUp]);
    expect(desk.asked).toEqual([`StartExecution ${lookedUp}-1`]);
  });

  test('opens a case of its own where a person had closed the unmatched one, and once', async () => {
    await unmatched();
    await desk.write(lookedUp, { kind: 'closed', by: 'ann', reason: 'nothing of ours' });
    for (let times = 0; times < 2; times += 1) await met();
    expect(new Set(desk.asked)).toEqual(new Set([`StartExecution ${caseIdOf(digest, whole, key.id)}-1`]));
    expect((await desk.load(lookedUp)).closed?.by).toBe('ann');
  });
});

describe('the same alert, delivered twice at once', () => {
  test('is not unmatched by the one that came too late', async () => {
    await desk.close();
    const matched = { kind: 'matched' as const, credential: key.id, proof: 'value' as const, copies: 1 };
    desk = await openDesk({ reporter: async () => {
      // the other delivery found the value just before the sender forgot it
      await desk.write(lookedUp, matched, { kind: 'started', attempt: 1, why: 'reported' });
      return { gone: '404' };
    } });
    await lookUp();
    expect((await desk.load(lookedUp)).status).toBe('open');
    expect(await desk.kinds(lookedUp)).not.toContain('unmatched');
  });
});

describe('a report that joins a red case', () => {
  const red = () => desk.write('c-0a', ...begun(), plannedIn(), { kind: 'concluded', attempt: 1, status: 'not-contained', note: '' });
  const close = () => desk.write('c-0a', { kind: 'closed', by: 'ann', reason: 'seen to' });

  test('starts the next attempt', async () => {
    expect(await join(await red(), finding('again'), matchOf(), desk.dispatch)).toBe(true);
    expect(desk.asked).toEqual(['StartExecution c-0a-2']);
  });

  test('opens a case of its own where a person closes the red one in the same moment', async () => {
    await claim(desk.ledger, key.id, 'c-0a', desk.now());
    await red();
    desk.meanwhile('started', close);
    await admit('again');
    expect(desk.asked).toEqual([`StartExecution ${caseOfFinding('again')}-1`]);
    // and once, however often it is delivered
    await admit('again');
    expect(new Set(desk.asked).size).toBe(1);
  });
});

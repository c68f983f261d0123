import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { caseOf, type Case, type Entry, type Line } from '../../functions/core/case.ts';
import type { Acted, Probed } from '../../functions/core/connector.ts';
import { outcomeOf, remainingOf, statusOf } from '../../functions/core/outcome.ts';
import { planOf, type Plan } from '../../functions/core/plan.ts';
import { moveOf, nextOf, roundOf } from '../../functions/core/run.ts';
import { circumstances, copy, report } from './circumstances.ts';

const start = Date.parse('2026-11-22T01:00:00Z');
const now = (seconds: number): Date => new Date(start + seconds * 1000);
type Timed = [seconds: number, entry: Entry];
const told = (...entries: Timed[]): Case => caseOf('c-1', entries.map(([seconds, entry], i): Line => ({ ...entry, n: i + 1, at: now(seconds).toISOString(), previous: '', hash: '' })));

const acted = (seconds: number, verb: 'contain' | 'rotate' | 'revoke', result: Acted = { result: 'done', note: '' }, attempt = 1): Timed => [seconds, { kind: 'acted', attempt, verb, round: 0, acted: result }];
const probed = (seconds: number, verdict: Probed['verdict'] = 'dead', attempt = 1): Timed => [seconds, { kind: 'probed', attempt, probed: { verdict, basis: 'value', control: true, note: verdict } }];
const noted = (seconds: number, fact: Record<string, unknown>): Timed => [seconds, { kind: 'noted', attempt: 1, verb: 'rotate', round: 0, fact }];
const failed = (seconds: number, step: string): Timed => [seconds, { kind: 'failed', attempt: 1, step, error: 'ServiceUnavailable' }];
const begun = (plan: Plan): Timed[] => [
  [0, { kind: 'opened', report: report() }],
  [0, { kind: 'matched', credential: 'aws-iam-key:KEY', proof: 'value', copies: 1 }],
  [0, { kind: 'started', attempt: 1, why: 'reported' }],
  [1, { kind: 'planned', attempt: 1, plan }],
];
const plan = planOf(circumstances({ held: false }));
/** Contained and proven dead: what is left is the rotation. */
const killed = (of: Plan = plan): Timed[] => [...begun(of), acted(2, 'contain'), probed(6), probed(10)];
const endOf = (...entries: Timed[]) => {
  const found = told(...entries);
  const outcome = outcomeOf(found, now(100));
  return { outcome: outcome?.outcome, ...statusOf(found, outcome), remaining: remainingOf(found, outcome) };
};

describe('a key that is dead while its successor is not in place', () => {
  test('a rotation that failed for good is not contained, and the key that it made and left is named', () => {
    const end = endOf(...killed(), noted(11, { keysBefore: ['KEY'], at: 'x' }), noted(11, { created: 'FIRST' }), failed(12, 'rotate'), noted(13, { deleted: 'FIRST' }), noted(13, { created: 'SECOND' }), failed(14, 'rotate'));
    expect(end.outcome).toBe('confirmed');
    expect(end.status).toBe('not-contained');
    expect(end.note).toMatch(/^it is dead, but its successor was not written everywhere: .*ServiceUnavailable/);
    expect(end.remaining).toHaveLength(2);
    expect(end.remaining[0]).toMatch(/aws-iam-key:KEY: its successor was not written everywhere/);
    expect(end.remaining[1]).toMatch(/^SECOND was made as a successor and is alive, and no copy is known to hold it: delete it/);
    expect(end.remaining.join()).not.toContain('FIRST');
  });

  test('a successor that some copies hold and others do not is named with its places', () => {
    const { place } = copy('one');
    const end = endOf(...killed(), noted(11, { created: 'SECOND' }), noted(12, { written: place, key: 'SECOND' }), failed(12, 'rotate'));
    expect(end.status).toBe('not-contained');
    expect(end.remaining.join()).toMatch(/SECOND was made as a successor and is written to one and not to the others/);
  });

  test('a rotation that is refused leaves the dead key confirmed and the case red', () => {
    const end = endOf(...killed(), acted(11, 'rotate', { result: 'refused', reason: 'AccessDenied: our role may not make a key', meanwhile: 'the copies keep the old key' }));
    expect(end).toMatchObject({ outcome: 'confirmed', status: 'not-contained', note: 'it is dead, but its successor was not written everywhere: AccessDenied: our role may not make a key' });
    expect(end.remaining).toEqual([expect.stringContaining('our role may not make a key')]);
  });

  test('a bound copy that refused the new key keeps the case red; one that nobody reads any more does not', () => {
    const left = (unread?: boolean): Acted => ({ result: 'done', note: '', evidence: { created: 'NEW' }, replaced: [copy('two')], left: [{ copy: copy('one'), reason: 'AccessDenied', unread }] });
    const refused = endOf(...killed(), acted(11, 'rotate', left()), probed(12));
    expect(refused).toMatchObject({ outcome: 'confirmed', status: 'not-contained', note: 'it is dead, but its successor was not written everywhere: one: AccessDenied' });
    expect(refused.remaining).toEqual(['one: AccessDenied']);
    expect(endOf(...killed(), acted(11, 'rotate', left(true)), probed(12))).toMatchObject({ status: 'contained', remaining: ['one: AccessDenied'] });
  });

  test('a question that nobody has answered is one task and keeps it red', () => {
    const end = endOf(...killed(), acted(11, 'rotate', { result: 'ask', question: 'which key may be deleted?' }));
    expect(end).toMatchObject({ outcome: 'confirmed', status: 'not-contained', remaining: ['which key may be deleted?'] });
  });

  test('a deletion that is refused is told as well, with what could not follow it', () => {
    const full = planOf(circumstances({ held: false, binding: { deleteProvenDead: true }, found: { exists: true, slotFree: false, note: '' } }));
    const end = endOf(...killed(full), acted(11, 'revoke', { result: 'refused', reason: 'a policy denies it', meanwhile: '' }));
    expect(end).toMatchObject({ outcome: 'confirmed', status: 'not-contained' });
    expect(end.note).toMatch(/it was not deleted: a policy denies it; its successor was not written everywhere/);
  });

  test('what the plan itself leaves to a person does not keep it from contained', () => {
    const without = planOf(circumstances({ held: false, found: { exists: true, slotFree: false, note: '' } }));
    expect(without.remaining).toHaveLength(1);
    expect(endOf(...killed(without))).toMatchObject({ status: 'contained', remaining: without.remaining });
  });

  test('the last look after the last act belongs to the work: without it the case is red', () => {
    expect(endOf(...killed(), acted(11, 'rotate'), failed(12, 'probe'))).toMatchObject({ outcome: 'confirmed', status: 'not-contained', note: expect.stringContaining('one more look') as string });
    expect(endOf(...killed(), acted(11, 'rotate'), probed(12))).toMatchObject({ status: 'contained', remaining: [] });
  });

  test('a containment that failed for good is named with its error', () => {
    const end = endOf(...begun(plan), failed(2, 'contain'));
    expect(end).toMatchObject({ outcome: 'unconfirmed', status: 'not-contained' });
    expect(end.remaining.join()).toMatch(/it was not contained by us: the work ended before that \(ServiceUnavailable\)/);
  });

  test('a later attempt that does nothing, since the key is dead, does not turn the case green', () => {
    const record: Plan = planOf(circumstances({ proof: 'name', claim: { verdict: 'dead', basis: 'value', note: 'refused' } }));
    const red: Timed[] = [...killed(), failed(12, 'rotate'), [13, { kind: 'concluded', attempt: 1, status: 'not-contained', note: '' }]];
    const second: Timed[] = [[90, { kind: 'started', attempt: 2, why: 'reported again' }], probed(91, 'dead', 2), probed(95, 'dead', 2), [96, { kind: 'planned', attempt: 2, plan: record }]];
    expect(endOf(...red, ...second)).toMatchObject({ outcome: 'confirmed', status: 'not-contained', note: expect.stringContaining('its successor was not written everywhere') as string });
    // nor does a third one after it
    const third: Timed[] = [[97, { kind: 'concluded', attempt: 2, status: 'not-contained', note: '' }], [98, { kind: 'started', attempt: 3, why: 'reported again' }], probed(98, 'dead', 3), probed(103, 'dead', 3), [104, { kind: 'planned', attempt: 3, plan: record }]];
    expect(endOf(...red, ...second, ...third).status).toBe('not-contained');
    // the same plan in a case that left nothing undone is green
    const whole: Timed[] = [...killed(), acted(11, 'rotate'), probed(12), [13, { kind: 'concluded', attempt: 1, status: 'not-contained', note: '' }]];
    expect(endOf(...whole, ...second).status).toBe('contained');
  });
});

describe('an act that is under way', () => {
  const pending: Acted = { result: 'pending', note: 'CloudTrail does not say yet', seconds: 30 };

  test('is waited for by the playbook, whichever verb it is', () => {
    expect(nextOf(told(...begun(plan), acted(2, 'contain', pending)), 1, now(4))).toMatchObject({ next: 'settle', seconds: 28 });
    expect(nextOf(told(...begun(plan), acted(2, 'contain', pending)), 1, now(33))).toMatchObject({ next: 'contain', seconds: 0 });
    expect(nextOf(told(...killed(), acted(11, 'rotate', pending)), 1, now(12))).toMatchObject({ next: 'await', seconds: 30 });
  });

  test('is given up after an hour, and the case says so', () => {
    const waiting: Timed[] = [...killed(), acted(11, 'rotate', pending), acted(2000, 'rotate', pending)];
    expect(moveOf(told(...waiting), now(3000)).next).toBe('await');
    expect(moveOf(told(...waiting), now(3700)).next).toBe('record');
    expect(endOf(...waiting)).toMatchObject({ outcome: 'confirmed', status: 'not-contained', note: 'it is dead, but its successor was not written everywhere: it is still under way: CloudTrail does not say yet' });
  });
});

test('whatever a provider answers and whenever the work breaks off, a case is contained only where every act of its plan ended', () => {
  const plans = [plan, planOf(circumstances()), planOf(circumstances({ held: false, binding: { newKeyFirst: true } })), planOf(circumstances({ held: false, binding: { deleteProvenDead: true }, found: { exists: true, slotFree: false, note: '' } }))];
  const results = fc.constantFrom<Acted>({ result: 'done', note: '' }, { result: 'already', note: '' }, { result: 'pending', note: '', seconds: 5 }, { result: 'refused', reason: 'no', meanwhile: '' }, { result: 'ask', question: '?' }, { result: 'done', note: '', left: [{ copy: copy('one'), reason: 'no' }] });
  fc.assert(
    fc.property(fc.constantFrom(...plans), fc.array(fc.record({ verdict: fc.constantFrom<Probed['verdict']>('dead', 'dead', 'dead', 'alive', 'unknown'), result: results }), { minLength: 1, maxLength: 40 }), (of, answers) => {
      const entries = begun(of);
      let time = 1;
      for (const { verdict, result } of answers) {
        const found = told(...entries);
        const move = moveOf(found, now(time));
        if (move.next === 'record') break;
        if (move.next === 'probe') entries.push(probed((time = Math.max(time, (move.at - start) / 1000)), verdict));
        else if (move.next === 'plan' || move.next === 'ask') throw new Error(`unexpected ${move.next}`);
        else entries.push([(time += 1), { kind: 'acted', attempt: 1, verb: move.next === 'await' ? 'rotate' : move.next, round: roundOf(found, move.next === 'await' ? 'rotate' : move.next), acted: result }]);
      }
      const found = told(...entries);
      if (statusOf(found, outcomeOf(found, now(time))).status !== 'contained') return;
      for (const { verb } of of.steps.filter((step) => step.verb !== 'probe')) {
        const last = found.lines.findLast((line) => line.kind === 'acted' && line.verb === verb);
        expect(last?.kind === 'acted' ? last.acted : undefined).toMatchObject({ result: expect.stringMatching(/^(done|already)$/) as string });
        expect(last?.kind === 'acted' && 'left' in last.acted ? last.acted.left : undefined).toBeUndefined();
      }
      expect(moveOf(found, now(time)).next).toBe('record');
    }),
    { numRuns: 500 },
  );
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { caseOf, type Case, type Entry, type Line } from '../../functions/core/case.ts';
import type { Acted, Probed } from '../../functions/core/connector.ts';
import { outcomeOf, remainingOf, statusOf } from '../../functions/core/outcome.ts';
import { planOf, type Plan } from '../../functions/core/plan.ts';
import { isUnheard, moveOf, nextOf, roundOf } from '../../functions/core/run.ts';
import { circumstances, credential, report } from './circumstances.ts';

const start = Date.parse('2026-11-22T01:00:00Z');

/** A case made of entries, each so many seconds after the start. */
const told = (...entries: [number, Entry][]): Case =>
  caseOf('c-1', entries.map(([seconds, entry], i): Line => ({ ...entry, n: i + 1, at: new Date(start + seconds * 1000).toISOString(), previous: '', hash: '' })));

const opened: [number, Entry][] = [
  [0, { kind: 'opened', report: report() }],
  [0, { kind: 'matched', credential: 'aws-iam-key:KEY', proof: 'value', copies: 1 }],
  [0, { kind: 'started', attempt: 1, why: 'reported' }],
];
const iamPlan = planOf(circumstances({ held: false }));
const planned = (plan: Plan = iamPlan): [number, Entry] => [1, { kind: 'planned', attempt: 1, plan }];
const acted = (seconds: number, verb: 'contain' | 'rotate' | 'revoke', result: Acted = { result: 'done', note: '' }, round = 0): [number, Entry] => [seconds, { kind: 'acted', attempt: 1, verb, round, acted: result }];
const probed = (seconds: number, verdict: Probed['verdict'], more: Partial<Probed> = {}): [number, Entry] => [seconds, { kind: 'probed', attempt: 1, probed: { verdict, basis: 'value', control: true, note: verdict, ...more } }];
const now = (seconds: number): Date => new Date(start + seconds * 1000);
const vendorPlan = planOf(
  circumstances({
    credential: credential({ issuer: 'declared-probe', id: 'declared-probe:pay/1', name: 'pay/1' }),
    abilities: { contain: false, revoke: false, rotate: false, probe: true },
    facts: { ...circumstances().facts, settleSeconds: { typical: 1, max: 10 }, old: 'dies-at-next-rotation' },
  }),
);

describe('what comes next', () => {
  test('plan, contain, wait to settle, probe twice, rotate, look once more, record', () => {
    expect(moveOf(told(...opened), now(0)).next).toBe('plan');
    expect(moveOf(told(...opened, planned()), now(1)).next).toBe('contain');
    expect(moveOf(told(...opened, planned(), acted(2, 'contain')), now(2))).toEqual({ next: 'probe', at: start + 6000 });
    expect(moveOf(told(...opened, planned(), acted(2, 'contain'), probed(6, 'dead')), now(6))).toEqual({ next: 'probe', at: start + 10_000 });
    const proven = [...opened, planned(), acted(2, 'contain'), probed(6, 'dead'), probed(10, 'dead')];
    expect(moveOf(told(...proven), now(10)).next).toBe('rotate');
    // what was done since gave a thief time: death is looked at once more
    expect(moveOf(told(...proven, acted(11, 'rotate')), now(11)).next).toBe('probe');
    expect(moveOf(told(...proven, acted(11, 'rotate'), probed(12, 'dead')), now(12)).next).toBe('record');
    expect(moveOf(told(...proven, acted(11, 'rotate'), probed(12, 'alive')), now(12)).next).toBe('probe');
  });

  test('a value that is held is tried once before the first act, and a stranger\'s leads to a new plan, once', () => {
    const plan = planned(planOf(circumstances()));
    expect(moveOf(told(...opened, plan), now(1))).toEqual({ next: 'probe', at: start + 1000 });
    for (const verdict of ['alive', 'dead', 'unknown'] as const) expect(moveOf(told(...opened, plan, probed(1, verdict)), now(1)).next).toBe('contain');
    const stranger: [number, Entry][] = [...opened, plan, probed(1, 'unknown', { mismatch: true })];
    expect(moveOf(told(...stranger), now(1)).next).toBe('plan');
    expect(moveOf(told(...stranger, plan), now(2)).next).toBe('contain');
  });

  test('alternating users are rotated a second time when the old value is alive, and not a third', () => {
    const once: [number, Entry][] = [...opened, planned(vendorPlan), acted(2, 'rotate'), probed(3, 'alive')];
    expect(moveOf(told(...once), now(3)).next).toBe('rotate');
    expect(roundOf(told(...once), 'rotate')).toBe(1);
    const twice = [...once, acted(4, 'rotate', { result: 'done', note: '' }, 1), probed(5, 'alive'), probed(14, 'alive')];
    expect(moveOf(told(...twice), now(14)).next).toBe('record');
    expect(outcomeOf(told(...twice), now(14))).toMatchObject({ outcome: 'unconfirmed', green: false });
  });

  test('a key that is not dead is never deleted', () => {
    const plan = planOf(circumstances({ held: false, binding: { deleteProvenDead: true }, found: { exists: true, slotFree: false, note: '' } }));
    const alive = told(...opened, planned(plan), acted(2, 'contain'), probed(6, 'alive'), probed(62, 'alive'));
    expect(moveOf(alive, now(62)).next).toBe('record');
    const unknown = told(...opened, planned(plan), acted(2, 'contain'), probed(6, 'unknown'), probed(62, 'unknown'));
    expect(moveOf(unknown, now(62)).next).toBe('record');
  });

  test('a refusal ends the work as irrevocable', () => {
    const refused = told(...opened, planned(), acted(2, 'contain', { result: 'refused', reason: 'a policy denies it', meanwhile: 'nothing' }));
    expect(moveOf(refused, now(2)).next).toBe('record');
    expect(outcomeOf(refused, now(2))).toMatchObject({ outcome: 'irrevocable', green: false });
    expect(statusOf(refused, outcomeOf(refused, now(2))).status).toBe('not-contained');
    expect(remainingOf(refused, outcomeOf(refused, now(2))).join()).toMatch(/cannot be taken back/);
  });

  test('a rotation under way is awaited', () => {
    const pending = told(...opened, planned(vendorPlan), acted(2, 'rotate', { result: 'pending', note: '', seconds: 15, wakes: 'arn' }));
    expect(nextOf(pending, 1, now(2))).toMatchObject({ next: 'await', seconds: 15 });
  });

  test('a probe that is far away is left to the playbook to wait for', () => {
    const slow = planOf(circumstances({ held: false, facts: { ...circumstances().facts, settleSeconds: { typical: 40, max: 90 } } }));
    expect(nextOf(told(...opened, planned(slow), acted(2, 'contain')), 1, now(2))).toMatchObject({ next: 'settle', seconds: 40 });
  });

  test('an attempt after a conclusion looks and acts afresh, under new rounds', () => {
    const red: [number, Entry][] = [...opened, planned(), acted(2, 'contain'), probed(6, 'alive'), probed(62, 'alive'), [63, { kind: 'concluded', attempt: 1, status: 'not-contained', note: '' }]];
    const again = told(...red, [90, { kind: 'started', attempt: 2, why: 'reported again' }]);
    expect(again.status).toBe('open');
    expect(moveOf(again, now(90)).next).toBe('plan');
    const replanned = told(...red, [90, { kind: 'started', attempt: 2, why: 'reported again' }], [91, { kind: 'planned', attempt: 2, plan: iamPlan }]);
    expect(moveOf(replanned, now(91)).next).toBe('contain');
    expect(roundOf(replanned, 'contain')).toBe(1);
  });

  test('an attempt after a crash goes on where the last one stood', () => {
    const crashed = told(...opened, planned(), acted(2, 'contain'), [5, { kind: 'started', attempt: 2, why: 'crashed' }]);
    expect(moveOf(crashed, now(5))).toEqual({ next: 'probe', at: start + 6000 });
  });
});

describe('a case that waits for a person', () => {
  const day = 86_400;
  const asking = planOf(circumstances({ proof: 'name', held: false }));
  const asked: [number, Entry] = [2, { kind: 'asked', attempt: 1, task: { id: 't-1', case: 'c-1', kind: 'approve', question: '?', owner: 'orders', contact: 'x', deadline: '', about: asking.about } }];
  const joined = (seconds: number, proof: 'name' | 'issuer' | 'value', held?: string): [number, Entry] => [seconds, { kind: 'joined', report: report({ finding: `f-${seconds}`, held }), proof }];
  const named = (held?: string): [number, Entry][] => [[0, { kind: 'opened', report: report({ held }) }], [0, { kind: 'matched', credential: 'aws-iam-key:KEY', proof: 'name', copies: 1 }], [0, { kind: 'started', attempt: 1, why: 'reported' }]];
  const waiting: [number, Entry][] = [...named('c-1'), planned(asking), asked];

  test('is not planned again for one more report of the name, nor is its end put off', () => {
    const chatty = told(...waiting, joined(3, 'name', 'c-3'), joined(4, 'name', 'c-4'));
    expect(moveOf(chatty, now(5)).next).toBe('ask');
    expect(isUnheard(chatty, now(5))).toBe(false);
    for (const proof of ['issuer', 'value'] as const) expect(moveOf(told(...waiting, joined(3, proof)), now(5)).next, proof).toBe('plan');
    // what an earlier plan has heard is not news
    expect(moveOf(told(...named('c-1'), joined(0, 'value'), planned(asking), asked, joined(3, 'name')), now(5)).next).toBe('ask');
  });

  test('is planned again for the first report that brings a value to try', () => {
    const bare: [number, Entry][] = [...named(), planned(asking), asked];
    expect(moveOf(told(...bare, joined(3, 'name')), now(5)).next).toBe('ask');
    expect(moveOf(told(...bare, joined(3, 'name', 'c-3')), now(5)).next).toBe('plan');
    expect(moveOf(told(...bare, joined(3, 'name', 'c-3'), [4, { kind: 'planned', attempt: 1, plan: asking }], joined(5, 'name', 'c-5')), now(6)).next).toBe('ask');
  });

  test('waits for seven days from its question, however often it is woken and asked the same', () => {
    const woken = [...waiting, ...[1, 3, 5].flatMap((days): [number, Entry][] => [joined(days * day, 'value'), [days * day + 1, { kind: 'planned', attempt: 1, plan: asking }]])];
    expect(moveOf(told(...woken), now(2 + 7 * day - 1)).next).toBe('ask');
    expect(moveOf(told(...woken), now(2 + 7 * day)).next).toBe('record');
    expect(statusOf(told(...woken), undefined)).toEqual({ status: 'not-contained', note: 'nobody answered in time' });
    const answer: [number, Entry] = [8 * day, { kind: 'answered', task: 't-1', answer: 'approve', by: 'ann', reason: '' }];
    expect(moveOf(told(...woken, answer), now(8 * day)).next).toBe('plan');
  });

  test('that is reported again after it ended red waits anew for the same question', () => {
    const red: [number, Entry][] = [...waiting, [7 * day, { kind: 'concluded', attempt: 1, status: 'not-contained', note: '' }], [9 * day, { kind: 'started', attempt: 2, why: 'reported again' }], [9 * day, { kind: 'planned', attempt: 2, plan: asking }]];
    expect(moveOf(told(...red), now(15 * day)).next).toBe('ask');
    expect(moveOf(told(...red), now(16 * day)).next).toBe('record');
  });
});

describe('how a case ends', () => {
  test('a child that is not accounted for keeps it from green', () => {
    const loose = told(...opened, planned(), acted(2, 'contain', { result: 'done', note: '', children: [{ id: 'aws-role-session:r', accounted: false, how: 'nobody ended it' }] }), probed(6, 'dead'), probed(10, 'dead'), acted(11, 'rotate'));
    const outcome = outcomeOf(loose, now(11));
    expect(outcome).toMatchObject({ outcome: 'confirmed', green: false });
    expect(statusOf(loose, outcome).status).toBe('not-contained');
  });

  test('a child that was accounted for later does not', () => {
    const child = (accounted: boolean) => ({ id: 'aws-iam-key:NEW', accounted, how: '' });
    const settled = told(...opened, planned(), acted(2, 'contain', { result: 'done', note: '', children: [child(false)] }), probed(6, 'dead', { children: [child(true)] }), probed(10, 'dead'), acted(11, 'rotate'));
    expect(outcomeOf(settled, now(11))).toMatchObject({ outcome: 'confirmed', green: true });
  });

  test('a key that we made ourselves is accounted for, though CloudTrail does not say yet who made it', () => {
    const plan = planOf(circumstances({ held: false, binding: { newKeyFirst: true } }));
    const ours = { id: 'aws-iam-key:NEW', accounted: false, how: 'CloudTrail does not say yet who made it' };
    const made = told(...opened, planned(plan), acted(2, 'rotate', { result: 'done', note: '', evidence: { created: 'NEW' } }), acted(3, 'contain'), probed(7, 'dead', { children: [ours] }), probed(11, 'dead', { children: [ours] }));
    expect(outcomeOf(made, now(11))).toMatchObject({ outcome: 'confirmed', green: true });
  });

  test('a record read twice is attested, not confirmed', () => {
    const read = told(...opened, planned(), acted(2, 'contain'), probed(6, 'dead', { basis: 'record' }), probed(10, 'dead', { basis: 'record' }), acted(11, 'rotate'));
    expect(outcomeOf(read, now(11))).toMatchObject({ outcome: 'attested', green: true });
  });
});

describe('laws', () => {
  const verdicts = fc.constantFrom<Probed['verdict']>('dead', 'alive', 'unknown');
  const results = fc.constantFrom<Acted['result']>('done', 'already', 'pending', 'refused', 'ask');
  const actedOf = (result: Acted['result']): Acted =>
    result === 'pending' ? { result, note: '', seconds: 5 } : result === 'refused' ? { result, reason: 'no', meanwhile: '' } : result === 'ask' ? { result, question: '?' } : { result, note: '' };

  test('whatever the provider answers, the work ends, and it ends green only after two dead probes in a row with a control', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ verdict: verdicts, control: fc.boolean(), result: results }), { minLength: 80, maxLength: 80 }), fc.constantFrom(iamPlan, planOf(circumstances()), vendorPlan), (answers, plan) => {
        const entries: [number, Entry][] = [...opened, planned(plan)];
        let time = 1;
        for (const { verdict, control, result } of answers) {
          const found = told(...entries);
          const move = moveOf(found, now(time));
          if (move.next === 'record') break;
          if (move.next === 'probe') {
            time = Math.max(time, (move.at - start) / 1000);
            entries.push(probed(time, verdict, { control }));
          } else {
            time += 1;
            const verb = move.next === 'await' ? 'rotate' : move.next;
            if (verb === 'plan' || verb === 'ask') throw new Error(`unexpected ${verb}`);
            entries.push(acted(time, verb, actedOf(result), roundOf(found, verb)));
          }
        }
        const found = told(...entries);
        const outcome = outcomeOf(found, now(time));
        if (!outcome?.green) return;
        const lastKill = found.lines.findLastIndex((line) => line.kind === 'acted' && line.verb === (plan === vendorPlan ? 'rotate' : 'contain') && line.acted.result !== 'pending' && line.acted.result !== 'ask');
        const pair = found.lines.slice(lastKill).filter(({ kind }) => kind === 'probed').slice(-2);
        expect(pair).toHaveLength(2);
        for (const line of pair) expect(line).toMatchObject({ probed: { verdict: 'dead', control: true } });
      }),
      { numRuns: 500 },
    );
  });
});

import { describe, expect, test } from 'vitest';
import { caseOf, isBeingWorkedOn, type Case, type Entry, type Line, type Task } from '../../functions/core/case.ts';
import { planOf } from '../../functions/core/plan.ts';
import { moveOf } from '../../functions/core/run.ts';
import { circumstances, report } from './circumstances.ts';

const at = '2026-11-22T01:00:00.000Z';
const told = (...entries: Entry[]): Case => caseOf('c-1', entries.map((entry, i): Line => ({ ...entry, n: i + 1, at, previous: '', hash: '' })));

const asking = planOf(circumstances({ proof: 'name', held: false }));
const task: Task = { id: 't-1', case: 'c-1', kind: 'approve', question: '?', owner: 'orders', contact: 'x', deadline: at, about: asking.about };
const waiting: Entry[] = [
  { kind: 'opened', report: report() },
  { kind: 'matched', credential: 'aws-iam-key:KEY', proof: 'name', copies: 1 },
  { kind: 'started', attempt: 1, why: 'reported' },
  { kind: 'planned', attempt: 1, plan: asking },
];
const asked: Entry = { kind: 'asked', attempt: 1, task };
const answered = (answer: string): Entry => ({ kind: 'answered', task: 't-1', answer, by: 'ann', reason: 'ours' });
const red: Entry = { kind: 'concluded', attempt: 1, status: 'not-contained', note: 'nobody answered in time' };

describe('what a case remembers', () => {
  test('a match does not weaken what a report proved that joined before it', () => {
    const joined: Entry = { kind: 'joined', report: report({ finding: 'f-2' }), proof: 'value', fingerprint: 'v1:strong' };
    const found = told({ kind: 'opened', report: report() }, joined, { kind: 'matched', credential: 'aws-iam-key:KEY', proof: 'name', fingerprint: 'v1:weak', copies: 1 });
    expect([found.proof, found.fingerprint]).toEqual(['value', 'v1:strong']);
    const plain = told({ kind: 'opened', report: report() }, { kind: 'matched', credential: 'aws-iam-key:KEY', proof: 'value', fingerprint: 'v1:own', copies: 1 });
    expect([plain.proof, plain.fingerprint]).toEqual(['value', 'v1:own']);
  });

  test('what matched nothing and is matched later is open again, so that the sweep sees it', () => {
    const found = told({ kind: 'opened', report: report() }, { kind: 'unmatched', note: '' }, { kind: 'matched', credential: 'aws-iam-key:KEY', proof: 'value', copies: 1 });
    expect(found.status).toBe('open');
    expect(isBeingWorkedOn(found)).toBe(true);
  });

  test('an answer that was faster than the line of its question counts', () => {
    const found = told(...waiting, answered('approve'), asked);
    expect(found.tasks).toMatchObject([{ id: 't-1', answer: 'approve', answeredBy: 'ann' }]);
    expect(found.status).toBe('open');
    expect(moveOf(found, new Date(at)).next).toBe('plan');
    expect(told(...waiting, asked).status).toBe('waiting');
  });

  test('the question of a red case is answered late: it is worked on again', () => {
    const late = told(...waiting, asked, red, answered('approve'));
    expect([late.status, late.endedAt, isBeingWorkedOn(late), moveOf(late, new Date(at)).next]).toEqual(['open', undefined, true, 'plan']);
    // nobody decided anything there
    expect(told(...waiting, asked, red, answered('withdrawn')).status).toBe('not-contained');
    expect(told(...waiting, asked, red, { kind: 'closed', by: 'ann', reason: 'done' }, answered('approve')).status).toBe('closed');
  });

  test('a question about an earlier plan does not hold up the answer to the one in force', () => {
    const byValue = planOf(circumstances({ approval: true }));
    const byName = planOf(circumstances({ proof: 'name', held: false, approval: true }));
    expect([byName.decision, byValue.decision, byName.about === byValue.about]).toEqual(['ask', 'ask', false]);
    const question = (id: string, { about }: typeof byName): Entry => ({ kind: 'asked', attempt: 1, task: { ...task, id, about } });
    const twice: Entry[] = [
      ...waiting.slice(0, 3),
      { kind: 'planned', attempt: 1, plan: byName },
      question('t-x', byName),
      { kind: 'joined', report: report({ finding: 'f-2' }), proof: 'value' },
      { kind: 'planned', attempt: 1, plan: byValue },
      question('t-y', byValue),
    ];
    const says = (id: string, word: string): Entry => ({ kind: 'answered', task: id, answer: word, by: 'ann', reason: '' });
    const approved = told(...twice, says('t-y', 'approve'));
    expect([approved.status, moveOf(approved, new Date(at)).next]).toEqual(['open', 'plan']);
    // the other way round nothing was agreed to
    for (const word of ['approve', 'withdrawn']) {
      const stale = told(...twice, says('t-x', word));
      expect([stale.status, moveOf(stale, new Date(at)).next], word).toEqual(['waiting', 'ask']);
    }
    const late = told(...twice, red, says('t-y', 'approve'));
    expect([late.status, moveOf(late, new Date(at)).next]).toEqual(['open', 'plan']);
  });

  test('an outcome belongs to the plan that it came from', () => {
    const outcome: Entry = { kind: 'outcome', attempt: 1, outcome: { credential: 'aws-iam-key:KEY', outcome: 'unconfirmed', how: '', green: false, children: [] } };
    expect(told(...waiting, outcome).outcome?.outcome).toBe('unconfirmed');
    expect(told(...waiting, outcome, { kind: 'planned', attempt: 1, plan: asking }).outcome).toBeUndefined();
  });
});

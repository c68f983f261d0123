import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askPerson } from '../../functions/aws/ask.ts';
import { claim, getTask } from '../../functions/aws/claims.ts';
import { join } from '../../functions/aws/open-case.ts';
import { handle as plan } from '../../functions/plan.ts';
import { handle as record } from '../../functions/record.ts';
import { report } from '../core/circumstances.ts';
import { begun, key, matchOf, openDesk, plannedIn, type Desk } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.close());

const id = 'c-0a';
const signal = new AbortController().signal;
const recorded = (more: object = { next: 'record' }) => record({ case: id, attempt: 1, seconds: 0, ...more } as never, desk.record, signal);
/** Somebody proves by its value what was reported by its name. */
const proves = async (): Promise<void> => {
  expect(await join(await desk.load(id), report({ source: 'gitleaks', finding: 'f-2', held: 'c-2' }), matchOf('value'), desk.dispatch)).toBe(true);
};
const rejected = plannedIn({ proof: 'name', claim: { verdict: 'dead', basis: 'value', note: 'refused' } });
const asking = plannedIn({ proof: 'name' });

describe('a report that joins while its case ends', () => {
  test.each(['read', 'outcome', 'concluded'] as const)('in the moment of "%s" it is planned for, and the case does not close over it', async (moment) => {
    await desk.write(id, ...begun('name'), rejected);
    desk.meanwhile(moment, proves);
    expect(await recorded()).toMatchObject({ next: 'plan', attempt: 1 });
    const found = await desk.load(id);
    expect([found.status, found.closed, found.proof]).toEqual(['open', undefined, 'value']);
    expect(found.lines.some(({ kind }) => kind === 'concluded' || kind === 'closed')).toBe(false);
  });

  test('before the record looked, though the function before it saw nothing to do', async () => {
    await desk.write(id, ...begun('name'), rejected);
    await proves();
    expect((await recorded()).next).toBe('plan');
  });

  test('where the acts are done it belongs to the case that ends', async () => {
    const probed = { kind: 'probed' as const, attempt: 1, probed: { verdict: 'dead' as const, basis: 'value' as const, control: true, note: 'refused' } };
    await desk.write(id, ...begun('value'), plannedIn());
    await desk.write(id, { kind: 'acted', attempt: 1, verb: 'contain', round: 0, acted: { result: 'done', note: '' } });
    desk.pass(5);
    await desk.write(id, probed);
    desk.pass(5);
    await desk.write(id, probed, { kind: 'acted', attempt: 1, verb: 'rotate', round: 0, acted: { result: 'done', note: '' } }, probed);
    desk.meanwhile('concluded', proves);
    expect((await recorded()).next).toBe('contained');
    const found = await desk.load(id);
    expect(found.lines.map(({ kind }) => kind).slice(-4)).toEqual(['outcome', 'joined', 'concluded', 'closed']);
  });

  test('after a failure it is looked at once more, and not for ever', async () => {
    await desk.write(id, ...begun('name'));
    await proves();
    expect((await recorded({ next: undefined, error: 'ServiceUnavailable' })).next).toBe('plan');
    expect((await recorded({ next: undefined, error: 'ServiceUnavailable' })).next).toBe('not-contained');
    expect((await desk.load(id)).lines.filter(({ kind }) => kind === 'failed')).toMatchObject([{ step: 'playbook', error: 'ServiceUnavailable' }]);
  });

  test('while the case is planned it is planned for', async () => {
    await desk.write(id, ...begun('name'));
    desk.meanwhile('planned', proves);
    expect((await plan({ case: id, attempt: 1 }, desk.steps, signal)).next).not.toBe('ask');
    const found = await desk.load(id);
    expect(found.lines.map(({ kind }) => kind).slice(-2)).toEqual(['joined', 'planned']);
    // a name is tried first; a value needs no such trial
    expect(found.plan?.steps).toEqual([{ verb: 'probe', purpose: 'death' }]);
  });

  test('while a person is being asked it wakes the playbook', async () => {
    const found = await desk.write(id, ...begun('name'), asking);
    desk.meanwhile('asked', proves);
    expect((await askPerson(found, { case: id, attempt: 1, token: 'the-token' }, desk.record)).next).toBe('plan');
    expect(desk.asked).toContain('SendTaskSuccess the-token');
  });
});

describe('an answer', () => {
  const answered = { kind: 'answered' as const, answer: 'approve', by: 'ann', reason: 'ours' };
  const asked = async () => {
    await askPerson(await desk.write(id, ...begun('name'), asking), { case: id, attempt: 1, token: 'the-token' }, desk.record);
    const [task] = (await desk.load(id)).tasks;
    if (!task) throw new Error('nobody was asked');
    return task;
  };

  test('in the very moment in which the patience ends is heard', async () => {
    const task = await asked();
    desk.meanwhile('concluded', () => desk.write(id, { ...answered, task: task.id }));
    expect((await recorded({ next: 'ask' })).next).toBe('plan');
    expect((await desk.load(id)).lines.some(({ kind }) => kind === 'concluded')).toBe(false);
  });

  test('that nobody gave in time makes the case red, and one that comes later opens it again', async () => {
    const task = await asked();
    expect((await recorded({ next: 'ask' })).next).toBe('not-contained');
    await desk.write(id, { ...answered, task: task.id });
    expect((await desk.ledger.list('open', 10)).items.map((head) => head.id)).toEqual([id]);
  });
});

describe('what an attempt leaves for a person', () => {
  test('is taken back when a later attempt has seen to it', async () => {
    const failing = [{ kind: 'failed' as const, attempt: 1, step: 'contain', error: 'ServiceUnavailable' }];
    await desk.write(id, ...begun('value'), plannedIn(), ...failing);
    expect((await recorded({ next: undefined })).next).toBe('not-contained');
    const [task] = (await desk.load(id)).tasks;
    expect(task?.question).toMatch(/death|not contained/);
    const probed = { kind: 'probed' as const, attempt: 2, probed: { verdict: 'dead' as const, basis: 'value' as const, control: true, note: 'refused' } };
    await desk.write(id, { kind: 'started', attempt: 2, why: 'reported again' }, { ...plannedIn(), attempt: 2 } as never, { kind: 'acted', attempt: 2, verb: 'contain', round: 0, acted: { result: 'done', note: '' } });
    desk.pass(5);
    await desk.write(id, probed);
    desk.pass(5);
    await desk.write(id, probed, { kind: 'acted', attempt: 2, verb: 'rotate', round: 0, acted: { result: 'done', note: '' } }, probed);
    expect((await record({ case: id, attempt: 2, next: 'record', seconds: 0 }, desk.record, signal)).next).toBe('contained');
    expect((await desk.load(id)).tasks.filter(({ answer }) => answer === undefined)).toEqual([]);
    expect(await getTask(desk.ledger, task?.id ?? '')).toMatchObject({ status: 'answered', answer: 'withdrawn' });
  });

  test('a case that closes gives its credential free', async () => {
    await claim(desk.ledger, key.id, id, desk.now());
    await desk.write(id, ...begun('name'), rejected);
    expect((await recorded()).next).toBe('recorded');
    expect((await claim(desk.ledger, key.id, 'c-0b', desk.now())).case).toBe('c-0b');
  });
});

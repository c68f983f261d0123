import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askPerson } from '../../functions/aws/ask.ts';
import { answerTask, getTask } from '../../functions/aws/claims.ts';
import type { ClientOf } from '../../functions/aws/clients.ts';
import type { MetricName } from '../../functions/aws/metrics.ts';
import type { Entry } from '../../functions/core/case.ts';
import { handle as record } from '../../functions/record.ts';
import { report } from '../core/circumstances.ts';
import { begun, openDesk, plannedIn, type Desk } from './desk.ts';

let desk: Desk;
let counted: MetricName[];
beforeEach(async () => {
  desk = await openDesk();
  counted = [];
});
afterEach(() => desk.close());

const id = 'c-0a';
const byName = plannedIn({ proof: 'name', approval: true });
const byValue = plannedIn({ held: true, approval: true });
const joined = (finding: string, proof: 'name' | 'value'): Entry => ({ kind: 'joined', report: report({ finding }), proof });
const asks = async (attempt = 1) => askPerson(await desk.load(id), { case: id, attempt, token: 'the-token' }, { ...desk.record, count: (metric) => void counted.push(metric) });
const published = (): number => desk.asked.filter((what) => what.startsWith('Publish')).length;
const openOnes = async () => (await desk.load(id)).tasks.filter(({ answer }) => answer === undefined);
const theOpenOne = async () => {
  const [task, ...others] = await openOnes();
  if (!task || others.length > 0) throw new Error(`${others.length + (task ? 1 : 0)} questions are open`);
  return task;
};

describe('a question', () => {
  test('is told and counted once, however often its case comes back to it', async () => {
    await desk.write(id, ...begun('name'), byName);
    await asks();
    const { deadline } = await theOpenOne();
    for (const finding of ['f-2', 'f-3']) {
      desk.pass(86_400);
      await desk.write(id, joined(finding, 'name'), byName);
      expect((await asks()).next).toBe('ask');
    }
    expect([published(), counted]).toEqual([1, ['CaseWaiting']]);
    expect(await theOpenOne()).toMatchObject({ deadline });
  });

  test('is told, though the topic was down when it was put', async () => {
    await desk.write(id, ...begun('name'), byName);
    const down = (() => ({ send: () => Promise.reject(new Error('the topic is down')) })) as unknown as ClientOf;
    await expect(askPerson(await desk.load(id), { case: id, attempt: 1, token: 'the-token' }, { ...desk.record, clientOf: down })).rejects.toThrow('down');
    await asks();
    expect(published()).toBe(1);
    expect((await desk.load(id)).status).toBe('waiting');
  });

  test('does not wake the playbook for a report of the name that comes in that moment', async () => {
    await desk.write(id, ...begun('name'), byName);
    desk.meanwhile('asked', () => desk.write(id, joined('f-2', 'name')));
    expect((await asks()).next).toBe('ask');
    expect(desk.asked.filter((what) => what.startsWith('SendTask'))).toEqual([]);
  });

  test('that nobody answered is the same one when the case is reported again', async () => {
    await desk.write(id, ...begun('name'), byName);
    await asks();
    const { id: first } = await theOpenOne();
    await desk.write(id, { kind: 'concluded', attempt: 1, status: 'not-contained', note: '' }, { kind: 'started', attempt: 2, why: 'reported again' }, { ...byName, attempt: 2 } as Entry);
    await asks(2);
    expect((await theOpenOne()).id).toBe(first);
  });
});

describe('a question that another plan made idle', () => {
  const another = async () => {
    await desk.write(id, ...begun('name'), byName);
    await asks();
    const first = await theOpenOne();
    await desk.write(id, joined('f-2', 'value'), byValue);
    return first;
  };

  test('is withdrawn when the other one is put, and its task says why', async () => {
    const first = await another();
    await asks();
    expect(await getTask(desk.ledger, first.id)).toMatchObject({ status: 'answered', answer: 'withdrawn', answeredBy: 'rescind', reason: expect.stringMatching(/another question/) });
    const second = await theOpenOne();
    expect(second.about).not.toBe(first.about);
    expect((await desk.load(id)).status).toBe('waiting');
    expect([published(), counted.length]).toEqual([2, 2]);
    const approved = await desk.write(id, { kind: 'answered', task: second.id, answer: 'approve', by: 'ann', reason: 'ours' });
    expect(approved.status).toBe('open');
  });

  test('keeps the answer that a person gave it in that moment, which agrees to nothing else', async () => {
    const first = await another();
    await answerTask(desk.ledger, first.id, 'approve', 'alice', 'go');
    expect((await asks()).next).toBe('ask');
    const found = await desk.load(id);
    expect(found.tasks.find((task) => task.id === first.id)).toMatchObject({ answer: 'approve', answeredBy: 'alice', reason: 'go' });
    expect(found.status).toBe('waiting');
  });
});

describe("a person's answer whose line is not written yet", () => {
  const rejected = plannedIn({ proof: 'name', claim: { verdict: 'dead', basis: 'value', note: 'refused' } });
  const recorded = () => record({ case: id, attempt: 1, next: 'record', seconds: 0 } as never, desk.record, new AbortController().signal);

  test('stands in the ledger as in the table when its case ends, which is judged once more', async () => {
    await desk.write(id, ...begun('name'), byName);
    await asks();
    const task = await theOpenOne();
    await desk.write(id, rejected);
    await answerTask(desk.ledger, task.id, 'reject', 'alice', 'not ours');
    expect((await recorded()).next).toBe('recorded');
    const found = await desk.load(id);
    const table = await getTask(desk.ledger, task.id);
    expect(found.tasks.find((told) => told.id === task.id)).toMatchObject({ answer: 'reject', answeredBy: 'alice', reason: 'not ours' });
    expect([table?.answer, table?.answeredBy]).toEqual(['reject', 'alice']);
    expect(found.lines.filter(({ kind }) => kind === 'answered')).toHaveLength(1);
    expect(found.endedAt).toBeDefined();
  });

  test('is heard in the moment in which the case ends, whatever the person is called', async () => {
    await desk.write(id, ...begun('name'), byName);
    await asks();
    const task = await theOpenOne();
    desk.meanwhile('concluded', () => desk.write(id, { kind: 'answered', task: task.id, answer: 'approve', by: 'rescind', reason: '' }));
    expect((await record({ case: id, attempt: 1, next: 'ask', seconds: 0 } as never, desk.record, new AbortController().signal)).next).toBe('plan');
  });

  test('what we withdrew ourselves and died over is withdrawn', async () => {
    await desk.write(id, ...begun('name'), byName);
    await asks();
    const task = await theOpenOne();
    await desk.write(id, rejected);
    desk.meanwhile('answered', () => Promise.reject(new Error('the function died')));
    await expect(recorded()).rejects.toThrow('died');
    expect((await recorded()).next).toBe('recorded');
    expect((await desk.load(id)).tasks.find((told) => told.id === task.id)).toMatchObject({ answer: 'withdrawn', answeredBy: 'rescind' });
  });
});

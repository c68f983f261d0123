import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claim, putWaker } from '../../functions/aws/claims.ts';
import { putLook } from '../../functions/aws/looks.ts';
import { revive, sweep } from '../../functions/aws/sweep.ts';
import type { Entry } from '../../functions/core/case.ts';
import { circumstances, report } from '../core/circumstances.ts';
import { begun, key, openDesk, plannedIn, type Desk } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.close());

const id = 'c-0a';
const intent: Entry = { kind: 'intent', attempt: 1, verb: 'rotate', round: 0 };
const started = async (): Promise<number> => (await desk.load(id)).lines.filter(({ kind }) => kind === 'started').length;

describe('a case whose playbook was aborted', () => {
  test('is left alone while the function that it had called may still act', async () => {
    await desk.write(id, ...begun(), plannedIn());
    desk.pass(200);
    await desk.write(id, intent);
    desk.pass(5);
    await sweep(desk.dispatch);
    expect(await started()).toBe(1);
    desk.pass(100);
    await desk.write(id, { kind: 'noted', attempt: 1, verb: 'rotate', round: 0, fact: { created: 'NEW' } });
    desk.pass(100);
    await sweep(desk.dispatch);
    expect(await started()).toBe(1);
    desk.pass(60);
    await sweep(desk.dispatch);
    expect(await started()).toBe(2);
    expect(desk.asked).toEqual([`StopExecution ${id}-1`, `StartExecution ${id}-2`]);
  });

  test('is left alone where a function says in that very moment that it acts', async () => {
    const found = await desk.write(id, ...begun(), plannedIn());
    desk.meanwhile('started', () => desk.write(id, intent));
    await revive(found, 'its playbook is not running', desk.dispatch);
    expect(await started()).toBe(1);
  });

  test('is not given up over a report that comes in that moment', async () => {
    const attempts = Array.from({ length: 10 }, (_, i): Entry => ({ kind: 'started', attempt: i + 2, why: 'its playbook is not running' }));
    const found = await desk.write(id, ...begun(), ...attempts);
    desk.meanwhile('concluded', () => desk.write(id, { kind: 'joined', report: report({ finding: 'f-2' }), proof: 'value' }));
    await revive(found, 'its playbook is not running', desk.dispatch);
    expect((await desk.load(id)).status).toBe('open');
    await revive(await desk.load(id), 'its playbook is not running', desk.dispatch);
    const red = await desk.load(id);
    expect(red.status).toBe('not-contained');
    expect(red.tasks.map(({ question }) => question).join()).toContain('10 attempts ended without a word');
  });
});

describe('a case at which every sweep throws', () => {
  test('keeps nothing else from its turn, and the sweep fails for it', async () => {
    const other = 'c-0b';
    const red = 'c-0c';
    for (const each of [id, other]) await desk.write(each, ...begun(), plannedIn());
    await desk.write(red, ...begun(), plannedIn(), { kind: 'concluded', attempt: 1, status: 'not-contained', note: '' });
    await putLook(desk.ledger, await desk.write('c-0d', ...begun(), plannedIn({ facts: { ...circumstances().facts, watchSeconds: 1200 } })), desk.now());
    desk.pass(86_400);
    const clientOf = ((client: never) => {
      const { send } = desk.dispatch.clientOf<{ send: (command: { input: { executionArn?: string } }) => Promise<unknown> }>(client);
      return { send: (command: { input: { executionArn?: string } }) => (command.input.executionArn?.includes(id) ? Promise.reject(new Error('throttled')) : send(command)) };
    }) as never;
    await expect(sweep({ ...desk.dispatch, clientOf })).rejects.toThrow('throttled');
    expect(desk.asked).toContain(`StartExecution ${other}-2`);
    expect(desk.asked.some((asked) => asked.startsWith(`StartExecution ${red}-1`))).toBe(true);
    expect(desk.asked[0]).toBe('SendMessage');
  });
});

test('a red case whose head was left behind by a crash is reported by the very sweep that brings the head up to date', async () => {
  await desk.write(id, ...begun(), plannedIn());
  const behind = await desk.documents.send(new GetCommand({ TableName: desk.ledger.table, Key: { pk: `case#${id}`, sk: 'head' } }));
  await desk.write(id, { kind: 'concluded', attempt: 1, status: 'not-contained', note: '' });
  await desk.documents.send(new PutCommand({ TableName: desk.ledger.table, Item: behind.Item }));
  desk.pass(86_400);
  await sweep(desk.dispatch);
  expect(desk.asked.map((asked) => asked.replace(/\d+$/, ''))).toEqual([`StartExecution ${id}-1-report-`]);
});

describe('a case that was never started', () => {
  const opened: Entry[] = begun().slice(0, 2);

  test('is started where it has the credential', async () => {
    await claim(desk.ledger, key.id, id, desk.now());
    await desk.write(id, ...opened);
    desk.pass(200);
    await sweep(desk.dispatch);
    expect(desk.asked).toEqual([`StartExecution ${id}-1`]);
  });

  test('is left alone while another case has it: two would act at once', async () => {
    await claim(desk.ledger, key.id, 'c-0b', desk.now());
    await desk.write('c-0b', ...begun('value', 'f-2'), plannedIn());
    desk.running.add('c-0b-1');
    await desk.write(id, ...opened);
    desk.pass(200);
    await sweep(desk.dispatch);
    expect(desk.asked).toEqual([]);
  });
});

test('a case that waits for an answer is not woken by more reports of its name', async () => {
  const asking = plannedIn({ proof: 'name' });
  const about = asking.kind === 'planned' ? asking.plan.about : '';
  await desk.write(id, ...begun('name'), asking, { kind: 'asked', attempt: 1, task: { id: 't-1', case: id, kind: 'approve', question: '?', owner: 'orders', contact: 'x', deadline: '2026-12-01T00:00:00.000Z', about } });
  await putWaker(desk.ledger, `case:${id}`, { case: id, attempt: 1 }, 'the-token', desk.now());
  desk.running.add(`${id}-1`);
  for (const finding of ['f-2', 'f-3']) {
    await desk.write(id, { kind: 'joined', report: report({ finding }), proof: 'name' });
    desk.pass(200);
    await sweep(desk.dispatch);
  }
  expect(desk.asked).toEqual([]);
  // whoever was woken in between waits with a newer patience than the question has
  desk.pass(7 * 86_400);
  await sweep(desk.dispatch);
  expect(desk.asked).toEqual(['SendTaskSuccess the-token']);
});

test('a case that waits for an answer and was proven meanwhile is woken, whoever forgot to', async () => {
  const asking = plannedIn({ proof: 'name' });
  const about = asking.kind === 'planned' ? asking.plan.about : '';
  await desk.write(id, ...begun('name'), asking, { kind: 'asked', attempt: 1, task: { id: 't-1', case: id, kind: 'approve', question: '?', owner: 'orders', contact: 'x', deadline: '2026-12-01T00:00:00.000Z', about } });
  await putWaker(desk.ledger, `case:${id}`, { case: id, attempt: 1 }, 'the-token', desk.now());
  desk.running.add(`${id}-1`);
  desk.pass(200);
  await sweep(desk.dispatch);
  expect(desk.asked).toEqual([]);
  await desk.write(id, { kind: 'joined', report: report({ finding: 'f-2' }), proof: 'value' });
  desk.pass(200);
  await sweep(desk.dispatch);
  expect(desk.asked).toEqual(['SendTaskSuccess the-token']);
});

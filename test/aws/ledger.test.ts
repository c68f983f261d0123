import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerTask, claim, countUnder, getTask, listTasks, putTask, putWaker, release, wakersOf, dropWaker } from '../../functions/aws/claims.ts';
import type { Task } from '../../functions/core/case.ts';
import { report } from '../core/circumstances.ts';
import { startTables } from './tables.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

const opened = { kind: 'opened' as const, report: report() };

describe('the ledger', () => {
  test('writers at the same time get a place each, and the chain holds', async () => {
    const { ledger } = tables;
    await ledger.tell('c-race', () => opened);
    await Promise.all(Array.from({ length: 10 }, (_, i) => ledger.tell('c-race', () => ({ kind: 'lookup-failed', note: String(i) }))));
    const found = await ledger.load('c-race');
    expect(found?.lines.map(({ n }) => n)).toEqual(Array.from({ length: 11 }, (_, i) => i + 1));
    let previous = '0'.repeat(64);
    for (const { hash, ...line } of found?.lines ?? []) {
      expect(line.previous).toBe(previous);
      expect(hash).toBe(createHash('sha256').update(JSON.stringify(line)).digest('hex'));
      previous = hash;
    }
  });

  test('what was decided is decided once, however many ask', async () => {
    const { ledger } = tables;
    const once = () => ledger.tell('c-once', ({ lines }) => (lines.length > 0 ? undefined : opened));
    await Promise.all(Array.from({ length: 8 }, once));
    expect((await ledger.load('c-once'))?.lines).toHaveLength(1);
  });

  test('lists show the newest first, page by page, by status as well', async () => {
    const { ledger } = tables;
    for (const i of [1, 2, 3]) await ledger.tell(`c-list-${i}`, () => opened);
    await ledger.tell('c-list-2', () => ({ kind: 'unmatched', note: '' }));
    const first = await ledger.list('open', 1);
    expect(first.items[0]?.id).toBe('c-list-3');
    const second = await ledger.list('open', 1, first.cursor);
    expect(second.items[0]?.id).toBe('c-list-1');
    expect((await ledger.list('unmatched', 10)).items.map(({ id }) => id)).toEqual(['c-list-2']);
  });

  test('a cursor that is not ours starts at the beginning', async () => {
    await expect(tables.ledger.list('unmatched', 10, 'garbage')).resolves.toMatchObject({ items: [{ id: 'c-list-2' }] });
  });

  test('an older head never overwrites a newer one', async () => {
    const { ledger } = tables;
    const before = await ledger.tell('c-head', () => opened);
    await ledger.tell('c-head', () => ({ kind: 'unmatched', note: '' }));
    await ledger.project(before);
    expect((await ledger.list(undefined, 50)).items.find(({ id }) => id === 'c-head')?.status).toBe('unmatched');
  });
});

describe('claims', () => {
  test('of many that ask at once for one credential, one gets it, and it again', async () => {
    const { ledger } = tables;
    const owners = await Promise.all(Array.from({ length: 8 }, (_, i) => claim(ledger, 'aws-iam-key:A', `c-${i}`)));
    expect(new Set(owners.map((owner) => owner.case)).size).toBe(1);
    expect((await claim(ledger, 'aws-iam-key:A', owners[0]?.case ?? '')).case).toBe(owners[0]?.case);
  });

  test('only who has it gives it free', async () => {
    const { ledger } = tables;
    await claim(ledger, 'aws-iam-key:B', 'c-one');
    await release(ledger, 'aws-iam-key:B', 'c-other');
    expect((await claim(ledger, 'aws-iam-key:B', 'c-two')).case).toBe('c-one');
    await release(ledger, 'aws-iam-key:B', 'c-one');
    expect((await claim(ledger, 'aws-iam-key:B', 'c-two')).case).toBe('c-two');
  });

  test('a claim that was asked for again since it was looked at is not taken away', async () => {
    const { ledger } = tables;
    const seen = await claim(ledger, 'aws-iam-key:C', 'c-one');
    const again = await claim(ledger, 'aws-iam-key:C', 'c-one');
    await release(ledger, 'aws-iam-key:C', 'c-one', seen.mark);
    expect((await claim(ledger, 'aws-iam-key:C', 'c-two')).case).toBe('c-one');
    await release(ledger, 'aws-iam-key:C', 'c-one', again.mark);
    expect((await claim(ledger, 'aws-iam-key:C', 'c-two')).case).toBe('c-two');
  });
});

describe('tasks, wakers and limits', () => {
  const task: Task = { id: 't-1', case: 'c-1', kind: 'approve', question: '?', owner: 'orders', contact: 'x', deadline: '2026-11-23T00:00:00.000Z', about: 'plan' };

  test('the first answer stands', async () => {
    const { ledger } = tables;
    await putTask(ledger, task);
    expect(await Promise.all([answerTask(ledger, 't-1', 'approve', 'ann', 'real'), answerTask(ledger, 't-1', 'reject', 'bob', 'not')])).toContain(true);
    const standing = await getTask(ledger, 't-1');
    await putTask(ledger, task);
    expect(await answerTask(ledger, 't-1', 'reject', 'eve', 'late')).toBe(false);
    expect(await getTask(ledger, 't-1')).toEqual(standing);
    expect((await listTasks(ledger, 'open', 10)).items).toEqual([]);
  });

  test('nobody answers a task that does not exist', async () => {
    expect(await answerTask(tables.ledger, 't-none', 'approve', 'ann', 'x')).toBe(false);
  });

  test('a waker is taken once', async () => {
    const { ledger } = tables;
    await putWaker(ledger, 'case:c-1', { case: 'c-1', attempt: 2 }, 'token', new Date());
    const waker = { token: 'token', case: 'c-1', attempt: 2 };
    expect(await wakersOf(ledger, 'case:c-1')).toEqual([waker]);
    await dropWaker(ledger, 'case:c-1', { ...waker, token: 'an older token' });
    expect(await wakersOf(ledger, 'case:c-1')).toEqual([waker]);
    await dropWaker(ledger, 'case:c-1', waker);
    expect(await wakersOf(ledger, 'case:c-1')).toEqual([]);
  });

  test('a case counts once an hour under a limit, and no longer', async () => {
    const { ledger } = tables;
    const now = new Date('2026-11-22T02:00:00Z');
    const count = (id: string, at: string) => countUnder(ledger, 'source#x', id, at, now, 10);
    await count('c-old', '2026-11-22T00:30:00.000Z');
    expect(await count('c-1', '2026-11-22T01:30:00.000Z')).toBe(1);
    expect(await count('c-1', '2026-11-22T01:30:00.000Z')).toBe(1);
    expect(await count('c-2', '2026-11-22T01:40:00.000Z')).toBe(2);
  });
});

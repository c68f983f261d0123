import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handle } from '../../functions/api.ts';
import { putTask } from '../../functions/aws/claims.ts';
import type { HttpAnswer } from '../../functions/aws/http.ts';
import type { MetricName } from '../../functions/aws/metrics.ts';
import { sweep } from '../../functions/aws/sweep.ts';
import { taskFor } from '../../functions/aws/tasks.ts';
import type { Case } from '../../functions/core/case.ts';
import type { Leaf } from '../../functions/core/identify.ts';
import { report } from '../core/circumstances.ts';
import { begun, key, openDesk, plannedIn, type Desk } from './desk.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

interface Credential { id: string; owner?: string; copies: { name: string; bound: boolean }[]; children?: unknown[]; case?: string }
type Body = { error: string; closed?: object; cases: { id: string; closed?: object }[]; tasks: { id: string; case: string }[]; remaining: unknown[]; credentials: Credential[]; cursor?: string };
type Answer = Omit<HttpAnswer, 'body'> & { body: Body };

/** Asks the API as somebody. */
const ask = async (method: string, target: string, body: object = {}): Promise<Answer> => {
  const { pathname, searchParams } = new URL(target, 'http://api.example');
  const answer = await handle({ method, path: pathname, query: Object.fromEntries(searchParams), headers: {}, body: Buffer.from(JSON.stringify(body)), caller: 'ana' }, desk.dispatch, new AbortController().signal);
  return { ...answer, body: JSON.parse(JSON.stringify(answer.body)) as Body };
};
const get = async (target: string): Promise<Body> => (await ask('GET', target)).body;

/** A case that ended red with a question that nobody answered and a thing to do, both given to people as tasks. */
const redCase = async (id: string): Promise<Case> => {
  const found = await desk.write(id, ...begun(), plannedIn());
  for (const kind of ['approve', 'act'] as const) {
    const task = taskFor(found, kind, `${kind} in ${id}`, `${kind} in ${id}`, desk.dispatch.configuration, desk.now());
    await putTask(desk.ledger, task);
    await desk.write(id, { kind: 'asked', attempt: 1, task });
  }
  return desk.write(id, { kind: 'concluded', attempt: 1, status: 'not-contained', note: 'nobody answered' });
};

const tasksOf = async (id: string, status = 'open'): Promise<string[]> => (await get(`/tasks?status=${status}&limit=200`)).tasks.filter((task) => task.case === id).map((task) => task.id);

/** How many overdue tasks a sweep counts. */
const overdue = async (): Promise<number> => {
  const counted: MetricName[] = [];
  await sweep({ ...desk.dispatch, count: (metric) => void counted.push(metric) });
  return counted.filter((metric) => metric === 'TaskOverdue').length;
};

describe('a case that a person closes', () => {
  it('takes its tasks with it: none is open, none remains, none is overdue', async () => {
    await redCase('c-closing');
    expect(await tasksOf('c-closing')).toHaveLength(2);
    desk.pass(48 * 3600);
    expect(await overdue()).toBe(2);
    const { status, body } = await ask('POST', '/cases/c-closing/close', { reason: 'the server is gone' });
    expect([status, body.remaining, body.closed]).toMatchObject([200, [], { by: 'ana', reason: 'the server is gone' }]);
    expect(await tasksOf('c-closing')).toEqual([]);
    expect((await get('/tasks?status=answered')).tasks).toEqual(expect.arrayContaining([expect.objectContaining({ case: 'c-closing', answer: 'withdrawn', answeredBy: 'rescind' })]));
    expect((await get('/cases/c-closing')).remaining).toEqual([]);
    expect(await overdue()).toBe(0);
  });

  it('is told last', async () => {
    await redCase('c-told');
    await ask('POST', '/cases/c-told/close', { reason: 'seen to' });
    expect((await desk.kinds('c-told')).slice(-3)).toEqual(['answered', 'answered', 'closed']);
  });

  it('rings for no task that was put while it was closed', async () => {
    const found = await redCase('c-raced');
    await ask('POST', '/cases/c-raced/close', { reason: 'seen to' });
    await putTask(desk.ledger, taskFor(found, 'act', 'too late', 'too late', desk.dispatch.configuration, desk.now()));
    desk.pass(48 * 3600);
    expect(await overdue()).toBe(0);
  });

  it('stays open where a new attempt begins in between, and is answered 409', async () => {
    await redCase('c-revived');
    desk.meanwhile('closed', () => desk.write('c-revived', { kind: 'joined', report: report({ finding: 'f-2' }), proof: 'value' }, { kind: 'started', attempt: 2, why: 'reported again' }));
    expect((await ask('POST', '/cases/c-revived/close', { reason: 'seen to' })).status).toBe(409);
    expect((await desk.load('c-revived')).closed).toBeUndefined();
  });

  it('looks the same in a list and by itself, and an open one is not closed in either', async () => {
    await redCase('c-list');
    await desk.ledger.point('credential', key.id, await desk.load('c-list'));
    const shapes = async () => [(await get('/cases?limit=200')).cases, (await get(`/cases?credential=${key.id}`)).cases].map((cases) => cases.find(({ id }) => id === 'c-list'));
    for (const found of [...(await shapes()), await get('/cases/c-list')]) expect([found === undefined, found && 'closed' in found]).toEqual([false, false]);
    await ask('POST', '/cases/c-list/close', { reason: 'seen to' });
    const { closed } = await get('/cases/c-list');
    expect(closed).toMatchObject({ by: 'ana', reason: 'seen to' });
    expect((await shapes()).map((found) => found?.closed)).toEqual([closed, closed]);
  });

  it('looks the same where it closed itself', async () => {
    await desk.write('c-green', ...begun(), { kind: 'concluded', attempt: 1, status: 'contained', note: 'dead' });
    desk.pass(5);
    await desk.write('c-green', { kind: 'closed', by: 'rescind', reason: 'contained' });
    const { closed } = await get('/cases/c-green');
    expect(closed).toMatchObject({ by: 'rescind', reason: 'contained' });
    expect((await get('/cases?limit=200')).cases.find(({ id }) => id === 'c-green')?.closed).toEqual(closed);
  });
});

describe('a list', () => {
  it.each(['/cases', '/cases?delivery=d', '/cases?credential=x', '/tasks', '/credentials', '/credentials?id=x'])('%s takes a limit from 1 to 200 and says so', async (path) => {
    const asked = (limit: string) => ask('GET', `${path}${path.includes('?') ? '&' : '?'}limit=${encodeURIComponent(limit)}`);
    for (const limit of ['abc', '0', '-1', '201', '1.5', '1e2', ' 5', '', '1,2', '99999999999999999999']) {
      const { status, body } = await asked(limit);
      expect([limit, status, body.error]).toEqual([limit, 400, 'limit is a whole number from 1 to 200']);
    }
    for (const limit of ['1', '200']) expect((await asked(limit)).status).toBe(path.includes('id=') ? 404 : 200);
  });

  it.each(['/cases', '/tasks', '/credentials'])('%s takes no cursor that it never gave', async (path) => {
    const ofNobody = Buffer.from(JSON.stringify({ pk: 'x', sk: 'y' })).toString('base64url');
    for (const cursor of ['garbage', ofNobody]) expect([cursor, (await ask('GET', `${path}?cursor=${cursor}`)).status]).toEqual([cursor, 400]);
  });

  it('of tasks says nothing of what is between the plan and us, and neither does an answered one', async () => {
    await redCase('c-about');
    const [task] = (await get('/tasks?status=open&limit=200')).tasks.filter((found) => found.case === 'c-about');
    expect(Object.keys(task ?? {}).sort()).toEqual(['case', 'contact', 'deadline', 'id', 'kind', 'owner', 'question', 'status']);
    const [chore] = (await get('/tasks?limit=200')).tasks.filter((found) => found.case === 'c-about' && (found as { kind?: string }).kind === 'act');
    const { status, body } = await ask('POST', `/tasks/${chore?.id}`, { answer: 'done', reason: 'it is' });
    expect([status, Object.keys(body).includes('about')]).toEqual([200, false]);
  });
});

describe('what the registry knows', () => {
  const placeOf = (name: string): string => `arn:aws:secretsmanager:us-east-1:111122223333:secret:${name}-AbCdEf`;
  const leaf = (name: string, value: string, names: string[] = []): Leaf => ({ fingerprint: `v1:${value.padEnd(64, '0')}`, place: placeOf(name), name, path: 'secret', version: 'v1', current: true, names });

  beforeAll(async () => {
    desk.dispatch.configuration = { ...desk.dispatch.configuration, secrets: [{ secret: 'orders/s3', owner: 'orders' }, { secret: 'orders/ftp', owner: 'orders' }], users: [{ user: 'alone', owner: 'platform' }] };
    await desk.registry.putLeaves([leaf('orders/s3', 'aa', ['aws-iam-key:ONE']), leaf('attic/s3', 'aa', ['aws-iam-key:ONE']), leaf('orders/ftp', 'bb')]);
    await desk.registry.putCredential({ id: 'aws-iam-key:ONE', issuer: 'aws-iam-key', principal: 'uploader', account: '111122223333' });
    await desk.registry.putCredential({ id: 'aws-iam-key:TWO', issuer: 'aws-iam-key', principal: 'alone', account: '111122223333' });
    const unknown = { id: `unknown:${'bb'.padEnd(16, '0')}`, issuer: 'unknown' };
    await desk.registry.putCredential(unknown, leaf('orders/ftp', 'bb').fingerprint);
  });

  it('is the same in the list and of one: owner, and copies with whether they are bound', async () => {
    const { credentials } = await get('/credentials');
    expect(credentials.map(({ id, owner, copies }) => [id, owner, copies.map(({ name, bound }) => `${name} ${bound ? 'bound' : 'unbound'}`)])).toEqual([
      ['aws-iam-key:ONE', 'orders', ['attic/s3 unbound', 'orders/s3 bound']],
      ['aws-iam-key:TWO', 'platform', []],
      [`unknown:${'bb'.padEnd(16, '0')}`, 'orders', ['orders/ftp bound']],
    ]);
    for (const listed of credentials) {
      const [{ children, case: _, ...one }] = (await get(`/credentials?id=${listed.id}`)).credentials as [Credential];
      expect([one, children]).toEqual([listed, []]);
    }
  });

  it('is read with as many calls a page however much is known', async () => {
    let reads = 0;
    desk.documents.middlewareStack.add((next) => (args) => ((reads += 1), next(args)), { step: 'initialize', name: 'counting' });
    const readsOf = async (target: string): Promise<number> => {
      reads = 0;
      expect((await get(target)).credentials).toHaveLength(2);
      return reads;
    };
    const few = await readsOf('/credentials?limit=2');
    await Promise.all(Array.from({ length: 300 }, (_, n) => desk.registry.putCredential({ id: `aws-iam-key:Z${n}`, issuer: 'aws-iam-key', principal: 'many' })));
    expect(await readsOf('/credentials?limit=2')).toBe(few);
    expect(few).toBeLessThanOrEqual(2 + 2);
  });

  it('of one shows what was minted from it, as its latest case knows it', async () => {
    const child = { id: 'aws-role-session:arn:aws:sts::111122223333:assumed-role/deploy/x', accounted: false, how: 'not seen to end' };
    const opened = { kind: 'opened', report: report(), credential: 'aws-iam-key:TWO', proof: 'value' } as const;
    await desk.ledger.point('credential', 'aws-iam-key:TWO', await desk.write('c-first', opened));
    desk.pass(60);
    const second = await desk.write('c-second', opened, { kind: 'probed', attempt: 1, probed: { verdict: 'dead', basis: 'value', control: true, note: 'refused', children: [child] } });
    await desk.ledger.point('credential', 'aws-iam-key:TWO', second);
    expect((await get('/credentials?id=aws-iam-key:TWO')).credentials).toMatchObject([{ case: 'c-second', children: [child] }]);
    await desk.write('c-second', { kind: 'outcome', attempt: 1, outcome: { credential: 'aws-iam-key:TWO', outcome: 'confirmed', how: 'refused', green: true, children: [{ ...child, accounted: true, how: 'denied' }] } });
    expect((await get('/credentials?id=aws-iam-key:TWO')).credentials).toMatchObject([{ children: [{ id: child.id, accounted: true, how: 'denied' }] }]);
  });
});

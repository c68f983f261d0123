import { createHmac, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { healthEvent, gitleaksFinding, openTown, trufflehogFinding, type Delivery, type Town } from '../town.ts';
import { keysOf, pairsWorld } from './pairs.ts';

let town: Town;
const marked = `Mark3d${randomUUID().replaceAll('-', '')}`;

beforeAll(async () => {
  const world = pairsWorld([{ user: 'asked', owners: ['orders'] }, { user: 'red', owners: ['orders'] }], { unknownIssuer: true });
  world.configuration.sources.push({ source: 'tekton', secrets: world.configuration.sources[0]?.secrets ?? [] });
  town = await openTown(world, { speed: 25 });
});
afterAll(() => town.close());

const places = ['table ', 'queue ', 'execution ', 'bucket '];

/** Everything that is kept: tables, queues, executions, bucket; what was merely said is left out. */
const kept = async (): Promise<string[]> => {
  const before = town.said.length;
  return (await town.texts()).slice(before).filter(([place]) => places.some((start) => place.startsWith(start))).map(([place, text]) => `${place} ${text}`);
};

/** What a refused request leaves behind: one line, one count, and nothing else. */
const refusing = async (send: () => Promise<Delivery>): Promise<Delivery> => {
  const before = await kept();
  const [lines, count] = [town.logged.length, town.counted.get('DeliveryRejected') ?? 0];
  const answer = await send();
  expect(await kept()).toEqual(before);
  expect(town.logged.slice(lines)).toEqual(['delivery refused']);
  expect((town.counted.get('DeliveryRejected') ?? 0) - count).toBe(1);
  return answer;
};

/** How a delivery without consequence was recorded. */
const recordedAs = async (delivery: string | undefined): Promise<{ source?: string; reason?: string } | undefined> => {
  const { Items = [] } = await town.clientOf(DynamoDBClient).send(
    new QueryCommand({ TableName: 'ledger', KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: `delivery#${delivery ?? ''}` } }, ConsistentRead: true }),
  );
  const [item] = Items;
  return item?.sk?.S === 'ignored' ? { source: item.source?.S, reason: item.reason?.S } : undefined;
};

const casesOf = async (delivery: string | undefined): Promise<unknown[]> => (await town.get<{ cases: unknown[] }>(`/cases?delivery=${delivery ?? ''}`)).cases;

const githubHeaders = (body: string, event = 'secret_scanning_alert'): Record<string, string> => ({
  'content-type': 'application/json', 'x-github-event': event, 'x-github-delivery': randomUUID(), 'x-hub-signature-256': `sha256=${createHmac('sha256', town.value('githubHook')).update(body).digest('hex')}`,
});

const without = (headers: Record<string, string>, name: string): Record<string, string> => Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));

describe('a signature that does not hold is answered 401 and leaves nothing', () => {
  const body = JSON.stringify([gitleaksFinding(marked)]);
  const broken: [string, (signature: string) => string][] = [
    ['wrong', (signature) => `${signature.slice(0, -6)}${signature.endsWith('AAAAA=') ? 'BBBBB=' : 'AAAAA='}`],
    ['empty', () => ''],
    ['truncated', (signature) => signature.slice(0, -9)],
  ];

  test.each(broken)('a CI report with a signature that is %s', async (_, breaking) => {
    const headers = town.signed('gitleaks', body);
    const answer = await refusing(() => town.post('gitleaks', body, { ...headers, 'webhook-signature': breaking(headers['webhook-signature'] ?? '') }));
    expect(answer.status).toBe(401);
    expect(JSON.stringify(answer.body)).not.toContain(marked);
  });

  test('a CI report without its signature', async () => {
    const answer = await refusing(() => town.post('gitleaks', body, without(town.signed('gitleaks', body), 'webhook-signature')));
    expect(answer.status).toBe(401);
  });

  test("a CI report signed with another source's secret", async () => {
    const answer = await refusing(() => town.post('gitleaks', body, town.signed('trufflehog', body)));
    expect(answer.status).toBe(401);
  });

  test('a CI report of which one byte was changed', async () => {
    const answer = await refusing(() => town.post('gitleaks', `${body} `, town.signed('gitleaks', body)));
    expect(answer.status).toBe(401);
  });

  const header = 'x-hub-signature-256';
  const hooks: [string, (signature: string) => string][] = [
    ['wrong', (signature) => `sha256=${signature.slice(7).replace(/./g, (digit) => (digit === '0' ? '1' : '0'))}`],
    ['empty', () => ''],
    ['truncated', (signature) => signature.slice(0, -8)],
    ['of nothing but its prefix', () => 'sha256='],
  ];

  test.each(hooks)("GitHub's webhook with a signature that is %s", async (_, breaking) => {
    const hook = JSON.stringify({ action: 'created' });
    const headers = githubHeaders(hook);
    const answer = await refusing(() => town.post('github-secret-scanning', hook, { ...headers, [header]: breaking(headers[header] ?? '') }));
    expect(answer.status).toBe(401);
  });

  test("GitHub's webhook without its signature", async () => {
    const hook = JSON.stringify({ action: 'created' });
    expect((await refusing(() => town.post('github-secret-scanning', hook, without(githubHeaders(hook), header)))).status).toBe(401);
  });
});

describe('a body that cannot be taken leaves nothing', () => {
  test('over 1 MiB is answered 413, and exactly 1 MiB is read', async () => {
    const mebibyte = 1024 * 1024;
    const padded = (length: number): string => `[]${' '.repeat(length - 2)}`;
    const [over, full] = [padded(mebibyte + 1), padded(mebibyte)];
    expect((await refusing(() => town.post('gitleaks', over, town.signed('gitleaks', over)))).status).toBe(413);
    expect((await town.post('gitleaks', full, town.signed('gitleaks', full))).status).toBe(202);
  });

  const contents: ['gitleaks' | 'trufflehog', string, string][] = [
    ['gitleaks', 'is cut off', `[{"RuleID": "x", "File": "f", "Secret": "${marked}`],
    ['gitleaks', 'is a JSON object', JSON.stringify({ Secret: marked })],
    ['gitleaks', 'is a list of something else', JSON.stringify([{ Secret: marked }])],
    ['gitleaks', 'is a list of texts', JSON.stringify([marked])],
    ['gitleaks', 'is empty', ''],
    ['trufflehog', 'is cut off', `${JSON.stringify(trufflehogFinding(marked))}\n{"Raw":"${marked}`],
    ['trufflehog', 'is plain text', `no JSON but ${marked}`],
    ['trufflehog', 'is a line of something else', JSON.stringify({ Raw: marked })],
  ];

  test.each(contents)('a report of %s that %s is answered 400, with a reason that quotes nothing of it', async (source, _, body) => {
    const answer = await refusing(() => town.post(source, body, town.signed(source, body)));
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatch(/\w+ \w+/);
    expect(answer.body.error).not.toContain(marked.slice(0, 8));
  });

  test('bytes that are not UTF-8 are answered 400', async () => {
    const bytes = Buffer.concat([Buffer.from('[{"RuleID":"x","File":"'), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from('"}]')]);
    const id = `msg_${randomUUID()}`;
    const seconds = String(Math.floor(town.clock.now().getTime() / 1000));
    const key = Buffer.from(town.value('gitleaks').replace('whsec_', ''), 'base64');
    const signature = createHmac('sha256', key).update(`${id}.${seconds}.`).update(bytes).digest('base64');
    const answer = await refusing(() => town.post('gitleaks', bytes, { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` }));
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringMatching(/UTF-8/i)]);
  });

  test.each([
    ['is not JSON', `{"action": "${marked}`],
    ['has no action', JSON.stringify({ alert: { number: 1 }, note: marked })],
    ['names no alert', JSON.stringify({ action: 'created', alert: { number: marked, secret_type: 'x' }, repository: { full_name: 'acme/app' } })],
    ['leads to another path', JSON.stringify({ action: 'created', alert: { number: 1, secret_type: 'x' }, repository: { full_name: `acme/../${marked}` } })],
  ])("GitHub's webhook whose body %s is answered 400, with a reason that quotes nothing of it", async (_, body) => {
    const answer = await refusing(() => town.post('github-secret-scanning', body, githubHeaders(body)));
    expect(answer.status).toBe(400);
    expect(answer.body.error).not.toContain(marked.slice(0, 8));
  });
});

describe('what is understood and of no consequence is recorded', () => {
  test.each([
    ['an event of another type', 'push', { ref: 'refs/heads/main' }],
    ['a ping', 'ping', { zen: 'Keep it simple.' }],
    ['an action that opens nothing', 'secret_scanning_alert', { action: 'resolved', alert: { number: 1, secret_type: 'x' }, repository: { full_name: 'acme/app' } }],
    ['an action that nobody knows', 'secret_scanning_alert', { action: 'sublimated', alert: { number: 1, secret_type: 'x' }, repository: { full_name: 'acme/app' } }],
  ])('%s of GitHub is answered 202 and opens no case', async (_, event, content) => {
    const body = JSON.stringify(content);
    const answer = await town.post('github-secret-scanning', body, githubHeaders(body, event));
    expect(answer.status).toBe(202);
    expect(await recordedAs(answer.body.delivery)).toEqual({ source: 'github-secret-scanning', reason: expect.stringMatching(/\w+ \w+/) as string });
    expect(await casesOf(answer.body.delivery)).toEqual([]);
  });

  test('a report without findings is answered 202 and opens no case', async () => {
    const answer = await town.trufflehog([]);
    expect(answer.status).toBe(202);
    expect(await casesOf(answer.body.delivery)).toEqual([]);
  });

  const events: [string, object][] = [
    ["AWS Health's with garbage inside", { ...healthEvent([]), detail: { service: 'RISK', eventTypeCode: 'AWS_RISK_CREDENTIALS_EXPOSED', affectedEntities: 'nonsense' } }],
    ["AWS Health's without any detail", { source: 'aws.health', 'detail-type': 'AWS Health Event' }],
    ["AWS Health's about another service", { ...healthEvent([]), detail: { service: 'EC2', eventTypeCode: 'AWS_EC2_OPERATIONAL_ISSUE', eventTypeCategory: 'issue' } }],
    ['one that no source takes', { source: 'aws.someday', 'detail-type': 'Something', detail: { of: 'another time' } }],
  ];

  test.each(events)('an AWS event, %s, is recorded and opens no case', async (_, event) => {
    const response = await fetch(`${town.url}/aws-events`, { method: 'POST', body: JSON.stringify(event) });
    const { delivery } = (await response.json()) as { delivery: string };
    expect(response.status).toBe(202);
    const recorded = await town.until(() => recordedAs(delivery), 'the event is recorded');
    expect(recorded.reason).toMatch(/\w+ \w+/);
    expect(await casesOf(delivery)).toEqual([]);
    expect(town.platform.deadLetters()).toEqual([]);
  });
});

describe('a path or a message that is nobody’s', () => {
  test('an unknown source is answered 404 and leaves nothing', async () => {
    for (const source of ['nobody', 'aws-health', '__proto__', '..%2fcases', marked]) {
      const answer = await refusing(() => town.post(source, '{}', { 'content-type': 'application/json' }));
      expect([source, answer.status]).toEqual([source, 404]);
    }
  });

  test('a GET on a trigger is answered 405 with what is allowed', async () => {
    const response = await fetch(`${town.url}/triggers/gitleaks`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('a sender of CloudEvents that asks first is allowed, and nobody else is', async () => {
    const asking = (source: string, origin: string) => fetch(`${town.url}/triggers/${source}`, { method: 'OPTIONS', headers: origin === '' ? {} : { 'WebHook-Request-Origin': origin } });
    const allowed = await asking('tekton', 'events.example.com');
    expect([allowed.status, allowed.headers.get('webhook-allowed-origin'), await allowed.text()]).toEqual([200, 'events.example.com', '']);
    for (const [source, origin] of [['tekton', ''], ['gitleaks', 'events.example.com']] as const) expect((await asking(source, origin)).status).toBe(405);
  });

  test('garbage in the deliveries queue ends in the dead-letter queue and changes nothing else', async () => {
    const rest = (texts: string[]): string[] => texts.filter((text) => !text.startsWith('queue '));
    const before = rest(await kept());
    const garbage = ['not JSON', '[]', '{"kind":"nothing of ours"}', JSON.stringify({ kind: 'delivery' }), 'null'];
    for (const body of garbage) town.platform.sqs.queues.send('rescind-deliveries', { body });
    await town.until(() => town.platform.deadLetters().length === garbage.length, 'all of it is given up');
    expect(town.platform.deadLetters().map(({ queue, body }) => [queue, body]).sort()).toEqual(garbage.map((body) => ['deliveries', body]).sort().map(([, body]) => [expect.stringContaining('deliveries'), body]));
    expect(town.platform.sqs.queues.queue('rescind-deliveries').messages.size).toBe(0);
    expect(rest(await kept())).toEqual(before);
    // and what comes after it is heard as ever
    const [after] = await town.ended(await town.trufflehog([trufflehogFinding(town.value('stranger'))]));
    expect(after?.status).toBe('unmatched');
  });
});

describe('the API says what it cannot do', () => {
  test('an unknown case is answered 404, to read and to close', async () => {
    expect((await town.ask('GET', '/cases/c-0000')).status).toBe(404);
    expect((await town.ask('POST', '/cases/c-0000/close', { reason: 'no such thing' })).status).toBe(404);
    expect((await town.ask('POST', '/tasks/t-0000', { answer: 'approve', reason: 'no such thing' })).status).toBe(404);
  });

  test('a filter by a status that does not exist is answered 400 and names those that do', async () => {
    const { status, body } = await town.ask('GET', '/cases?status=fine');
    expect([status, body.error]).toEqual([400, expect.stringContaining('not-contained')]);
    expect((await town.ask('GET', '/tasks?status=fine')).status).toBe(400);
  });

  test('a red case is closed only by somebody, only with a reason, and only once', async () => {
    const [red] = await town.ended(await town.gitleaks([gitleaksFinding(town.value('ftp'))]));
    expect(red?.status).toBe('not-contained');
    const close = `/cases/${red?.id ?? ''}/close`;
    expect((await town.ask('POST', close, {})).status).toBe(400);
    expect((await town.ask('POST', close, { reason: '   ' })).status).toBe(400);
    expect((await town.ask('POST', close, { reason: 7 })).status).toBe(400);
    expect((await town.ask('POST', close, { reason: 'seen to' }, null)).status).toBe(403);
    expect((await town.view(red?.id ?? '')).closed).toBeUndefined();
    expect((await town.ask('POST', close, { reason: 'seen to' })).status).toBe(200);
    expect((await town.ask('POST', close, { reason: 'seen to' })).status).toBe(409);
    expect((await town.view(red?.id ?? '')).closed).toMatchObject({ by: 'tester', reason: 'seen to' });
  });

  test('a case that waits for a person cannot be closed, and its task takes one answer that makes sense', async () => {
    const id = town.value('askedId');
    const [waiting] = await town.ended(await town.trufflehog([trufflehogFinding(id, { DetectorName: 'AWS', DetectorType: 2, RawV2: `${id}:${town.value('invented')}` })]));
    expect(waiting?.status).toBe('waiting');
    expect((await town.ask('POST', `/cases/${waiting?.id ?? ''}/close`, { reason: 'away with it' })).status).toBe(409);
    const task = `/tasks/${waiting?.remaining[0]?.task ?? ''}`;
    expect((await town.ask('POST', task, { answer: 'perhaps', reason: 'who knows' })).status).toBe(400);
    expect((await town.ask('POST', task, { answer: ['approve'], reason: 'who knows' })).status).toBe(400);
    expect((await town.ask('POST', task, { answer: 'reject' })).status).toBe(400);
    expect((await town.ask('POST', task, { answer: 'reject', reason: 'invented' }, null)).status).toBe(403);
    expect((await town.view(waiting?.id ?? '')).status).toBe('waiting');
    expect((await town.ask('POST', task, { answer: 'reject', reason: 'invented' })).status).toBe(200);
    expect((await town.ask('POST', task, { answer: 'approve', reason: 'no, do it' })).status).toBe(409);
    const ended = await town.until(async () => ((await town.view(waiting?.id ?? '')).ended ? town.view(waiting?.id ?? '') : undefined), 'the case ends');
    expect([ended.status, ended.plan?.decision]).toEqual(['closed', 'record']);
    expect(keysOf(town, 'asked')).toEqual([{ id, status: 'Active' }]);
  });
});

test('after all of it nothing is green that lives, and no value is to be seen', async () => {
  expect(await town.wrongs()).toEqual([]);
  expect((await town.texts()).filter(([, text]) => text.includes(marked)).map(([place]) => place)).toEqual([]);
});

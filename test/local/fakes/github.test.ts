import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { clockOf } from '../../../local/clock.ts';
import { Behaviours } from '../../../local/fakes/behaviour.ts';
import type { GithubStored, GithubWorld } from '../../../local/fakes/github.ts';
import { startGithub } from '../../../local/fakes/github.ts';
import { inFile, inMemory } from '../../../local/fakes/state.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const clock = clockOf(50);
const reader = 'gh' + 'p_reader';
const blind = 'gh' + 'p_blind';
const leaked = 'gh' + 'p_leaked';
const secret = 'the leaked value';
const world = (more: Partial<GithubWorld> = {}): GithubWorld => ({
  tokens: [{ value: reader, login: 'rescind', scopes: ['security_events'] }, { value: blind, login: 'ann', scopes: ['read:user'] }, { id: 'the-leaked-one', value: leaked, login: 'bob', scopes: ['repo'], repositories: ['acme/shop'] }],
  alerts: [
    { repository: 'acme/shop', number: 42, secret_type: 'aws_secret_access_key', secret },
    ...Array.from({ length: 5 }, (_, n) => ({ repository: 'acme/other', number: n + 1, secret_type: 'generic', secret: `other ${n}` })),
  ],
  ...more,
});
const start = async (options: { world?: GithubWorld; behaviours?: Behaviours; store?: ReturnType<typeof inMemory<GithubStored>> } = {}) => {
  const github = await startGithub({ world: options.world ?? world(), behaviours: options.behaviours ?? new Behaviours(), clock, store: options.store ?? inMemory() });
  ends.push(() => github.close());
  const ask = (path: string, token?: string, init: RequestInit = {}) => fetch(`${github.url}${path}`, { ...init, headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), 'x-github-api-version': '2022-11-28' } });
  return { github, ask };
};
const ALERT = '/repos/acme/shop/secret-scanning/alerts/42';

test('an alert gives its secret to a token with the scope, and to nobody else', async () => {
  const { ask } = await start();
  const answer = await ask(ALERT, reader);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-ratelimit-remaining')).toBe('4999');
  expect(await answer.json()).toMatchObject({ number: 42, state: 'open', secret, secret_type: 'aws_secret_access_key' });
  const refusals = [[ALERT, 'gh' + 'p_invented', 401, 'Bad credentials'], [ALERT, blind, 403, 'Resource not accessible by personal access token'], [ALERT, undefined, 404, 'Not Found'], ['/repos/acme/other/secret-scanning/alerts/1', leaked, 404, 'Not Found'], [`${ALERT}0`, reader, 404, 'Not Found'], ['/repos/acme/nowhere/secret-scanning/alerts/1', reader, 404, 'Not Found']] as const;
  for (const [path, token, status, message] of refusals) {
    const refused = await ask(path, token);
    const body = await refused.text();
    expect([refused.status, (JSON.parse(body) as { message: string }).message]).toEqual([status, message]);
    expect(body).not.toContain(secret);
  }
});

test('the list is paged by the link header, newest first, without alerts of other repositories', async () => {
  const { github, ask } = await start();
  const numbers: number[] = [];
  let next: string | undefined = '/repos/acme/other/secret-scanning/alerts?per_page=2&state=open';
  let pages = 0;
  while (next !== undefined) {
    const answer: Response = await ask(next, reader);
    pages += 1;
    numbers.push(...((await answer.json()) as { number: number }[]).map(({ number }) => number));
    next = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]?.slice(github.url.length);
  }
  expect(numbers).toEqual([5, 4, 3, 2, 1]);
  expect(pages).toBe(3);
});

test('an alert is resolved with a resolution only, and stays so', async () => {
  const { ask } = await start();
  const patch = (body: object, token = reader) => ask(ALERT, token, { method: 'PATCH', body: JSON.stringify(body) });
  expect((await patch({ state: 'resolved' })).status).toBe(422);
  expect((await patch({ state: 'resolved', resolution: 'revoked' }, blind)).status).toBe(403);
  expect(await (await patch({ state: 'resolved', resolution: 'revoked' })).json()).toMatchObject({ state: 'resolved', resolution: 'revoked', resolved_by: { login: 'rescind' } });
  expect(await (await ask(ALERT, reader)).json()).toMatchObject({ state: 'resolved' });
});

test('a revocation is accepted without a token only, acts afterwards, and kills what it names and nothing else', async () => {
  const { github, ask } = await start({ world: world({ revokeSeconds: 10 }) });
  const revoke = (token?: string) => ask('/credentials/revoke', token, { method: 'POST', body: JSON.stringify({ credentials: [leaked, 'gh' + 'p_nobodys'] }) });
  expect((await revoke(reader)).status).toBe(403);
  const accepted = await revoke();
  expect([accepted.status, await accepted.text()]).toEqual([202, '']);
  expect((await ask('/user', leaked)).status).toBe(200);
  await clock.sleep(11_000);
  const dead = await ask('/user', leaked);
  expect([dead.status, await dead.json()]).toMatchObject([401, { message: 'Bad credentials' }]);
  expect((await ask('/meta')).status).toBe(200);
  expect(github.credentials().map(({ id, alive }) => [id, alive])).toEqual([['rescind-1', true], ['ann-2', true], ['the-leaked-one', false]]);
  expect((await ask('/credentials/revoke', undefined, { method: 'POST', body: '{}' })).status).toBe(422);
});

test('without a token the sixty-first request of an hour is refused', async () => {
  const { ask } = await start({ world: world({ limits: { anonymous: 3 } }) });
  for (let n = 0; n < 3; n += 1) expect((await ask('/meta')).status).toBe(200);
  const refused = await ask('/meta');
  expect([refused.status, refused.headers.get('x-ratelimit-remaining')]).toEqual([403, '0']);
  expect((await ask('/user', reader)).status).toBe(200);
});

test('it lies, throttles, goes down and drops as told, and a lie revokes nothing', async () => {
  const behaviours = new Behaviours([{ service: 'github', operation: 'POST /credentials', effect: 'lie' }, { service: 'github', operation: 'GET /user', effect: 'throttle', times: 1 }, { service: 'github', resource: 'alerts/42', effect: 'down', status: 502, times: 1 }, { service: 'github', operation: 'GET /meta', effect: 'drop' }]);
  const { ask } = await start({ behaviours });
  expect((await ask('/credentials/revoke', undefined, { method: 'POST', body: JSON.stringify({ credentials: [leaked] }) })).status).toBe(202);
  const throttled = await ask('/user', leaked);
  expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '1']);
  expect((await ask(ALERT, reader)).status).toBe(502);
  await expect(ask('/meta')).rejects.toThrow();
  await clock.sleep(3000);
  expect((await ask('/user', leaked)).status).toBe(200);
});

test('what it accepted before it was killed happens after the restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'github-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const store = () => inFile<GithubStored>(join(folder, 'github.json'));
  const first = await start({ store: store() });
  await first.ask('/credentials/revoke', undefined, { method: 'POST', body: JSON.stringify({ credentials: [leaked] }) });
  await first.github.close();
  const second = await start({ store: store() });
  await clock.sleep(3000);
  expect((await second.ask('/user', leaked)).status).toBe(401);
});

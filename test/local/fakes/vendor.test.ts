import { afterEach, expect, test } from 'vitest';
import { clockOf } from '../../../local/clock.ts';
import { Behaviours } from '../../../local/fakes/behaviour.ts';
import { inMemory } from '../../../local/fakes/state.ts';
import type { VendorWorld } from '../../../local/fakes/vendor/index.ts';
import { startVendor } from '../../../local/fakes/vendor/index.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const clock = clockOf(50);
const start = async (more: Partial<VendorWorld> = {}, behaviours = new Behaviours()) => {
  const world: VendorWorld = { adminKey: 'the admin key'.replaceAll(' ', '-'), users: [{ name: 'orders_a', keys: [{ id: 'k1', value: 'apk_0000000000000001' }] }, { name: 'orders_b', keys: [] }, { name: 'ann', keys: [{ value: 'apk_0000000000000002' }] }], ...more };
  const vendor = await startVendor({ name: 'acmepay', world, behaviours, clock, store: inMemory() });
  ends.push(() => vendor.close());
  const ask = async (method: string, path: string, key: string | undefined = world.adminKey, body?: object) => {
    const answer = await fetch(`${vendor.url}${path}`, { method, headers: key === '' ? {} : { authorization: `Bearer ${key}` }, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
  };
  const opens = async (key: string) => (await ask('GET', '/v1/whoami', key)).status;
  return { vendor, behaviours, ask, opens };
};
const A = 'apk_0000000000000001';
const NEW = 'apk_0000000000000009';

test('a living key says whose it is; an unknown, a missing and a nearly right one say invalid_api_key', async () => {
  const { ask } = await start();
  expect(await ask('GET', '/v1/whoami', A)).toMatchObject({ status: 200, body: { user: 'orders_a', key_id: 'k1' } });
  for (const key of ['', 'invented', A.slice(0, -1), `${A}x`, A.toUpperCase()]) expect(await ask('GET', '/v1/whoami', key)).toMatchObject({ status: 401, body: { error: 'invalid_api_key' } });
});

test('only the admin key reaches the admin endpoints', async () => {
  const { ask } = await start();
  expect((await ask('GET', '/v1/users/ann/keys', A)).status).toBe(403);
  expect((await ask('DELETE', '/v1/keys/k1', '')).status).toBe(401);
  expect((await ask('GET', '/v1/users/ann/keys')).status).toBe(200);
});

test('a user holds two keys at most; a deleted one is dead at once and gone when deleted again', async () => {
  const { vendor, ask, opens } = await start();
  const created = await ask('POST', '/v1/users/orders_a/keys', undefined, { key: NEW });
  expect(created).toMatchObject({ status: 201, body: { user: 'orders_a', key: NEW } });
  expect(await ask('POST', '/v1/users/orders_a/keys')).toMatchObject({ status: 409, body: { error: 'key_limit_reached' } });
  const listed = (await ask('GET', '/v1/users/orders_a/keys')).body;
  expect(JSON.stringify(listed)).not.toContain(NEW);
  expect(listed.keys).toMatchObject([{ id: 'k1' }, { id: created.body.id }]);
  expect((await ask('DELETE', '/v1/users/orders_a/keys/k1')).status).toBe(204);
  expect(await opens(A)).toBe(401);
  expect(await opens(NEW)).toBe(200);
  expect((await ask('DELETE', '/v1/keys/k1')).status).toBe(404);
  expect(vendor.credentials().map(({ id, alive }) => [id, alive])).toEqual([['k1', false], ['key_ann_1', true], [created.body.id, true]]);
});

test('setting a user’s key kills the old one, may be repeated, and never revives a dead value', async () => {
  const { ask, opens } = await start();
  const first = await ask('PUT', '/v1/users/orders_a/key', undefined, { key: NEW });
  const again = await ask('PUT', '/v1/users/orders_a/key', undefined, { key: NEW });
  expect([first.status, again.status, again.body.id]).toEqual([200, 200, first.body.id]);
  expect([await opens(A), await opens(NEW), await opens('apk_0000000000000002')]).toEqual([401, 200, 200]);
  expect((await ask('PUT', '/v1/users/orders_a/key', undefined, { key: A })).status).toBe(409);
  expect((await ask('PUT', '/v1/users/nobody/key', undefined, { key: 'apk_0000000000000010' })).status).toBe(404);
  expect((await ask('PUT', '/v1/users/orders_a/key', undefined, { key: 'short' })).status).toBe(422);
});

const DELETE = { service: 'vendor:acmepay', operation: 'DELETE /v1/keys' } as const;

test('a lie says deleted and kills nothing; later answers 202 and kills afterwards; a refusal says why', async () => {
  const { ask, opens, behaviours } = await start();
  behaviours.set([{ ...DELETE, effect: 'lie', times: 1 }]);
  expect((await ask('DELETE', '/v1/keys/k1')).status).toBe(204);
  expect(await opens(A)).toBe(200);
  behaviours.set([{ ...DELETE, effect: 'refuse', status: 409, code: 'key_locked', message: 'a legal hold', times: 1 }]);
  expect(await ask('DELETE', '/v1/keys/k1')).toMatchObject({ status: 409, body: { error: 'key_locked' } });
  behaviours.set([{ ...DELETE, effect: 'later', seconds: 10, times: 1 }]);
  expect((await ask('DELETE', '/v1/keys/k1')).status).toBe(202);
  expect(await opens(A)).toBe(200);
  await clock.sleep(11_000);
  expect(await opens(A)).toBe(401);
});

test('a change that lags is in the vendor’s records at once and at its doors afterwards, never overtaken by the next', async () => {
  const { ask, opens, behaviours } = await start();
  behaviours.set([{ ...DELETE, effect: 'lag', seconds: 20, times: 1 }]);
  expect((await ask('DELETE', '/v1/keys/k1')).status).toBe(204);
  expect((await ask('DELETE', '/v1/keys/k1')).status).toBe(404);
  await ask('PUT', '/v1/users/orders_a/key', undefined, { key: NEW });
  expect([await opens(A), await opens(NEW)]).toEqual([200, 401]);
  await clock.sleep(21_000);
  expect([await opens(A), await opens(NEW)]).toEqual([401, 200]);
});

test('a replica behind answers every other read from the past', async () => {
  const { ask, opens, behaviours } = await start();
  await ask('DELETE', '/v1/keys/k1');
  behaviours.set([{ service: 'vendor:acmepay', operation: 'GET /v1/whoami', effect: 'stale', seconds: 60 }]);
  expect([await opens(A), await opens(A), await opens(A)]).toEqual([200, 401, 200]);
});

test('a drop acts and hangs up, down answers nothing, and a throttled call says when to come back', async () => {
  const { ask, opens, behaviours } = await start();
  behaviours.set([{ service: 'vendor:acmepay', operation: 'GET /v1/whoami', effect: 'throttle', times: 1 }]);
  const throttled = await ask('GET', '/v1/whoami', A);
  expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '1']);
  behaviours.set([{ service: 'vendor:acmepay', effect: 'down', times: 1 }]);
  await expect(ask('DELETE', '/v1/keys/k1')).rejects.toThrow();
  expect(await opens(A)).toBe(200);
  behaviours.set([{ ...DELETE, effect: 'drop', times: 1 }]);
  await expect(ask('DELETE', '/v1/keys/k1')).rejects.toThrow();
  expect(await opens(A)).toBe(401);
});

test('too many wrong keys ban an address for a while, and the rate is limited per second', async () => {
  const { opens } = await start({ ban: { wrongKeys: 3, seconds: 20 } });
  expect([await opens('x1'), await opens('x2'), await opens('x3'), await opens(A)]).toEqual([401, 401, 401, 403]);
  await clock.sleep(21_000);
  expect(await opens(A)).toBe(200);
  const slow = await start({ perSecond: 0 });
  expect(await slow.opens(A)).toBe(429);
});

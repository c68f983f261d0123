import { randomUUID } from 'node:crypto';
import { DescribeSecretCommand, GetSecretValueCommand, RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, expect, test } from 'vitest';
import { clockOf } from '../../../local/clock.ts';
import { createAws } from '../../../local/fakes/aws/index.ts';
import { Behaviours } from '../../../local/fakes/behaviour.ts';
import { inMemory } from '../../../local/fakes/state.ts';
import { startVendor } from '../../../local/fakes/vendor/index.ts';
import { sameShape } from '../../../local/fakes/vendor/new-value.ts';
import type { RotationEvent } from '../../../local/fakes/vendor/rotation.ts';
import { alternatingUsers, generated, otherUser, singleUser } from '../../../local/fakes/vendor/rotation.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const LEAKED = 'apk_' + 'a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4';
const ROTATIONS = { alternating: alternatingUsers, single: singleUser, generated };
type Kind = keyof typeof ROTATIONS;

/** A house in which every rotation step is taken twice, as a retried one would be. */
const start = async (kind: Kind, key = LEAKED) => {
  const behaviours = new Behaviours();
  const clock = clockOf(100);
  const errors: string[] = [];
  const adminKey = 'admin-' + randomUUID();
  const vendor = await startVendor({ name: 'acmepay', world: { adminKey, users: [{ name: 'orders_a', keys: [{ value: LEAKED }] }] }, behaviours, clock, store: inMemory() });
  const signer = { accessKeyId: 'AK' + 'IAROTATIONFUNCTION', secretAccessKey: randomUUID() };
  const holder: { client?: SecretsManagerClient } = {};
  const invokeRotation = async (_arn: string, event: RotationEvent): Promise<void> => {
    try {
      for (let times = 0; times < 2; times += 1) await ROTATIONS[kind](event, { secretsManager: holder.client as SecretsManagerClient, vendorUrl: vendor.url, adminKey, fetch });
    } catch (error) {
      errors.push((error as Error).message);
      throw error;
    }
  };
  const aws = await createAws({
    world: { account: '111122223333', region: 'eu-west-1', callers: [{ ...signer, roleName: 'rotation' }], secrets: [{ name: 'orders', value: JSON.stringify({ user: 'orders_a', key, note: 'kept' }), rotation: { functionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:rotate' } }] },
    behaviours, clock, invokeRotation,
  });
  const sm = (holder.client = new SecretsManagerClient({ endpoint: aws.url, region: 'eu-west-1', credentials: signer }));
  ends.push(() => aws.close(), () => vendor.close());
  const read = async () => JSON.parse((await sm.send(new GetSecretValueCommand({ SecretId: 'orders' }))).SecretString ?? '{}') as { user: string; key: string; note: string };
  const opens = async (value: string) => (await fetch(`${vendor.url}/v1/whoami`, { headers: { authorization: `Bearer ${value}` } })).status === 200;
  const rotate = async () => {
    const { VersionId } = await sm.send(new RotateSecretCommand({ SecretId: 'orders', ClientRequestToken: randomUUID() }));
    const promoted = async () => (await sm.send(new DescribeSecretCommand({ SecretId: 'orders' }))).VersionIdsToStages?.[VersionId ?? '']?.includes('AWSCURRENT') ?? false;
    for (let n = 0; n < 100 && errors.length < 3 && !(await promoted()); n += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    // The rotation itself ends a moment after its version was promoted.
    await new Promise((resolve) => setTimeout(resolve, 30));
    return promoted();
  };
  return { read, opens, rotate, errors, vendor, behaviours };
};

test('with alternating users the leaked key lives after one rotation and is dead after two', async () => {
  const { read, opens, rotate, errors } = await start('alternating');
  expect(await rotate()).toBe(true);
  const first = await read();
  expect(first).toMatchObject({ user: 'orders_b', note: 'kept' });
  expect([await opens(LEAKED), await opens(first.key)]).toEqual([true, true]);
  expect(await rotate()).toBe(true);
  const second = await read();
  expect(second.user).toBe('orders_a');
  expect([await opens(LEAKED), await opens(first.key), await opens(second.key)]).toEqual([false, true, true]);
  expect(errors).toEqual([]);
});

test('with a single user the old key is dead after one rotation', async () => {
  const { read, opens, rotate, vendor } = await start('single');
  expect(await rotate()).toBe(true);
  const { user, key } = await read();
  expect(user).toBe('orders_a');
  expect([await opens(LEAKED), await opens(key)]).toEqual([false, true]);
  expect(vendor.credentials().filter(({ alive }) => alive)).toHaveLength(1);
});

test('a rotation whose current key no longer opens the door fails, says so without a value, and promotes nothing', async () => {
  const dead = 'apk_' + 'ffffffffffffffffffffffffffffffff';
  const { read, rotate, errors, vendor } = await start('alternating', dead);
  expect(await rotate()).toBe(false);
  expect(new Set(errors)).toEqual(new Set(['unable to log in with current credentials']));
  expect((await read()).key).toBe(dead);
  expect(vendor.credentials().map(({ value }) => value)).toEqual([LEAKED]);
});

test('a vendor that cannot be reached is no reason to call a key dead', async () => {
  const { rotate, errors, behaviours } = await start('single');
  behaviours.set([{ service: 'vendor:acmepay', operation: 'GET /v1/whoami', effect: 'down', status: 503 }]);
  expect(await rotate()).toBe(false);
  expect(new Set(errors)).toEqual(new Set(['the vendor answered 503 to a login: try again']));
});

test('a generated value replaces the stored one and the vendor hears nothing of it', async () => {
  const { read, opens, rotate } = await start('generated');
  expect(await rotate()).toBe(true);
  const { user, key, note } = await read();
  expect([user, note]).toEqual(['orders_a', 'kept']);
  expect(key).not.toBe(LEAKED);
  expect([await opens(LEAKED), await opens(key)]).toEqual([true, false]);
});

test('a new value has the shape of the old one: prefix, length and JSON stay, secrets do not', () => {
  const old = { host: 'db', password: 'p'.repeat(30), deep: { apiToken: 'tok_live_' + 'x'.repeat(24) }, key_id: 'k1' };
  const fresh = JSON.parse(sameShape(JSON.stringify(old))) as typeof old;
  expect(fresh).toMatchObject({ host: 'db', key_id: 'k1' });
  expect(fresh.password).toHaveLength(30);
  expect(fresh.password).not.toBe(old.password);
  expect(fresh.deep.apiToken).toMatch(/^tok_live_[A-Za-z0-9]{24}$/);
  expect(fresh.deep.apiToken).not.toBe(old.deep.apiToken);
  expect(sameShape('plain-text-secret-value-of-some-length')).toHaveLength(38);
});

test('the other user is the one with the other letter, or the clone', () => {
  expect(['orders_a', 'orders_b', 'orders', 'orders_clone'].map(otherUser)).toEqual(['orders_b', 'orders_a', 'orders_clone', 'orders']);
});

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test, vi } from 'vitest';
import { whatOf } from '../../functions/core/story.ts';
import type { World } from '../../local/world/world.ts';
import type { Town } from '../town.ts';
import { account, worldOf, type Wanted } from '../world-of.ts';
import { alive, asWorld, caseOf42, expectConfirmed, expectRed, inTown, probes, whats } from '../scenarios/telling.ts';

// on a busy machine everything takes longer, and is as true
vi.setConfig({ testTimeout: 90_000 });

const token = { kind: 'token' as const, prefix: 'pay_' };
/** A vendor that ends settling soon, so that a red end need not be waited for. */
const quickVendor: Wanted = { vendor: { settle: { typical: 1, max: 4 } }, alerts: { 42: '${vendorA}' } };

/** What the secret holds now, tried at the vendor's door. */
const productionIsLetIn = async (town: Town, secret: string): Promise<boolean> => {
  const { SecretString = '{}' } = await asWorld(town)(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: secret }));
  const { key } = JSON.parse(SecretString) as { key: string };
  const answer = await fetch(`${town.providers.vendors.get('acmepay')?.url}/v1/whoami`, { headers: { authorization: `Bearer ${key}` } });
  return answer.status === 200;
};

describe.concurrent("a vendor's key", () => {
  test('is red where the rotation only replaces the copy', () =>
    inTown({ ...worldOf(quickVendor), rotations: { 'rotate-pay': { strategy: 'generated' } } }, async (town) => {
      const found = await caseOf42(town);
      expectRed(found);
      expect(await alive(town, found.credential)).toBe(true);
    }));

  test('is red where the vendor says yes to the second rotation and keeps the old key, and production is let in', () =>
    inTown(
      worldOf(quickVendor),
      async (town) => {
        town.behaviours.add({ service: 'vendor:acmepay', operation: 'PUT /v1/users/orders_a', effect: 'lie' });
        const found = await caseOf42(town);
        expectRed(found);
        expect(await alive(town, found.credential)).toBe(true);
        expect(await productionIsLetIn(town, 'orders/pay')).toBe(true);
      },
      { speed: 30 },
    ));

  test.for([
    { why: 'everything at the address is refused', status: 401 },
    { why: 'the vendor answers that it is asked too often', status: 429 },
    { why: 'the vendor has an error', status: 500 },
  ])('is unknown and not green where $why', async ({ status }) => {
    let town: Town | undefined;
    await inTown(
      { ...worldOf(quickVendor), rotations: { 'rotate-pay': { strategy: 'generated' } } },
      async (opened) => {
        town = opened;
        const found = await caseOf42(opened);
        expectRed(found);
        expect(found.outcomes[0]?.outcome).toBe('unconfirmed');
        expect(new Set(probes(found))).toEqual(new Set(['unknown']));
      },
      {
        onLine: (_, line) => {
          // where the answer itself says nothing the control would be let in
          if (whatOf(line) === 'rotated' || whatOf(line) === 'probed') town?.behaviours.set([{ service: 'vendor:acmepay', operation: 'GET /v1/whoami', effect: 'refuse', status, times: status === 401 ? undefined : 1 }]);
        },
      },
    );
  });

  test.for([{ how: 'dead as well', name: 'orders/control' }, { how: 'not there', name: 'orders/elsewhere' }])('is not green where the control is $how', ({ name }) => {
    const base = worldOf({ ...quickVendor, values: { control: token }, aws: { secrets: [{ name, value: JSON.stringify({ key: '${control}' }) }] } });
    const [probe] = base.configuration.probes;
    if (!probe) throw new Error('the world has no probe');
    const world: World = {
      ...base,
      configuration: { ...base.configuration, probes: [{ ...probe, control: { secret: 'orders/control', leaf: 'key' } }] },
      vendors: { acmepay: { adminKey: '${vendorAdmin}', probe: 'acmepay', users: [...(base.vendors?.acmepay?.users ?? []), { name: 'control', keys: [{ value: '${control}', dead: true }] }] } },
    };
    return inTown(world, async (town) => {
      const found = await caseOf42(town);
      expectRed(found);
      expect(probes(found)).not.toContain('dead');
    });
  });

  test('with a single user is confirmed after one rotation, and with two users after two', async () => {
    const base = worldOf(quickVendor);
    const { configuration } = base;
    const single: World = {
      ...base,
      configuration: { ...configuration, probes: configuration.probes.map((probe) => ({ ...probe, old: 'dies-at-once' as const })), secrets: [{ secret: 'orders/pay', owner: 'orders', probe: 'acmepay', rotation: 'single-user' }] },
      rotations: { 'rotate-pay': { strategy: 'single-user', vendor: 'acmepay' } },
    };
    for (const [world, rotations] of [[single, 1], [base, 2]] as const) {
      await inTown(world, async (town) => {
        const found = await caseOf42(town);
        expectConfirmed(found);
        expect(whats(found).filter((what) => what === 'rotated')).toHaveLength(rotations);
        expect(await alive(town, found.credential)).toBe(false);
        expect(await productionIsLetIn(town, 'orders/pay')).toBe(true);
      });
    }
  });

  test('whose stuck pending successor alone opens the door gives way to it', () => {
    const base = worldOf({
      ...quickVendor,
      values: { stuck: token, stuckPending: token },
      alerts: { 42: '${stuck}' },
      aws: { secrets: [{ name: 'orders/stuck', value: JSON.stringify({ user: 'stuck', key: '${stuck}' }), pending: { value: JSON.stringify({ user: 'stuck', key: '${stuckPending}' }) }, rotation: { functionArn: `arn:aws:lambda:us-east-1:${account}:function:rotate-stuck` } }] },
    });
    const world: World = {
      ...base,
      configuration: { ...base.configuration, secrets: [...base.configuration.secrets, { secret: 'orders/stuck', owner: 'orders', probe: 'acmepay', rotation: 'single-user' }] },
      vendors: { acmepay: { adminKey: '${vendorAdmin}', probe: 'acmepay', users: [...(base.vendors?.acmepay?.users ?? []), { name: 'stuck', keys: [{ value: '${stuck}', dead: true }, { value: '${stuckPending}' }] }] } },
      rotations: { ...base.rotations, 'rotate-stuck': { strategy: 'single-user', vendor: 'acmepay' } },
    };
    return inTown(world, async (town) => {
      expect(await productionIsLetIn(town, 'orders/stuck')).toBe(false);
      const found = await caseOf42(town);
      expectConfirmed(found);
      expect(found.timeline.some(({ text }) => text.includes('promoted'))).toBe(true);
      expect(await productionIsLetIn(town, 'orders/stuck')).toBe(true);
    });
  });
});

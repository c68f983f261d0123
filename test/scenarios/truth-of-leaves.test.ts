import { GetSecretValueCommand, PutSecretValueCommand, RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test, vi } from 'vitest';
import { registryOf } from '../../functions/aws/composition.ts';
import type { CaseView } from '../../functions/core/case-view.ts';
import type { SecretBinding } from '../../functions/core/configuration.ts';
import type { World } from '../../local/world/world.ts';
import { gitleaksFinding, type Town } from '../town.ts';
import { account, worldOf } from '../world-of.ts';
import { alive, asWorld, expectConfirmed, expectRed, inTown, probes, whats } from './telling.ts';

// on a busy machine everything takes longer, and is as true
vi.setConfig({ testTimeout: 90_000 });

/** A house whose vendor is asked with a control of its own, so that every stranger's value would pass for dead at that door. */
const houseOf = (text: Record<string, string>, binding: Partial<SecretBinding> = {}): World => {
  const base = worldOf({ vendor: { settle: { typical: 1, max: 4 } }, values: { database: { kind: 'password', length: 32 }, control: { kind: 'token', prefix: 'pay_' } }, aws: { secrets: [{ name: 'orders/control', value: '${control}' }] } });
  const [pay, ...others] = base.configuration.secrets;
  if (!pay) throw new Error('the world binds no secret');
  return {
    ...base,
    configuration: { ...base.configuration, secrets: [{ ...pay, ...binding }, ...others], probes: base.configuration.probes.map((probe) => ({ ...probe, control: { secret: 'orders/control' } })) },
    aws: { ...base.aws, secrets: base.aws.secrets?.map((secret) => (secret.name === 'orders/pay' ? { ...secret, value: JSON.stringify({ user: 'orders_a', ...text }) } : secret)) },
    vendors: { acmepay: { adminKey: '${vendorAdmin}', probe: 'acmepay', users: [...(base.vendors?.acmepay?.users ?? []), { name: 'watch', keys: [{ value: '${control}' }] }] } },
  };
};

/** A secret that says which leaf is the probe's, and a second one of the same leaves that does not: there the database's password comes first. */
const twoSecrets = (isControlled: boolean): World => {
  const leaves = { password: '${database}', key: '${vendorA}' };
  const base = houseOf(leaves, { leaf: 'key' });
  const { secrets, probes } = base.configuration;
  const rotation = { functionArn: `arn:aws:lambda:us-east-1:${account}:function:rotate-any` };
  return {
    ...base,
    configuration: { ...base.configuration, secrets: [...secrets, { secret: 'orders/worker', owner: 'orders', probe: 'acmepay' }], probes: isControlled ? probes : probes.map(({ control: _, ...probe }) => probe) },
    aws: { ...base.aws, secrets: [...(base.aws.secrets ?? []), { name: 'orders/worker', value: JSON.stringify({ user: 'orders_a', ...leaves }), rotation }] },
    rotations: { ...base.rotations, 'rotate-any': { strategy: 'generated' } },
  };
};

const currentOf = async (town: Town): Promise<Record<string, string>> => {
  const { SecretString = '{}' } = await asWorld(town)(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: 'orders/pay' }));
  return JSON.parse(SecretString) as Record<string, string>;
};

/** Whether the index knows what production reads at this moment. */
const isIndexed = async (town: Town): Promise<boolean> => {
  const { arn = '', versions = {} } = town.providers.aws.state().secrets['orders/pay'] ?? {};
  const current = Object.keys(versions).find((version) => versions[version]?.stages.includes('AWSCURRENT'));
  const known = await registryOf(town.foundation('index')).secret(arn);
  return known?.leaves.some(({ version }) => version === current) === true && current !== undefined && known.versions[current]?.includes('AWSCURRENT') === true;
};

/** The cases that one leaked text leads to, when they have ended. */
const told = async (town: Town, leaked: string): Promise<CaseView[]> => town.ended(await town.gitleaks([gitleaksFinding(leaked)]), 60);

const only = (cases: CaseView[]): CaseView => {
  expect(cases).toHaveLength(1);
  return cases[0] as CaseView;
};

const isGreen = ({ status, outcomes }: CaseView): boolean => status === 'contained' || outcomes.some(({ outcome }) => outcome === 'confirmed' || outcome === 'attested');

describe.concurrent("a leaked leaf that is not the probe's", () => {
  test('is nobody knows whose, and never dead', () =>
    inTown(houseOf({ key: '${vendorA}', database: '${database}' }, { leaf: 'key' }), async (town) => {
      const found = only(await told(town, town.value('database')));
      expectRed(found);
      expect(found.credential).toMatch(/^unknown:/);
      expect(probes(found)).toEqual([]);
    }));

  test('is never dead either where no current version holds it any more', () =>
    inTown(houseOf({ key: '${vendorA}', database: '${database}' }, { leaf: 'key' }), async (town) => {
      await asWorld(town)(SecretsManagerClient).send(new PutSecretValueCommand({ SecretId: 'orders/pay', SecretString: JSON.stringify({ user: 'orders_a', key: town.value('vendorA') }) }));
      const found = only(await told(town, town.value('database')));
      expect(found.credential).toMatch(/^unknown:/);
      expect(isGreen(found)).toBe(false);
    }));

  test('is never dead where the configuration names no leaf and it merely comes first', () =>
    inTown(houseOf({ database: '${database}', key: '${vendorA}' }), async (town) => {
      const found = only(await told(town, town.value('database')));
      expectRed(found);
      expect(probes(found)).not.toContain('dead');
    }));

  test.for([{ by: 'the present key of the other', isControlled: false }, { by: 'the configured control', isControlled: true }])(
    'and comes first in another secret, which names no leaf, is not dead because $by is let in',
    ({ isControlled }) =>
      inTown(twoSecrets(isControlled), async (town) => {
        const found = only(await told(town, town.value('database')));
        expect(found.credential).toMatch(/^declared-probe:acmepay\//);
        expectRed(found);
        expect(whats(found)).toContain('rotated');
        expect(probes(found).length).toBeGreaterThan(0);
        expect(new Set(probes(found))).toEqual(new Set(['unknown']));
      }),
  );

  test('does not keep the leaf that is from being proven dead', () =>
    inTown(houseOf({ database: '${database}', key: '${vendorA}' }, { leaf: 'key' }), async (town) => {
      const cases = await told(town, JSON.stringify({ database: town.value('database'), key: town.value('vendorA') }));
      expect(cases).toHaveLength(2);
      const [pay, database] = cases.sort((a, b) => (a.credential ?? '').localeCompare(b.credential ?? '')) as [CaseView, CaseView];
      expectConfirmed(pay);
      expect(await alive(town, pay.credential)).toBe(false);
      expectRed(database);
    }));
});

describe.concurrent("the probe's leaf", () => {
  test('that one secret names is proven dead, though another one that names none has it second', () =>
    inTown(twoSecrets(true), async (town) => {
      const found = only(await told(town, town.value('vendorA')));
      expect(probes(found).at(-1)).toBe('dead');
      expect(await alive(town, found.credential)).toBe(false);
    }));

  test('that comes first is meant where the configuration names none, and is proven dead by its successor being let in', () =>
    inTown(houseOf({ key: '${vendorA}', database: '${database}' }), async (town) => {
      const found = only(await told(town, town.value('vendorA')));
      expectConfirmed(found);
      expect(await alive(town, found.credential)).toBe(false);
    }));

  test('that stands in two places of its secret is one credential', () =>
    inTown(houseOf({ backup: '${vendorA}', key: '${vendorA}' }, { leaf: 'key' }), async (town) => {
      const found = only(await told(town, town.value('vendorA')));
      expectConfirmed(found);
      expect(found.credential).toMatch(/^declared-probe:acmepay\//);
    }));

  test('is not dead because its spelling in a URL is refused', () => {
    const base = houseOf({ url: 'https://orders_a:${vendorA}%2Fx@pay.example/v1' }, { leaf: 'url#password', rotation: undefined });
    const [first, ...others] = base.vendors?.acmepay?.users ?? [];
    const world: World = {
      ...base,
      aws: { ...base.aws, secrets: base.aws.secrets?.map(({ rotation: _, ...secret }) => secret) },
      vendors: { acmepay: { adminKey: '${vendorAdmin}', probe: 'acmepay', users: [...(first ? [{ ...first, keys: [{ value: '${vendorA}/x' }] }] : []), ...others] } },
    };
    return inTown(world, async (town) => {
      const found = only(await told(town, `${town.value('vendorA')}%2Fx`));
      expectRed(found);
      expect(await alive(town, found.credential)).toBe(true);
      expect(new Set(probes(found))).toEqual(new Set(['alive']));
    });
  });
});

test('the previous and the present value of one place, in one finding, are two cases, and the living one is acted upon', () =>
  inTown(worldOf({ vendor: { settle: { typical: 1, max: 4 } } }), async (town) => {
    const previous = town.value('vendorA');
    let present = previous;
    // after the second rotation the first value is refused
    for (let turn = 0; turn < 2; turn += 1) {
      const before = present;
      await asWorld(town)(SecretsManagerClient).send(new RotateSecretCommand({ SecretId: 'orders/pay' }));
      present = await town.until(async () => ((await currentOf(town)).key !== before ? (await currentOf(town)).key : undefined), 'it was rotated');
    }
    await town.until(() => isIndexed(town), 'the index has read the present value');
    const cases = await told(town, JSON.stringify({ previous, present }));
    expect(cases).toHaveLength(2);
    const acted = cases.filter((found) => whats(found).includes('rotated'));
    expect(acted).toHaveLength(1);
    expect(cases.map(({ credential }) => credential).every((credential) => credential?.startsWith('declared-probe:acmepay/'))).toBe(true);
    for (const found of cases) expectConfirmed(found);
    expect((await currentOf(town)).key).not.toBe(present);
  }));

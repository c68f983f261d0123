import { GetSecretValueCommand, RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test, vi } from 'vitest';
import type { CaseView } from '../../functions/core/case-view.ts';
import type { Town } from '../town.ts';
import { gitleaksFinding } from '../town.ts';
import type { World } from '../../local/world/world.ts';
import { worldOf } from '../world-of.ts';
import { alive, asWorld, caseOf42, expectConfirmed, expectRed, inTown, probes, whats } from '../scenarios/telling.ts';

// on a busy machine everything takes longer, and is as true
vi.setConfig({ testTimeout: 90_000 });

const secret = 'orders/pay';
const base = worldOf({ vendor: { settle: { typical: 1, max: 4 } }, alerts: { 42: '${vendorA}' }, values: { other: { kind: 'password', length: 32 } } });
/** A second leaf beside the vendor's key, of which nobody knows the issuer and which the rotation leaves as it is. */
const twoLeaves: World = {
  ...base,
  configuration: { ...base.configuration, secrets: base.configuration.secrets.map((binding) => ({ ...binding, leaf: 'key' })) },
  aws: { ...base.aws, secrets: base.aws.secrets?.map((one) => (one.name === secret ? { ...one, value: JSON.stringify({ user: 'orders_a', key: '${vendorA}', password: '${other}' }) } : one)) },
};

const current = async (town: Town): Promise<{ user: string; key: string; password?: string }> => {
  const { SecretString = '{}' } = await asWorld(town)(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: secret }));
  return JSON.parse(SecretString) as { user: string; key: string };
};

const isLetIn = async (town: Town): Promise<boolean> => {
  const answer = await fetch(`${town.providers.vendors.get('acmepay')?.url}/v1/whoami`, { headers: { authorization: `Bearer ${(await current(town)).key}` } });
  return answer.status === 200;
};

/** What happened to the rotations of all secrets, as CloudTrail tells: by whoever. */
const trail = (town: Town, ...names: string[]): string[] => town.providers.aws.state().trail.map(({ name }) => name).filter((name) => names.includes(name));

/** Nobody's rotation was cut short, production is let in, and the owner's schedule is as it was. */
const expectUnharmed = async (town: Town): Promise<void> => {
  expect(await isLetIn(town)).toBe(true);
  expect(trail(town, 'CancelRotateSecret', 'RotationAbandoned', 'RotationFailed')).toEqual([]);
  const { rotation, versions } = town.providers.aws.state().secrets[secret] ?? {};
  expect(rotation).toMatchObject({ enabled: true, rules: { AutomaticallyAfterDays: 30 } });
  expect(Object.values(versions ?? {}).flatMap(({ stages }) => stages)).not.toContain('RESCIND_KEPT');
};

const minutesOf = ({ openedAt, endedAt }: CaseView): number => (Date.parse(endedAt ?? '') - Date.parse(openedAt)) / 60_000;

/** Where the owner's scheduled rotation stands when the report arrives. */
const moments = [
  { when: 'has made no value yet', behaviour: { service: 'secretsmanager', operation: 'PutSecretValue' } },
  { when: 'has made its value and not set it yet', behaviour: { service: 'vendor:acmepay', operation: 'PUT /v1/users' } },
  { when: 'has set its value and not finished yet', behaviour: { service: 'secretsmanager', operation: 'UpdateSecretVersionStage' } },
];

/** The owner's rotation is under way, and stays so for a good while. */
const ownerRotates = async (town: Town, behaviour: { service: string; operation: string }, seconds = 70): Promise<void> => {
  town.behaviours.add({ ...behaviour, effect: 'delay', seconds, times: 1 });
  await asWorld(town)(SecretsManagerClient).send(new RotateSecretCommand({ SecretId: secret }));
  await town.clock.sleep(10_000);
};

describe.concurrent("the owner's scheduled rotation", () => {
  test.for(moments)('that $when when the report arrives is waited for, and is one of the two after which the value is dead', ({ behaviour }) =>
    inTown(base, async (town) => {
      await ownerRotates(town, behaviour);
      const found = await caseOf42(town);
      expectConfirmed(found);
      expect(await alive(town, found.credential)).toBe(false);
      expect(found.timeline.some(({ text }) => text.includes('somebody else began is waited for'))).toBe(true);
      expect(whats(found).filter((what) => what === 'rotated')).toHaveLength(2);
      expect(trail(town, 'RotationSucceeded')).toHaveLength(2);
      expect(minutesOf(found)).toBeLessThan(6);
      await expectUnharmed(town);
    }),
  );

  test('that replaces the only key of its user is all that is needed', () => {
    const { configuration } = base;
    const single: World = {
      ...base,
      configuration: { ...configuration, probes: configuration.probes.map((probe) => ({ ...probe, old: 'dies-at-once' as const })), secrets: [{ secret, owner: 'orders', probe: 'acmepay', rotation: 'single-user' }] },
      rotations: { 'rotate-pay': { strategy: 'single-user', vendor: 'acmepay' } },
    };
    return inTown(single, async (town) => {
      await ownerRotates(town, { service: 'vendor:acmepay', operation: 'PUT /v1/users' });
      const found = await caseOf42(town);
      expectConfirmed(found);
      expect(await alive(town, found.credential)).toBe(false);
      expect(trail(town, 'RotateSecret', 'RotationSucceeded')).toEqual(['RotateSecret', 'RotationSucceeded']);
      await expectUnharmed(town);
    });
  });

  test('that failed ten minutes ago and is tried again when the report arrives is waited for', () =>
    inTown(base, async (town) => {
      const theirs = '00000000-0000-4000-8000-0000000000aa';
      const rotate = () => asWorld(town)(SecretsManagerClient).send(new RotateSecretCommand({ SecretId: secret, ClientRequestToken: theirs }));
      town.behaviours.add({ service: 'vendor:acmepay', operation: 'PUT /v1/users', effect: 'down', times: 3 });
      await rotate();
      await town.until(() => trail(town, 'RotationFailed').length === 1, 'its steps have failed');
      const version = town.providers.aws.state().secrets[secret]?.versions[theirs];
      if (version) version.createdAt = new Date(town.clock.now().getTime() - 600_000).toISOString();
      town.behaviours.add({ service: 'vendor:acmepay', operation: 'PUT /v1/users', effect: 'delay', seconds: 70, times: 1 });
      await rotate();
      await town.clock.sleep(10_000);
      const found = await caseOf42(town);
      expectConfirmed(found);
      expect(await alive(town, found.credential)).toBe(false);
      expect(trail(town, 'CancelRotateSecret', 'RotationAbandoned')).toEqual([]);
      expect(whats(found).filter((what) => what === 'rotated')).toHaveLength(2);
      expect(await isLetIn(town)).toBe(true);
      expect(town.providers.aws.state().secrets[secret]?.rotation).toMatchObject({ enabled: true, rules: { AutomaticallyAfterDays: 30 } });
    }));

  test('that hangs for good is taken for stuck after its three minutes, and the value is dead all the same', () =>
    inTown(
      base,
      async (town) => {
        await ownerRotates(town, { service: 'vendor:acmepay', operation: 'PUT /v1/users' }, 100_000);
        const found = await caseOf42(town);
        expectConfirmed(found);
        expect(await alive(town, found.credential)).toBe(false);
        expect(await isLetIn(town)).toBe(true);
        expect(trail(town, 'CancelRotateSecret')).toHaveLength(1);
        expect(town.providers.aws.state().secrets[secret]?.rotation).toMatchObject({ enabled: true, rules: { AutomaticallyAfterDays: 30 } });
        expect(minutesOf(found)).toBeGreaterThan(2.5);
        expect(minutesOf(found)).toBeLessThan(10);
      },
      { speed: 30 },
    ));
});

describe.concurrent('two cases of one secret at the same time', () => {
  test('on two of its leaves end truthfully, and neither cuts the rotation of the other short', () =>
    inTown(twoLeaves, async (town) => {
      // so slow that the other case surely comes while it is under way
      town.behaviours.add({ service: 'vendor:acmepay', operation: 'PUT /v1/users', effect: 'delay', seconds: 25 });
      const cases = await town.ended(await town.gitleaks([gitleaksFinding(town.value('vendorA')), gitleaksFinding(town.value('other'))]), 60);
      expect(cases).toHaveLength(2);
      const [ofKey, ofPassword] = cases.sort((a, b) => (a.credential ?? '').localeCompare(b.credential ?? '')) as [CaseView, CaseView];
      expect(ofKey.credential).toMatch(/^declared-probe:acmepay/);
      expectConfirmed(ofKey);
      expect(await alive(town, ofKey.credential)).toBe(false);
      expect(ofPassword.credential).toMatch(/^unknown:/);
      expectRed(ofPassword);
      expect(ofPassword.outcomes[0]?.outcome).toBe('unconfirmed');
      // the rotation does not touch this leaf, and nobody may say that it is gone
      expect((await current(town)).password).toBe(town.value('other'));
      expect(trail(town, 'RotationSucceeded').length).toBe(trail(town, 'RotationStarted').length);
      for (const found of cases) expect(minutesOf(found)).toBeLessThan(10);
      await expectUnharmed(town);
    }));

  test('on the keys of both its users are both confirmed, and share the rotations', () =>
    inTown(base, async (town) => {
      await asWorld(town)(SecretsManagerClient).send(new RotateSecretCommand({ SecretId: secret }));
      await town.until(() => trail(town, 'RotationSucceeded').length === 1, 'the owner has rotated');
      const { key } = await current(town);
      const [version = ''] = Object.entries(town.providers.aws.state().secrets[secret]?.versions ?? {}).find(([, { stages }]) => stages.includes('AWSCURRENT')) ?? [];
      await town.until(async () => (await town.kept()).some((text) => text.startsWith('table registry') && text.includes(version)), 'the new key is known');
      town.behaviours.add({ service: 'vendor:acmepay', operation: 'PUT /v1/users', effect: 'delay', seconds: 25 });
      const cases = await town.ended(await town.gitleaks([gitleaksFinding(town.value('vendorA')), gitleaksFinding(key)]), 60);
      expect(cases).toHaveLength(2);
      for (const found of cases) {
        expectConfirmed(found);
        expect(await alive(town, found.credential)).toBe(false);
        expect(probes(found).at(-1)).toBe('dead');
        expect(minutesOf(found)).toBeLessThan(10);
      }
      await expectUnharmed(town);
    }));
});

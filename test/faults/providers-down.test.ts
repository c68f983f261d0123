import { DeleteAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import { DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientsOf, type ClientOf } from '../../functions/aws/clients.ts';
import type { CaseView } from '../../functions/core/case-view.ts';
import { credentialsOf, region } from '../../local/roles.ts';
import { gitleaksFinding, openTown, trufflehogFinding, type Town } from '../town.ts';
import { keysOf, pairsWorld, replacedOf } from '../scenarios/pairs.ts';

const asWorld = (town: Town): ClientOf => clientsOf({ region, endpoint: town.providers.aws.url, credentials: credentialsOf('world') });

describe('a provider that has a bad moment', () => {
  const users = ['throttled', 'waited', 'thinned', 'vanished', 'late', 'slowed'] as const;
  type User = (typeof users)[number];
  let town: Town;
  let meanwhile: { operation: string; act: () => Promise<unknown> } | undefined;

  beforeAll(async () => {
    town = await openTown(pairsWorld(users.map((user) => ({ user, owners: ['orders', 'orders', 'orders'] })), { vendor: {} }), {
      speed: 25,
      hooks: {
        // somebody else acts right after a call of ours
        after: async (_, { operation }) => {
          if (operation !== meanwhile?.operation) return;
          const { act } = meanwhile;
          meanwhile = undefined;
          await act();
        },
      },
    });
  });
  afterAll(() => town.close());

  const report = (user: User) => town.gitleaks([gitleaksFinding(town.value(`${user}Secret`), `${user}.env`)]);
  const deleteKey = (user: User): Promise<unknown> => asWorld(town)(IAMClient).send(new DeleteAccessKeyCommand({ UserName: user, AccessKeyId: town.value(`${user}Id`) }));
  const throttledAt = (found: CaseView | undefined): string[] => found?.timeline.flatMap(({ what, text }) => (what === 'throttled' ? [text] : [])) ?? [];

  // clients wait in real time between their tries, so these wait side by side
  describe.concurrent('and recovers', () => {
    test('IAM and Secrets Manager that throttle are asked again, which is to be seen, and the case ends contained', async ({ expect }) => {
      town.behaviours.add({ service: 'iam', operation: 'UpdateAccessKey', resource: 'throttled', effect: 'throttle', times: 2 });
      town.behaviours.add({ service: 'iam', operation: 'CreateAccessKey', resource: 'throttled', effect: 'throttle', times: 2 });
      town.behaviours.add({ service: 'secretsmanager', operation: 'PutSecretValue', resource: 'keys/throttled', effect: 'throttle', times: 2 });
      const [found] = await town.ended(await report('throttled'));
      expect([found?.status, found?.outcomes[0]?.outcome]).toEqual(['contained', 'confirmed']);
      for (const operation of ['UpdateAccessKey', 'CreateAccessKey', 'PutSecretValue']) expect(throttledAt(found).filter((text) => text.includes(operation)), operation).not.toEqual([]);
      expect(replacedOf(town, 'throttled')).toEqual({ old: 'Inactive', successors: ['Active'], versions: [2, 2, 2] });
    });

    test('a rotation of a store that throttles is begun once it may', async ({ expect }) => {
      town.behaviours.add({ service: 'secretsmanager', operation: 'RotateSecret', resource: 'orders/pay', effect: 'throttle', times: 3 });
      const [found] = await town.ended(await town.trufflehog([trufflehogFinding(town.value('vendorA'))]));
      expect([found?.status, found?.outcomes[0]?.outcome]).toEqual(['contained', 'confirmed']);
      expect(throttledAt(found).some((text) => text.includes('RotateSecret'))).toBe(true);
      expect(found?.timeline.filter(({ what }) => what === 'rotated')).toHaveLength(2);
    });

    test('GitHub that is down while the value is fetched is asked again, then given up with an alarm; after the redrive the case ends contained', async ({ expect }) => {
      const tries = 6 * 3;
      town.behaviours.add({ service: 'github', effect: 'down', status: 503, times: tries });
      const delivery = await town.github(users.indexOf('waited') + 1);
      await town.until(() => town.platform.deadLetters().length > 0, 'the message is given up', 25);
      const [open] = (await town.get<{ cases: { id: string; status: string; closed?: object }[] }>(`/cases?delivery=${delivery.body.delivery ?? ''}`)).cases;
      expect([open?.status, open?.closed]).toEqual(['open', undefined]);
      const asked = (await town.view(open?.id ?? '')).timeline.filter(({ what }) => what === 'lookup-failed').length;
      expect([asked, town.counted.get('LookupFailed')]).toEqual([6, 6]);
      expect(keysOf(town, 'waited')).toEqual([{ id: town.value('waitedId'), status: 'Active' }]);

      const { queues } = town.platform.sqs;
      expect(queues.redrive(queues.queue('rescind-deliveries-dead'))).toBe(1);
      const [ended] = await town.ended(delivery);
      expect([ended?.id, ended?.status]).toEqual([open?.id, 'contained']);
      expect(town.platform.deadLetters()).toEqual([]);
      expect(replacedOf(town, 'waited')).toEqual({ old: 'Inactive', successors: ['Active'], versions: [2, 2, 2] });
    });
  });

  test('a secret deleted meanwhile is named in what remains, and the others are replaced', async () => {
    meanwhile = { operation: 'UpdateAccessKey', act: () => asWorld(town)(SecretsManagerClient).send(new DeleteSecretCommand({ SecretId: 'keys/thinned-2', ForceDeleteWithoutRecovery: true })) };
    const [found] = await town.ended(await report('thinned'));
    expect(meanwhile).toBeUndefined();
    expect(found?.copies?.replaced.map(({ name }) => name)).toEqual(['keys/thinned-1', 'keys/thinned-3']);
    // nobody reads a secret that is gone: the case is contained without it
    expect([found?.status, found?.outcomes[0]?.outcome]).toEqual(['contained', 'confirmed']);
    expect(found?.remaining.filter(({ what }) => what.includes('keys/thinned-2'))).toMatchObject([{ kind: 'act', owner: 'orders' }]);
    expect(replacedOf(town, 'thinned')).toEqual({ old: 'Inactive', successors: ['Active'], versions: [2, 2] });
  });

  test.each([
    ['before we came', 'vanished', (): Promise<unknown> => deleteKey('vanished'), 'the key is gone'],
    ['while we work on it', 'late', (): Promise<unknown> => Promise.resolve((meanwhile = { operation: 'UpdateAccessKey', act: () => deleteKey('late') })), 'deactivated'],
  ] as const)('a key that somebody else deletes %s is proven dead all the same, and its copies get a successor', async (_, user, act, how) => {
    await act();
    const [found] = await town.ended(await report(user));
    expect(meanwhile).toBeUndefined();
    expect([found?.status, found?.outcomes[0]?.outcome]).toEqual(['contained', 'confirmed']);
    expect(found?.timeline.find(({ what }) => what === 'contained')?.text).toContain(how);
    expect(found?.copies?.replaced).toHaveLength(3);
    expect(replacedOf(town, user)).toEqual({ old: 'gone', successors: ['Active'], versions: [2, 2, 2] });
  });

  test('a table that throttles for a while delays a case and changes nothing about its end', async () => {
    const delivery = await report('slowed');
    const throttle = { service: 'dynamodb', operation: 'PutItem', effect: 'throttle', times: 6 } as const;
    town.behaviours.set([throttle]);
    const [found] = await town.ended(delivery, 25);
    expect(town.behaviours.of({ service: 'dynamodb', operation: 'PutItem', resource: 'ledger' }), 'it has throttled as often as it was told to').toEqual([]);
    expect([found?.status, found?.outcomes[0]?.outcome]).toEqual(['contained', 'confirmed']);
    expect(replacedOf(town, 'slowed')).toEqual({ old: 'Inactive', successors: ['Active'], versions: [2, 2, 2] });
  });

  test('after all of it nothing is green that lives, no value is to be seen, and nothing was given up', async () => {
    expect(await town.wrongs()).toEqual([]);
    expect(town.platform.deadLetters()).toEqual([]);
  });
});

import { CreateAccessKeyCommand, IAMClient, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test, vi } from 'vitest';
import { clientsOf } from '../../functions/aws/clients.ts';
import type { CaseView } from '../../functions/core/case-view.ts';
import { whatOf } from '../../functions/core/story.ts';
import { region } from '../../local/roles.ts';
import type { ServiceOptions } from '../../local/service.ts';
import type { Town } from '../town.ts';
import { account, worldOf, type Wanted } from '../world-of.ts';
import { alive, asWorld, caseOf42, expectConfirmed, expectRed, inTown, onePair, probes, whats } from '../scenarios/telling.ts';

// on a busy machine everything takes longer, and is as true
vi.setConfig({ testTimeout: 90_000 });

const freeSlot: Wanted = { pair: { copies: 1, slot: 'free' } };

/** Whoever found the pair. */
const asThief = (town: Town) => clientsOf({ region, endpoint: town.providers.aws.url, credentials: { accessKeyId: town.value('key'), secretAccessKey: town.value('secret') } });

/** Calls `act` once, right after the line that is called so was written. */
const rightAfter = (what: string, act: () => Promise<unknown>): { onLine: ServiceOptions['onLine']; over: () => Promise<unknown> } => {
  let begun: Promise<unknown> | undefined;
  return {
    onLine: (_, line) => {
      if (whatOf(line) === what) begun ??= act();
    },
    over: () => begun ?? Promise.reject(new Error(`no line ${what} was written`)),
  };
};

/** The user's key is set active again by somebody else when the line is written. */
const reactivated = async (wanted: Wanted, what: string): Promise<void> => {
  let town: Town | undefined;
  const thief = rightAfter(what, () => asWorld(town as Town)(IAMClient).send(new UpdateAccessKeyCommand({ UserName: 'uploader', AccessKeyId: (town as Town).value('key'), Status: 'Active' })));
  await inTown(
    worldOf(wanted),
    async (opened) => {
      town = opened;
      const found = await caseOf42(opened);
      await thief.over();
      expectRed(found);
      expect(await alive(opened, found.credential)).toBe(true);
    },
    { onLine: thief.onLine, speed: 8 },
  );
};

describe.concurrent('an access key', () => {
  test('is never called dead where IAM says yes and does nothing', () =>
    inTown(worldOf(onePair), async (town) => {
      town.behaviours.add({ service: 'iam', operation: 'UpdateAccessKey', effect: 'lie' });
      const found = await caseOf42(town);
      expectRed(found);
      expect(found.outcomes[0]?.outcome).toBe('unconfirmed');
      expect(await alive(town, found.credential)).toBe(true);
    }));

  test('that dies late is confirmed only when it is really dead, and the timeline shows that it was alive before', () =>
    inTown(worldOf(onePair), async (town) => {
      town.behaviours.add({ service: 'iam', operation: 'UpdateAccessKey', effect: 'lag', seconds: 22 });
      const found = await caseOf42(town);
      expectConfirmed(found);
      expect(probes({ ...found, timeline: found.timeline.slice(whats(found).indexOf('contained')) })).toContain('alive');
      expect(probes(found).slice(-2)).toEqual(['dead', 'dead']);
    }, { speed: 6 }));

  test('that outlives the longest settling is red', () =>
    inTown(worldOf(onePair), async (town) => {
      town.behaviours.add({ service: 'iam', operation: 'UpdateAccessKey', effect: 'lag', seconds: 36_000 });
      const found = await caseOf42(town);
      expectRed(found);
      expect(await alive(town, found.credential)).toBe(true);
    }));

  test('is not called dead by a replica that is behind when its pair is used', () =>
    inTown(worldOf(onePair), async (town) => {
      town.behaviours.add({ service: 'sts', operation: 'GetCallerIdentity', effect: 'stale', seconds: 12 });
      town.behaviours.add({ service: 'iam', operation: 'ListAccessKeys', effect: 'stale', seconds: 12 });
      const found = await caseOf42(town);
      expectConfirmed(found);
      expect(probes(found).slice(-2)).toEqual(['dead', 'dead']);
      expect(await alive(town, found.credential)).toBe(false);
    }));

  test('that was switched on again is not called dead by a replica that still shows it off', async () => {
    let town: Town | undefined;
    const thief = rightAfter('contained', () => asWorld(town as Town)(IAMClient).send(new UpdateAccessKeyCommand({ UserName: 'uploader', AccessKeyId: (town as Town).value('key'), Status: 'Active' })));
    await inTown(
      worldOf(onePair),
      async (opened) => {
        town = opened;
        opened.behaviours.add({ service: 'iam', operation: 'ListAccessKeys', effect: 'stale', seconds: 7 });
        const [found] = await opened.ended(await opened.health([opened.value('key')]), 60);
        await thief.over();
        expectRed(found as CaseView);
        expect(await alive(opened, found?.credential)).toBe(true);
      },
      { onLine: thief.onLine, speed: 8 },
    );
  });

  test('without its value is attested from the record, and only after the settling', () =>
    inTown(worldOf(onePair), async (town) => {
      const [found] = await town.ended(await town.health([town.value('key')]), 60);
      expect([found?.status, found?.outcomes[0]?.outcome]).toEqual(['contained', 'attested']);
      const at = (name: string): number => Date.parse(found?.timeline.findLast(({ what }) => what === name)?.at ?? '');
      expect(at('probed') - at('contained')).toBeGreaterThanOrEqual(10_000);
      expect(await alive(town, found?.credential)).toBe(false);
    }));

  test('whose user was renamed since the index saw it is contained and attested under its new name, and the old name\'s new owner is left alone', () =>
    inTown(worldOf({ ...onePair, aws: { users: [{ name: 'bystander' }] } }), async (town) => {
      const { users, keys, policies } = town.providers.aws.state();
      for (const [from, to] of [['uploader', 'uploader-2'], ['bystander', 'uploader']] as const) {
        users[to] = { ...(users[from] as NonNullable<(typeof users)[string]>), name: to };
        delete users[from];
        for (const key of Object.values(keys)) if (key.userName === from) key.userName = to;
      }
      const [found] = await town.ended(await town.health([town.value('key')]), 60);
      expect([found?.status, found?.outcomes[0]?.outcome]).toEqual(['contained', 'attested']);
      expect(await alive(town, found?.credential)).toBe(false);
      expect(Object.keys(policies)).toEqual(['user/uploader-2/RescindDenyOlderSessions']);
    }));

  test('that IAM switches off later than it says is confirmed when it is off', () =>
    inTown(worldOf(onePair), async (town) => {
      town.behaviours.add({ service: 'iam', operation: 'UpdateAccessKey', effect: 'later', seconds: 22 });
      const found = await caseOf42(town);
      expectConfirmed(found);
      expect(probes({ ...found, timeline: found.timeline.slice(whats(found).indexOf('contained')) })).toContain('alive');
    }, { speed: 6 }));

  test('is contained once where the answer is lost after the act', () =>
    inTown(worldOf(onePair), async (town) => {
      town.behaviours.add({ service: 'iam', operation: 'UpdateAccessKey', effect: 'drop', times: 6 });
      const found = await caseOf42(town);
      expectConfirmed(found);
      expect(whats(found).filter((what) => what === 'contained')).toHaveLength(1);
    }));

  test('that the thief switches on again right after the containment is not green', () => reactivated(onePair, 'contained'));

  test('that the thief switches on again after its death was seen, while its copies are replaced, is not green', () => reactivated(freeSlot, 'rotated'));

  test('with which the thief made a new key before is dead and not green', () =>
    inTown(worldOf(freeSlot), async (town) => {
      const { AccessKey } = await asThief(town)(IAMClient).send(new CreateAccessKeyCommand({ UserName: 'uploader' }));
      const found = await caseOf42(town);
      expectRed(found);
      expect(found.outcomes[0]?.outcome).toBe('confirmed');
      expect(found.outcomes[0]?.children.find(({ id }) => id === `aws-iam-key:${AccessKey?.AccessKeyId}`)?.accounted).toBe(false);
    }));

  test('with which the thief assumed a role is dead and not green', () =>
    inTown(worldOf({ ...onePair, aws: { roles: [{ name: 'deploy' }] } }), async (town) => {
      await asThief(town)(STSClient).send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/deploy`, RoleSessionName: 'mine' }));
      const found = await caseOf42(town);
      expectRed(found);
      expect(found.outcomes[0]?.children.filter(({ id, accounted }) => id.startsWith('aws-role-session:') && !accounted)).toHaveLength(1);
      expect(town.providers.aws.sessions().map(({ alive: lives }) => lives)).toEqual([true]);
    }));

  test('is green only with the sessions of its user denied', () =>
    inTown(worldOf(onePair), async (town) => {
      await asThief(town)(STSClient).send(new GetSessionTokenCommand({}));
      const found = await caseOf42(town);
      expectConfirmed(found);
      expect(town.providers.aws.sessions().map(({ alive: lives }) => lives)).toEqual([false]);
    }));
});

describe.concurrent('what only a name or a neighbour says', () => {
  test('a pair of another account or partition is not called dead because our door does not know it', () =>
    inTown(worldOf({ ...onePair, values: { foreign: { kind: 'aws-key-id' }, foreignSecret: { kind: 'aws-secret' } }, alerts: { 42: '${foreignSecret}' }, aws: { secrets: [{ name: 'partner/key', value: JSON.stringify({ accessKeyId: '${foreign}', secretAccessKey: '${foreignSecret}' }) }] } }), async (town) => {
      const found = await caseOf42(town);
      expect(probes(found)).not.toContain('dead');
      expect([found.status, found.outcomes]).toEqual(['waiting', []]);
    }));

  test('a value planted beside an innocent key in a stranger\'s secret does not touch that key', () =>
    inTown(worldOf({ ...onePair, values: { planted: { kind: 'aws-secret' } }, alerts: { 42: '${planted}' }, aws: { secrets: [{ name: 'stranger/notes', value: JSON.stringify({ accessKeyId: '${key}', secretAccessKey: '${planted}' }) }] } }), async (town) => {
      const found = await caseOf42(town);
      expect([found.status, found.proof]).toEqual(['waiting', 'name']);
      expect(await alive(town, `aws-iam-key:${town.value('key')}`)).toBe(true);
      expect(town.providers.aws.state().policies).toEqual({});
    }));

  test('a secret half that is kept beside the wrong key in a secret of ours makes Rescind ask, and touches nothing', () =>
    inTown(
      worldOf({
        values: { innocent: { kind: 'aws-key-id' }, innocentSecret: { kind: 'aws-secret' } },
        configuration: { secrets: [{ secret: 'orders/mixed', owner: 'orders' }] },
        aws: {
          secrets: [{ name: 'orders/mixed', value: JSON.stringify({ accessKeyId: '${innocent}', secretAccessKey: '${secret}' }) }],
          users: [{ name: 'bystander', keys: [{ id: '${innocent}', secret: '${innocentSecret}', status: 'Active' }] }, { name: 'owner', keys: [{ id: '${key}', secret: '${secret}', status: 'Active' }] }],
        },
      }),
      async (town) => {
        const found = await caseOf42(town);
        expect(found.status).toBe('waiting');
        expect(found.outcomes).toEqual([]);
        for (const key of ['key', 'innocent']) expect(await alive(town, `aws-iam-key:${town.value(key)}`)).toBe(true);
        expect(town.providers.aws.state().policies).toEqual({});
      },
    ));
});

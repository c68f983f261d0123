import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test, vi } from 'vitest';
import { clientsOf } from '../../functions/aws/clients.ts';
import { ledgerOf } from '../../functions/aws/composition.ts';
import type { CaseView } from '../../functions/core/case-view.ts';
import { clockOf } from '../../local/clock.ts';
import { queueNames } from '../../local/platform.ts';
import { region } from '../../local/roles.ts';
import { gitleaksFinding, type Town } from '../town.ts';
import { account, worldOf } from '../world-of.ts';
import { caseOf42, expectConfirmed, expectRed, inTown, onePair, whats } from './telling.ts';

vi.setConfig({ testTimeout: 90_000 });

const minute = 60_000;
const child = `aws-role-session:arn:aws:iam::${account}:role/deploy/mine`;

/** A world with one pair whose clock can be put forward while nobody waits. CloudTrail tells everything ten minutes late. */
const inLateTown = async (story: (town: Town, later: (minutes: number) => void) => Promise<void>): Promise<void> => {
  const clock = clockOf(15);
  let ahead = 0;
  await inTown(
    worldOf({ ...onePair, aws: { roles: [{ name: 'deploy' }] } }),
    async (town) => {
      town.behaviours.add({ service: 'cloudtrail', effect: 'lag', seconds: 600 });
      await story(town, (minutes) => void (ahead += minutes * minute));
    },
    { clock: { ...clock, now: () => new Date(clock.now().getTime() + ahead) } },
  );
};

/** A role is assumed with the leaked pair, and lives on whatever becomes of the pair. */
const assumeRole = async (town: Town): Promise<void> => {
  const credentials = { accessKeyId: town.value('key'), secretAccessKey: town.value('secret') };
  await clientsOf({ region, endpoint: town.providers.aws.url, credentials })(STSClient).send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/deploy`, RoleSessionName: 'mine' }));
};

/** What the schedule sends, worked off with all that it sets off. */
const swept = async (town: Town): Promise<void> => {
  const { queues } = town.platform.sqs;
  queues.send(queueNames.deliveries, { body: JSON.stringify({ kind: 'sweep' }) });
  await town.until(() => [queueNames.deliveries, queueNames.index].every((name) => queues.queue(name).messages.size === 0), 'the queues are empty', 30);
};

const isToBeLookedAt = async (town: Town): Promise<boolean> => (await town.kept()).some((text) => text.includes('"look":{"M"'));

/** The other case, when it has ended. */
const second = (town: Town, first: CaseView): Promise<CaseView> =>
  town.until(async () => (await town.views()).find(({ id, ended }) => id !== first.id && ended), 'a second case ends', 60);

describe.concurrent('what CloudTrail tells only after a case ended green', () => {
  test('is found by a later look, and opens a case of the same key that is red', () =>
    inLateTown(async (town, later) => {
      await assumeRole(town);
      later(1);
      const first = await caseOf42(town);
      expectConfirmed(first);
      expect(town.providers.aws.sessions().map(({ alive }) => alive)).toEqual([true]);
      await swept(town);
      expect([(await town.views()).length, await isToBeLookedAt(town)]).toEqual([1, true]);

      later(21);
      await swept(town);
      const found = await second(town, first);
      expectRed(found);
      expect(found.credential).toBe(first.credential);
      expect(found.outcomes[0]?.children.filter(({ accounted }) => !accounted).map(({ id }) => id)).toEqual([child]);
      expect(found.remaining.filter(({ what }) => what.startsWith(child))).toHaveLength(1);
      expect(found.trigger.reports.map(({ source, claim, where }) => [source, claim, where.includes(first.id) && where.includes(child)])).toEqual([['rescind', 'issuer', true]]);
      const ledger = ledgerOf(town.foundation('dispatch'));
      expect((await ledger.load(found.id))?.again).toBe(first.id);
      expect((await ledger.load(first.id))?.status).toBe('contained');

      // one look is enough, and a red case is not looked at again
      expect(await isToBeLookedAt(town)).toBe(false);
      later(21);
      await swept(town);
      expect(await town.views()).toHaveLength(2);
    }));

  test('is nothing where nothing was minted: no second case, and no second look', () =>
    inLateTown(async (town, later) => {
      const first = await caseOf42(town);
      expectConfirmed(first);
      expect(await isToBeLookedAt(town)).toBe(true);
      later(21);
      await swept(town);
      expect(await isToBeLookedAt(town)).toBe(false);
      later(21);
      await swept(town);
      expect((await town.views()).map(({ id, status }) => [id, status])).toEqual([[first.id, 'contained']]);
    }));

  test('is found by the next look where CloudTrail could not be asked', () =>
    inLateTown(async (town, later) => {
      await assumeRole(town);
      const first = await caseOf42(town);
      later(21);
      town.behaviours.set([{ service: 'cloudtrail', effect: 'throttle' }]);
      await swept(town);
      expect(town.logged).toContain('late look failed');
      expect([(await town.views()).length, await isToBeLookedAt(town), town.platform.deadLetters()]).toEqual([1, true, []]);
      town.behaviours.set([]);
      await swept(town);
      expectRed(await second(town, first));
      expect(await isToBeLookedAt(town)).toBe(false);
    }));

  test('is not waited for for ever: where CloudTrail cannot be asked for hours, that itself is a red case', () =>
    inLateTown(async (town, later) => {
      const first = await caseOf42(town);
      later(7 * 60);
      town.behaviours.set([{ service: 'cloudtrail', effect: 'refuse', status: 400, code: 'AccessDeniedException', message: 'no' }]);
      await swept(town);
      const found = await second(town, first);
      expectRed(found);
      expect(found.outcomes[0]?.children.map(({ id, accounted }) => [id, accounted])).toEqual([['aws-cloudtrail:lookup', false]]);
    }));

  test('keeps a repeated report of the dead value from being closed as if all were well', () =>
    inLateTown(async (town, later) => {
      await assumeRole(town);
      const first = await caseOf42(town);
      expectConfirmed(first);
      later(11);
      await town.gitleaks([gitleaksFinding(town.value('secret'))]);
      const found = await second(town, first);
      expect(whats(found)).not.toContain('contained');
      expect(found.plan?.decision).toBe('record');
      expectRed(found);
      expect(found.outcomes[0]?.outcome).toBe('confirmed');
      expect(found.remaining.filter(({ what }) => what.startsWith(child))).toHaveLength(1);
    }));
});

import { describe, expect, it } from 'vitest';
import type { Behaviour } from '../../local/fakes/behaviour.ts';
import { accessorOf, type LeaseTown } from '../lease-world.ts';
import { inLeaseTown, type Play } from '../scenarios/lease-play.ts';

const first = `vault:token/${accessorOf(1)}`;
const broken = (more: Partial<Behaviour>): Behaviour[] => [{ service: 'vault', effect: 'down', ...more }];

/** Registers runner 1's token for run 500, breaks something, and ends the run. */
const endedWhile = async (town: LeaseTown, behaviours: Behaviour[]): Promise<string> => {
  const { body } = await town.register(1, 500);
  town.behaviours.set(behaviours);
  await town.runEnded(500);
  const id = body.id ?? '';
  await town.becomes(id, 'pending-revocation');
  return id;
};

const triesIn = ({ logged }: LeaseTown): number => logged.filter((message) => message === 'lease not released yet' || message === 'lease released').length;

/** Minutes pass, and the sweep comes from time to time. */
const later = async ({ town, clock }: Play, minutes: number): Promise<void> => {
  for (let passed = 0; passed < minutes; passed += 8) {
    const before = triesIn(town);
    clock.leap(480);
    await town.due();
    await town.until(() => triesIn(town) > before, 'it is tried again');
  }
};

const caseThat = (town: LeaseTown, status: string) =>
  town.until(async () => (await town.views()).find((view) => view.status === status), `a case is ${status}`, 20);

/** However long it goes on: the lease is pending and the case red, and neither says dead. */
const expectNeverGreen = async (play: Play, id: string): Promise<void> => {
  const { town } = play;
  await later(play, 16);
  expect((await town.look(id)).status).toBe('pending-revocation');
  const red = await caseThat(town, 'not-contained');
  expect([red.credential, red.outcomes.some(({ green }) => green)]).toEqual([first, false]);
  expect(town.counted.get('LeaseReleased')).toBeUndefined();
  expect(await town.isAlive(first)).toBe(true);
};

/** When all is well again, so are both. */
const expectReleased = async (play: Play, id: string): Promise<void> => {
  const { town } = play;
  town.behaviours.set([]);
  await later(play, 4);
  expect(await town.becomes(id, 'released')).toMatchObject({ basis: 'record' });
  await caseThat(town, 'contained');
  expect(await town.views()).toHaveLength(1);
  expect(await town.rows('&status=pending-revocation')).toEqual([]);
  expect(await town.isAlive(first)).toBe(false);
};

describe('a vault that cannot take back what was lent', () => {
  it('and is down for an hour: the lease is listed with its age, a case opens, and both end when it is back', async () => {
    await inLeaseTown({}, async (play) => {
      const { town } = play;
      const id = await endedWhile(town, broken({ status: 502 }));
      const { tries, dueAt, note } = await town.look(id);
      expect([tries, note]).toEqual([1, expect.stringContaining('could not be asked')]);
      expect(new Date(dueAt ?? 0).getTime()).toBeGreaterThan(town.clock.now().getTime());
      await later(play, 60);
      // an index shows what is being written a moment later
      const row = await town.until(async () => (await town.rows('&status=pending-revocation'))[0], 'it is listed');
      expect(row).toMatchObject({ id, credential: first });
      expect(row.pendingSeconds).toBeGreaterThan(3500);
      expect(town.counted.get('LeasePendingSeconds')).toBeGreaterThan(3500);
      expect((await town.look(id)).timeline.filter(({ what }) => what === 'case')).toHaveLength(1);
      const red = await caseThat(town, 'not-contained');
      expect([red.credential, red.trigger.kind, red.owner]).toEqual([first, 'JobEnded', 'orders']);
      await town.until(() => (town.counted.get('CaseNotContained') ?? 0) > 0, 'people are told');
      expect(await town.isAlive(first)).toBe(true);
      await expectReleased(play, id);
    });
  });

  it.each([
    ['lies: it says yes and the token lives', broken({ effect: 'lie', operation: 'POST /v1/auth/token/revoke-accessor' })],
    ['is sealed', broken({ effect: 'refuse', status: 503, message: 'Vault is sealed' })],
    ['refuses our token', broken({ effect: 'refuse', status: 403, message: 'permission denied' })],
    ['knows nothing any more, our own token included', broken({ effect: 'refuse', status: 400, message: 'invalid accessor', operation: 'POST /v1/auth/token/' })],
    ['does not let us revoke', broken({ effect: 'refuse', status: 403, message: 'permission denied', operation: 'POST /v1/auth/token/revoke-accessor' })],
  ])('and %s: nothing is called released until it is dead', async (_, behaviours) => {
    await inLeaseTown({}, async (play) => {
      const id = await endedWhile(play.town, behaviours);
      await expectNeverGreen(play, id);
      await expectReleased(play, id);
    });
  });
});

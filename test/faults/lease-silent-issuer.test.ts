import { expect, it } from 'vitest';
import { accessorOf, type LeaseTown } from '../lease-world.ts';
import { inLeaseTown, openPlay, quiet } from '../scenarios/lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;
const down = [{ service: 'vault', effect: 'down' as const, status: 502 }];
const send = (town: LeaseTown, body: object): unknown => town.platform.sqs.queues.send('rescind-ends', { body: JSON.stringify(body) });
const waiting = (town: LeaseTown, kind: string): number => [...town.platform.sqs.queues.queue('rescind-ends').messages.values()].filter(({ body }) => body.includes(`"${kind}"`)).length;

const pendingOf = async (town: LeaseTown, n: number, run: number): Promise<string> => {
  const { body } = await town.register(n, run);
  town.behaviours.set(down);
  await town.runEnded(run);
  await town.becomes(body.id ?? '', 'pending-revocation');
  return body.id ?? '';
};

it('messages about one pending lease that come late and together are one try, and it is finished soon after the vault is back', { timeout: 60_000 }, async () => {
  await inLeaseTown({ runners: 1 }, async ({ town, clock }) => {
    const id = await pendingOf(town, 1, 500);
    for (let n = 0; n < 110; n += 1) {
      send(town, { kind: n % 3 === 0 ? 'timer' : 'again', lease: id });
      await clock.sleep(2_500);
    }
    await quiet(town);
    const { tries } = await town.look(id);
    expect([tries > 2, tries < 9]).toEqual([true, true]);
    town.behaviours.set([]);
    for (let minute = 0; minute < 15 && (await town.look(id)).status !== 'released'; minute += 1) {
      clock.leap(60);
      await town.due();
      await quiet(town);
    }
    expect([(await town.look(id)).status, await town.isAlive(token(1))]).toEqual(['released', false]);
  });
});

it('an operator\'s end of a lease that was just tried is tried at once', async () => {
  await inLeaseTown({ runners: 1 }, async ({ town, clock }) => {
    const id = await pendingOf(town, 1, 500);
    // as it is after many tries: the next one is minutes away
    clock.leap(600);
    await town.due();
    await town.until(async () => (await town.look(id)).tries > 1, 'it was tried again');
    await quiet(town);
    town.behaviours.set([]);
    send(town, { kind: 'again', lease: id });
    await quiet(town);
    expect((await town.look(id)).status).toBe('pending-revocation');
    await town.ask('POST', `/leases/${id}/revoke`, { reason: 'the vault is back' });
    await town.becomes(id, 'released');
  });
});

it('a sweep sends a lease once while its message waits, and again where that came to nothing', async () => {
  await inLeaseTown({ runners: 1 }, async ({ town, clock }) => {
    const id = await pendingOf(town, 1, 500);
    const { queues } = town.platform.sqs;
    const sent: string[] = [];
    const original = queues.send.bind(queues);
    queues.send = (name, message) => {
      if (message.body.includes('again')) sent.push(message.body);
      // its messages wait, or are lost
      return original(message.body.includes('again') ? 'rescind-ends-dead' : name, message);
    };
    clock.leap(200);
    await quiet(town);
    sent.length = 0;
    clock.leap(400);
    for (let n = 0; n < 5; n += 1) {
      await town.due();
      await quiet(town);
    }
    expect(sent).toEqual([JSON.stringify({ kind: 'again', lease: id })]);
    clock.leap(200);
    await town.due();
    await town.until(() => sent.length === 2, 'it is due again');
    queues.send = original;
    town.behaviours.set([]);
    clock.leap(300);
    await town.due();
    await town.becomes(id, 'released');
  });
});

it('of many pending leases of an issuer that leaves all unanswered few are asked about, each becomes a case, and all end when it is back', { timeout: 90_000 }, async () => {
  const many = 40;
  const play = await openPlay({ runners: many }, { speed: 50 });
  const { town, clock } = play;
  const ids: string[] = [];
  for (let n = 1; n <= many; n += 1) ids.push((await town.register(n, 500 + n, { minutes: 60 })).body.id ?? '');
  town.behaviours.set(down);
  for (let n = 1; n <= many; n += 1) await town.runEnded(500 + n);
  const triesOf = async (): Promise<number> => (await Promise.all(ids.map(async (id) => (await town.look(id)).tries))).reduce((sum, one) => sum + one, 0);
  for (const id of ids) await town.becomes(id, 'pending-revocation');
  const before = await triesOf();
  for (let minute = 0; minute < 20; minute += 1) {
    clock.leap(60);
    await town.due();
    await town.until(() => waiting(town, 'due') === 0, 'the sweep went by');
    await quiet(town);
  }
  // nobody waits in vain for what is asked about twice a minute at most
  expect((await triesOf()) - before).toBeLessThan(80);
  const looks = await Promise.all(ids.map((id) => town.look(id)));
  expect(looks.filter((lease) => lease.case === undefined).map(({ id }) => id)).toEqual([]);
  // first attempts go through all the while, and so does an end that somebody asks for
  const asked = await town.look(ids[0] ?? '');
  await town.ask('POST', `/leases/${asked.id}/revoke`, { reason: 'now' });
  await town.until(async () => (await town.look(asked.id)).tries > asked.tries, 'it is asked about');
  town.behaviours.set([]);
  for (let minute = 0; minute < 15; minute += 1) {
    clock.leap(60);
    await town.due();
    await quiet(town);
  }
  const left = (await Promise.all(ids.map((id) => town.look(id)))).filter(({ status }) => status !== 'released');
  expect(left.map(({ id, status }) => [id, status])).toEqual([]);
  await play.end();
});

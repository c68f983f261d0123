import { expect, it } from 'vitest';
import { accessorOf } from '../lease-world.ts';
import { inLeaseTown, quiet } from '../scenarios/lease-play.ts';

it('a short lease ends by the message that is exact to the second, although whoever takes it has a clock that is some seconds behind', async () => {
  const made: string[] = [];
  await inLeaseTown({ runners: 1 }, async ({ town, clock }) => {
    const id = (await town.register(1, 500, { minutes: 1 })).body.id ?? '';
    const { queues } = town.platform.sqs;
    const ends = queues.queue('rescind-ends');
    // the schedule, which keeps time to the minute, is lost; the message to the second is given before this clock's time
    town.behaviours.set([{ service: 'scheduler', operation: 'Invoke', effect: 'lie', times: 1 }]);
    queues.delete('rescind-ends', [...ends.messages.values()].filter(({ body }) => body.includes('"timer"')).map((message) => message.id));
    const at = Date.parse(town.platform.timers().find(({ name }) => name === id)?.at ?? '');
    await clock.sleep(at - clock.now().getTime() - 4_000);
    expect(clock.now().getTime()).toBeLessThan(at);
    made.length = 0;
    queues.send('rescind-ends', { body: JSON.stringify({ kind: 'timer', lease: id }) });
    await quiet(town);
    expect([(await town.look(id)).status, await town.isAlive(`vault:token/${accessorOf(1)}`), made]).toEqual(['released', false, []]);
    expect(clock.now().getTime()).toBeGreaterThanOrEqual(at);
  }, { speed: 5, hooks: { onCall: (by, { operation }) => void (by === 'release' && operation.endsWith('teSchedule') && !operation.startsWith('Dele') && made.push(operation)) } });
}, 40_000);

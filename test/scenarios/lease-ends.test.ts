import { afterEach, describe, expect, it } from 'vitest';
import { accessorOf, leaseWorldOf, openLeaseTown, type LeaseTown } from '../lease-world.ts';

let town: LeaseTown | undefined;
afterEach(async () => {
  const wrongs = await town?.wrongs();
  await town?.close();
  town = undefined;
  expect(wrongs ?? []).toEqual([]);
});

describe('a lease ends with its run', () => {
  it('is released when the run ended, and its token and children are dead', async () => {
    town = await openLeaseTown(leaseWorldOf());
    const answer = await town.register(1, 500);
    expect(answer).toMatchObject({ status: 201, body: { status: 'active' } });
    const id = answer.body.id ?? '';
    expect(await town.isAlive(`vault:token/${accessorOf(1)}`)).toBe(true);
    expect((await town.runEnded(500)).status).toBe(202);
    const lease = await town.becomes(id, 'released');
    expect(lease).toMatchObject({ basis: 'record', ending: { kind: 'run-ended' } });
    expect(await town.isAlive(`vault:token/${accessorOf(1)}`)).toBe(false);
    expect(await town.isAlive(`vault:token/${accessorOf(1, true)}`)).toBe(false);
    expect(await town.isAlive(`vault:token/${accessorOf(2)}`)).toBe(true);
    await town.until(() => town?.platform.timers().length === 0, 'its timer is deleted');
    expect(town.platform.states.executions()).toEqual([]);
  });
});

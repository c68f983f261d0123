import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOutside, type Outside } from '../../local/outside.ts';
import { accessorOf, jobsOf, leaseWorldOf, type LeaseTown } from '../lease-world.ts';
import { definitionsOnce, openTown } from '../town.ts';
import { leapingClock, type LeapingClock } from '../scenarios/lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;

describe('a service that is killed', () => {
  let clock: LeapingClock;
  let outside: Outside;
  const world = leaseWorldOf({ runners: 6 });
  beforeAll(async () => {
    clock = leapingClock();
    outside = await startOutside({ world, definitions: await definitionsOnce(), clock, retrySeconds: () => 1 });
  });
  afterAll(() => outside.close());

  interface Life extends LeaseTown {
    kill(): void;
  }

  /** A life of the service, which may be killed right after a call of it. */
  const begin = async (killedAfter?: string): Promise<Life> => {
    const killed = new AbortController();
    const kill = (): void => killed.abort(new Error('killed'));
    const after = async (by: string, { service, operation }: { service: string; operation: string }): Promise<void> => {
      if (killedAfter === `${by} ${service} ${operation}`) kill();
    };
    const town = await openTown(world, { outside, killed: killed.signal, hooks: { after } });
    return { ...jobsOf(town), kill };
  };
  const endWell = async (town: Life): Promise<void> => {
    expect(await town.wrongs()).toEqual([]);
    town.kill();
    await town.close();
  };

  it('between the registration and the end ends the lease in its next life', async () => {
    const first = await begin();
    const id = (await first.register(1, 501)).body.id ?? '';
    await first.runEnded(501);
    first.kill();
    const next = await begin();
    await next.becomes(id, 'released');
    expect(await next.isAlive(token(1))).toBe(false);
    await endWell(next);
  });

  it('and is not there when the timer goes off ends the lease when it is', async () => {
    const first = await begin();
    const id = (await first.register(2, 502, { minutes: 5 })).body.id ?? '';
    first.kill();
    clock.leap(3 * 3600);
    const next = await begin();
    expect(await next.becomes(id, 'released')).toMatchObject({ ending: { kind: 'expired' } });
    expect(await next.isAlive(token(2))).toBe(false);
    await endWell(next);
  });

  it.each([
    [3, 'it claimed the credential', 'release DynamoDB UpdateItem'],
    [4, 'it read its own token for the vault', 'release SecretsManager GetSecretValue'],
    [5, 'the lease was released', 'release DynamoDB DeleteItem'],
  ])('in the middle of the end of lease %i, after %s, finishes it in its next life', async (n, _, call) => {
    const first = await begin(call);
    const id = (await first.register(n, 500 + n)).body.id ?? '';
    await first.runEnded(500 + n);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const next = await begin();
    clock.leap(120);
    const { timeline } = await next.becomes(id, 'released');
    expect(timeline.filter(({ what }) => what === 'released')).toHaveLength(1);
    expect(await next.isAlive(token(n))).toBe(false);
    // whatever the crash left in the way is gone by the time its timer would have gone off
    clock.leap(30 * 60);
    await next.until(() => outside.platform.timers().length === 0, 'no timer is left');
    await next.until(async () => !(await next.kept()).some((text) => text.includes(`credential#${token(n)}`)), 'the credential is held by nobody');
    await endWell(next);
  });
});

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { Leases } from '../../functions/aws/leases.ts';
import { isOver, type Lease } from '../../functions/core/lease.ts';
import { accessorOf, jobsOf, leaseWorldOf } from '../lease-world.ts';
import type { Town } from '../town.ts';
import { live, type Ending, type Send } from './lives.ts';

/** A story about leases for the fault tests: what jobs and platforms send, one after the other. */
export interface LeaseFaultWorld {
  sends: Send[];
  /** How the leases may have ended: where a function died between leaving the holders and saying so, the one that it was about finds the credential dead. */
  statuses: string[][];
}

const answered = [200, 201, 409, 404];

/** Registers runner 1's token for a run, as often as it takes. What is over already is refused, and that is an answer. */
const lends = (run: number, minutes = 30): Send => async (town) => {
  const { status, body } = await jobsOf(town).register(1, run, { minutes });
  return { status: answered.includes(status) ? 200 : status, body };
};

const ends = (run: number): Send => async (town) => {
  const { status } = await jobsOf(town).runEnded(run, { at: '2026-01-01T00:00:00Z' });
  return { status, body: {} };
};

const inOrder = (...sends: Send[]): Send => {
  const done = new Set<number>();
  return async (town) => {
    for (const [n, send] of sends.entries()) {
      if (done.has(n)) continue;
      const answer = await send(town);
      if (answer.status >= 300) return answer;
      done.add(n);
    }
    return { status: 200, body: {} };
  };
};

export const leaseFaultWorlds: Record<string, () => LeaseFaultWorld> = {
  'a lease whose run ends': () => ({ sends: [inOrder(lends(500), ends(500))], statuses: [['released']] }),
  'two leases on one credential': () => ({ sends: [inOrder(lends(500), lends(501), ends(500), ends(501))], statuses: [['handed-on', 'released'], ['released', 'released']] }),
  'a lease whose end never comes': () => ({ sends: [lends(500, 2)], statuses: [['released']] }),
};

const leasesIn = async (town: Pick<Town, 'clientOf'>): Promise<Lease[]> => {
  const leases = new Leases(DynamoDBDocumentClient.from(town.clientOf(DynamoDBClient)), 'leases');
  const { items } = await leases.list(undefined, 50);
  return (await Promise.all(items.map(({ id }) => leases.load(id)))).flatMap((lease) => lease ?? []);
};

/** Kills the process (or `alone` the function) after each single call of a story, one run a call: at the end everything is released that was, and nothing is left behind. */
export const crashAfterEveryCallOf = (name: string, { alone = false } = {}): void => {
  const make = leaseFaultWorlds[name];
  if (!make) throw new Error(`there is no story ${name}`);
  const run = async (crashes: readonly number[]): Promise<Ending & { leases: Lease[]; statuses: string[][] }> => {
    const { sends, statuses } = make();
    let leases: Lease[] = [];
    const ending = await live({
      world: leaseWorldOf({ runners: 1 }),
      sends: sends.map((send) => ({ send })),
      crashes: alone ? [] : crashes,
      losses: alone ? crashes : [],
      isOver: async (town) => {
        leases = await leasesIn(town);
        return leases.length >= (statuses[0]?.length ?? 0) && leases.every(isOver);
      },
    });
    return { ...ending, leases, statuses };
  };
  const check = ({ leases, statuses, outside, wrongs }: Awaited<ReturnType<typeof run>>): void => {
    expect(wrongs).toEqual([]);
    // who ends first is up to the crash; that the last one kills is not
    expect(statuses).toContainEqual(leases.map(({ status }) => status).sort());
    const truth = new Map((outside.providers.vault?.credentials() ?? []).map(({ id, alive }) => [id, alive]));
    expect([truth.get(`token/${accessorOf(1)}`), truth.get(`token/${accessorOf(1, true)}`)]).toEqual([false, false]);
    expect(outside.platform.deadLetters()).toEqual([]);
  };
  describe(`${name}: a crash of ${alone ? 'the function' : 'the process'} after every outgoing call`, () => {
    test('ends released, and what was lent is dead', { timeout: 1_200_000 }, async () => {
      const clean = await run([]);
      check(clean);
      await clean.outside.close();
      for (let call = 1; call <= clean.calls; call += 1) {
        const ending = await run([call]).catch((error: unknown) => {
          throw new Error(`a crash after call ${call} of ${clean.calls}: ${String(error)}`);
        });
        try {
          check(ending);
        } catch (error) {
          throw new Error(`a crash after call ${call} of ${clean.calls} (${ending.killedAfter.join(', ')}): ${error instanceof Error ? error.message : ''}\n${JSON.stringify(ending.leases.map(({ lines }) => lines.map((line) => line.kind)))}`);
        } finally {
          await ending.outside.close();
        }
      }
    });
  });
};

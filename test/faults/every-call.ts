import { describe, expect, test } from 'vitest';
import { live, type Ending } from './lives.ts';
import { checkAlways, faultWorlds, summaryOf } from './worlds.ts';

/** Kills the process (or `alone` the function) after each single call of a world's story, one run a call, and holds every end against the undisturbed one. */
export const crashAfterEveryCall = (name: string, { alone, ...which }: { fromTheStart?: boolean; onlyChanges?: boolean; alone?: boolean } = {}): void => {
  const { world, senders, asks, check } = faultWorlds[name] ?? fail(name);
  const run = async (crashes: readonly number[]): Promise<Ending> => live({ world, sends: senders.slice(0, 1).map((send) => ({ send })), crashes: alone ? [] : crashes, losses: alone ? crashes : [], approves: asks, ...which });

  describe(`${name}: a crash of ${alone ? 'the function' : 'the process'} after every ${which.onlyChanges ? 'call that changes something' : 'outgoing call'}`, () => {
    test('ends the same, and nothing was done twice', { timeout: 1_200_000 }, async () => {
      const clean = await run([]);
      checkAlways(clean);
      check(clean);
      await clean.outside.close();
      const wanted = summaryOf(clean);
      for (let call = 1; call <= clean.calls; call += 1) {
        const ending = await run([call]).catch((error: unknown) => {
          throw new Error(`a crash after call ${call} of ${clean.calls}: ${String(error)}`);
        });
        try {
          const where = `after call ${call}: ${ending.killedAfter.join(', ')}`;
          expect([where, ...summaryOf(ending)]).toEqual([where, ...wanted]);
          checkAlways(ending);
          check(ending);
        } catch (error) {
          throw new Error(`a crash after call ${call} (${ending.killedAfter.join(', ')}): ${error instanceof Error ? error.message : ''}\n${JSON.stringify(ending.views.map(({ timeline }) => timeline.map(({ what, text }) => `${what}: ${text.slice(0, 150)}`)), null, 1)}`);
        } finally {
          await ending.outside.close();
        }
      }
    });
  });
};

const fail = (name: string): never => {
  throw new Error(`there is no fault world ${name}`);
};

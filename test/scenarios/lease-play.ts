import { expect } from 'vitest';
import { clockOf, type Clock } from '../../local/clock.ts';
import type { ServiceOptions } from '../../local/service.ts';
import { leaseWorldOf, openLeaseTown, type LeaseTown, type LeaseWanted } from '../lease-world.ts';

type After = NonNullable<NonNullable<ServiceOptions['hooks']>['after']>;

/** Lets somebody act between two calls of a function. */
export interface Meanwhile {
  hook: After;
  /** Acts once, right after the n-th such call from now on (`leases DynamoDB Query`), before its answer is used. */
  after(call: string, act: () => Promise<unknown>, n?: number): { done(): boolean };
}

const meanwhile = (): Meanwhile => {
  const waiting: { call: string; left: number; act: () => Promise<unknown>; done: boolean }[] = [];
  return {
    hook: async (by, { service, operation }) => {
      for (const one of waiting.filter(({ call, left }) => left > 0 && call === `${by} ${service} ${operation}`)) {
        one.left -= 1;
        if (one.left > 0) continue;
        await one.act();
        one.done = true;
      }
    },
    after: (call, act, n = 1) => {
      const one = { call, left: n, act, done: false };
      waiting.push(one);
      return { done: () => one.done };
    },
  };
};

/** A clock that can leap ahead: hours pass at once, for everybody who waits. */
export interface LeapingClock extends Clock {
  leap(seconds: number): void;
}

export const leapingClock = (speed = 50): LeapingClock => {
  const clock = clockOf(speed);
  let leapt = 0;
  const woken = new Set<() => void>();
  const now = (): Date => new Date(clock.now().getTime() + leapt);
  return {
    now,
    sleep: async (milliseconds, signal) => {
      const until = now().getTime() + Math.max(0, milliseconds);
      while (now().getTime() < until) {
        const stop = new AbortController();
        const wake = (): void => stop.abort();
        woken.add(wake);
        await clock.sleep(until - now().getTime(), signal ? AbortSignal.any([signal, stop.signal]) : stop.signal).catch(() => undefined);
        woken.delete(wake);
        signal?.throwIfAborted();
      }
      signal?.throwIfAborted();
    },
    leap: (seconds) => {
      leapt += seconds * 1000;
      for (const wake of [...woken]) wake();
    },
  };
};

/** Waits until no end is being handled or waits to be; those that are for a later time stay. */
export const quiet = (town: LeaseTown): Promise<unknown> =>
  town.until(() => {
    const now = town.clock.now().getTime();
    return [...town.platform.sqs.queues.queue('rescind-ends').messages.values()].every(({ receiveCount, visibleAt }) => receiveCount === 0 && visibleAt > now);
  }, 'all ends are handled');

/** A story with what it is played with. */
export interface Play {
  town: LeaseTown;
  between: Meanwhile;
  clock: LeapingClock;
}

type Options = Omit<NonNullable<Parameters<typeof openLeaseTown>[1]>, 'clock'>;

/** A town that several stories are played in, each with runs and runners of its own. */
export const openPlay = async (wanted: LeaseWanted = {}, options: Options = {}): Promise<Play & { end(): Promise<void> }> => {
  const between = meanwhile();
  const clock = leapingClock(options.speed);
  const town = await openLeaseTown(leaseWorldOf(wanted), { ...options, clock, hooks: { ...options.hooks, after: between.hook } });
  return {
    town,
    between,
    clock,
    /** At the end nothing that is called dead may be alive, and nothing may be seen that is secret. */
    end: async () => {
      try {
        expect(await town.wrongs()).toEqual([]);
      } finally {
        await town.close();
      }
    },
  };
};

/** Plays a story in a town of its own, with the same look at its end. */
export const inLeaseTown = async (wanted: LeaseWanted, story: (play: Play) => Promise<void>, options: Options = {}): Promise<void> => {
  const play = await openPlay(wanted, options);
  try {
    await story(play);
  } catch (error) {
    await play.town.close();
    throw error;
  }
  await play.end();
};

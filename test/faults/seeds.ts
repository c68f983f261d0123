import { expect, test } from 'vitest';
import { live, randomOf, type Ending } from './lives.ts';
import { checkAlways, faultWorlds, summaryOf } from './worlds.ts';

/** How much a seed makes happen at once: milliseconds of the wall between deliveries, and calls among which a crash is drawn. */
const spreadMilliseconds = 250;
const mostCalls = 150;

const run = (seed: number): { name: string; lived: Promise<Ending> } => {
  const random = randomOf(seed);
  const names = Object.keys(faultWorlds);
  const name = names[Math.floor(random() * names.length)] ?? '';
  const { world, senders, asks } = faultWorlds[name] ?? { world: undefined as never, senders: [], asks: false };
  const drawn = (most: number) => Array.from({ length: Math.floor(random() * (most + 1)) }, () => 1 + Math.floor(random() * mostCalls));
  const crashes = [1 + Math.floor(random() * mostCalls), ...drawn(2)];
  const losses = drawn(2);
  // every sender at least once, some again, in any order
  const sends = [...senders, ...senders.filter(() => random() < 0.7), ...senders.filter(() => random() < 0.4)]
    .map((send) => ({ send, turn: random(), afterMilliseconds: Math.floor(random() * random() * spreadMilliseconds) }))
    .sort((a, b) => a.turn - b.turn);
  return { name, lived: live({ world, sends, crashes, losses, approves: asks, fromTheStart: random() < 0.15 }) };
};

const clean = new Map<string, Promise<string[]>>();

/** How a world ends if nothing goes wrong. */
const wantedOf = (name: string): Promise<string[]> => {
  const known = clean.get(name);
  if (known) return known;
  const { world, senders, asks } = faultWorlds[name] ?? { world: undefined as never, senders: [], asks: false };
  const made = live({ world, sends: senders.slice(0, 1).map((send) => ({ send })), crashes: [], approves: asks }).then(async (ending) => {
    await ending.outside.close();
    return summaryOf(ending);
  });
  clean.set(name, made);
  return made;
};

/** Lives through one seed: a world, crashes, and deliveries that come twice and in any order. Throws with all that is needed to see why it ended otherwise. */
export const liveSeed = async (seed: number): Promise<string> => {
  const { name, lived } = run(seed);
  const wanted = await wantedOf(name);
  const ending = await lived.catch((error: unknown) => {
    throw new Error(`seed ${seed}, ${name}: ${String(error)}`);
  });
  try {
    expect(summaryOf(ending)).toEqual(wanted);
    checkAlways(ending);
    faultWorlds[name]?.check(ending);
  } catch (error) {
    const stories = ending.views.map(({ timeline }) => timeline.map(({ what, text }) => `${what}: ${text.slice(0, 150)}`));
    throw new Error(`seed ${seed}, ${name}, killed after ${ending.killedAfter.join(', ') || 'nothing'}: ${error instanceof Error ? error.message : ''}\n${JSON.stringify(stories, null, 1)}`);
  } finally {
    await ending.outside.close();
  }
  return `${name}, killed after ${ending.killedAfter.join(', ') || 'nothing'}`;
};

/** A test for so many seeds, from the first one on. The seed stands in what a failure says. */
export const seeds = (first: number, count: number): void => {
  test(`seeds ${first} to ${first + count - 1}: crashes, duplicates and any order of deliveries end the same`, { timeout: 1_200_000 }, async () => {
    for (let seed = first; seed < first + count; seed += 1) await liveSeed(seed);
  });
};

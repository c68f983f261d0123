/** A check failed without which nothing that follows can be looked at. */
export class Halted extends Error {}

/** The numbered checks of one run and what they printed. */
export interface Checks {
  /** Runs one check and says how it went; answers what it found out, undefined where it failed. */
  check<T>(title: string, work: () => Promise<T>): Promise<T | undefined>;
  /** The same, but where it fails nothing else is tried. */
  needed<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** Says something that is no check. */
  say(text: string): void;
  passed: number;
  failed: number;
  /** Everything that was said so far. */
  said: string[];
}

const tell = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Begins with no check done. */
export const makeChecks = (): Checks => {
  const began = performance.now();
  const said: string[] = [];
  let number = 0;
  const say = (text: string): void => {
    const line = `[${((performance.now() - began) / 1000).toFixed(1).padStart(6)}s] ${text}`;
    said.push(line);
    console.log(line);
  };
  const attempt = async <T>(title: string, work: () => Promise<T>): Promise<{ value: T } | undefined> => {
    const mine = `${++number}`.padStart(2);
    const from = performance.now();
    say(`${mine} … ${title}`);
    try {
      const value = await work();
      checks.passed += 1;
      say(`${mine} ok ${title} (${((performance.now() - from) / 1000).toFixed(1)} s)`);
      return { value };
    } catch (error) {
      checks.failed += 1;
      say(`${mine} FAILED ${title}\n${tell(error).replace(/^/gm, '      ')}`);
      return undefined;
    }
  };
  const checks: Checks = {
    passed: 0,
    failed: 0,
    said,
    say,
    check: async (title, work) => (await attempt(title, work))?.value,
    needed: async (title, work) => {
      const done = await attempt(title, work);
      if (!done) throw new Halted(title);
      return done.value;
    },
  };
  return checks;
};

/** Throws unless it holds; the message says what was expected and what was there, never a value. */
export function expect(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}

import { setTimeout as later } from 'node:timers/promises';
import { runCommand } from '../../cli/program.ts';
import type { Surroundings } from '../../cli/surroundings.ts';

/** What a command came to. */
export interface Called {
  code: number;
  out: string;
  err: string;
}

/** How a command is run: as in a pipe, without a person, unless told otherwise. */
export interface Setting extends Partial<Omit<Surroundings, 'ask' | 'out' | 'err'>> {
  /** Columns of the terminal that standard output is. */
  columns?: number;
  /** What the person at the terminal answers. */
  answers?: string;
}

/** Runs a command line in this process. */
export const call = async (args: readonly string[], { columns, answers, ...around }: Setting = {}): Promise<Called> => {
  let [out, err] = ['', ''];
  const code = await runCommand(args, {
    environment: {},
    userName: () => 'tester',
    credentials: () => Promise.reject(new Error('no credentials in this test')),
    profileRegion: () => Promise.resolve(undefined),
    signal: new AbortController().signal,
    now: Date.now,
    sleep: (milliseconds, signal) => later(milliseconds, undefined, { signal }),
    random: () => 0,
    ...around,
    out: { write: (text) => (out += text), isTTY: columns !== undefined, columns },
    err: { write: (text) => (err += text), isTTY: answers !== undefined },
    ...(answers === undefined
      ? {}
      : {
          ask: (question) => {
            err += question;
            return Promise.resolve(answers);
          },
        }),
  });
  return { code, out, err };
};

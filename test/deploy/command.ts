import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface CommandOptions {
  cwd?: string;
  /** The whole environment; nothing is inherited beside it. */
  env: Record<string, string | undefined>;
  /** After this it is killed and counts as failed. */
  seconds: number;
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

const groups = new Set<ChildProcess>();

/** Ends a child with everything that it started: politely, and after `graceSeconds` for good. */
const end = async (child: ChildProcess, graceSeconds: number): Promise<void> => {
  const kill = (signal: NodeJS.Signals): void => {
    try {
      // it leads a process group of its own, so this reaches its children and nobody else
      if (child.pid) process.kill(-child.pid, signal);
    } catch {
      // the group is gone
    }
  };
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await Promise.race([ended, pause(graceSeconds * 1000, undefined, { ref: false })]);
  }
  kill('SIGKILL');
  groups.delete(child);
};

const begin = (command: string, args: readonly string[], { cwd, env }: Omit<CommandOptions, 'seconds'>): ChildProcess => {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  groups.add(child);
  return child;
};

/** Ends every child that is still there. */
export const endAll = (graceSeconds = 2): Promise<unknown> => Promise.all([...groups].map((child) => end(child, graceSeconds)));

/** Runs a command to its end and tells how it went; a command that cannot be started throws. */
export const run = (command: string, args: readonly string[], options: CommandOptions): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = begin(command, args, options);
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) child[name]?.setEncoding('utf8').on('data', (chunk: string) => void (text[name] += chunk));
    const late = setTimeout(() => {
      text.stderr += `\n${command} took more than ${options.seconds} seconds`;
      void end(child, 2);
    }, options.seconds * 1000);
    child.once('error', (error) => {
      clearTimeout(late);
      groups.delete(child);
      reject(new Error(`${command} could not be started: ${error.message}`));
    });
    child.once('close', (code) => {
      clearTimeout(late);
      groups.delete(child);
      resolve({ code: code ?? 1, ...text });
    });
  });

const tailOf = (text: string, lines = 40): string => text.trim().split('\n').slice(-lines).join('\n');

/** Runs a command that has to succeed; otherwise throws with the last lines that it said. */
export const must = async (command: string, args: readonly string[], options: CommandOptions): Promise<Ended> => {
  const ended = await run(command, args, options);
  if (ended.code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${ended.code}:\n${tailOf(`${ended.stdout}\n${ended.stderr}`)}`);
  return ended;
};

/** A process that stays until it is told to end. */
export interface Daemon {
  /** Whether it is still there. */
  running(): boolean;
  end(graceSeconds: number): Promise<void>;
}

/** Starts a process that writes everything it says into a file; `endAll` ends it at the latest. */
export const daemon = (command: string, args: readonly string[], logFile: string, options: Omit<CommandOptions, 'seconds'>): Daemon => {
  const child = begin(command, args, options);
  const log = createWriteStream(logFile);
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.once('error', (error) => log.write(`${command} could not be started: ${error.message}\n`));
  return { running: () => child.exitCode === null && child.signalCode === null && child.pid !== undefined, end: (graceSeconds) => end(child, graceSeconds) };
};

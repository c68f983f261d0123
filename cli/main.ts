// Started by rescind.js, which has made sure of Node 24.
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as later } from 'node:timers/promises';
import { awsCredentials, profileRegion } from './credentials.ts';
import { exitCodes } from './failure.ts';
import { runCommand } from './program.ts';
import type { Ask } from './surroundings.ts';

const stopping = new AbortController();

for (const [signal, code] of [['SIGINT', exitCodes.interrupted], ['SIGTERM', exitCodes.terminated]] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(code);
    process.exitCode = code;
    stopping.abort(new Error('stopped'));
  });
}

// whoever read our output has gone (`| head`): nobody is left to tell
process.stdout.on('error', () => process.exit());

/** Asks on standard error, so that standard output holds the answer only. Whoever closes the input has said nothing. */
const ask: Ask = (question, signal) =>
  new Promise((resolve) => {
    // not in raw mode: there Ctrl-C would be a key of the reader's and no signal
    const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
    const end = (text: string): void => {
      signal.removeEventListener('abort', stop);
      resolve(text);
      reader.close();
    };
    const stop = (): void => end('');
    signal.addEventListener('abort', stop);
    reader.once('close', () => end(''));
    reader.question(question, end);
  });

const userName = (): string | undefined => {
  try {
    return userInfo().username;
  } catch {
    // a container's user may have no name
    return process.env.USER;
  }
};

const code = await runCommand(process.argv.slice(2), {
  environment: process.env,
  out: process.stdout,
  err: process.stderr,
  ...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
  userName,
  credentials: awsCredentials,
  profileRegion,
  signal: stopping.signal,
  now: Date.now,
  sleep: (milliseconds, signal) => later(milliseconds, undefined, { signal }),
  random: Math.random,
});
// a signal has set its own
process.exitCode = stopping.signal.aborted ? (process.exitCode ?? exitCodes.interrupted) : code;

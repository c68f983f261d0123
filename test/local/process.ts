import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { CaseView } from '../../functions/core/case-view.ts';
import type { LeaseView } from '../../functions/core/lease-view.ts';
import type { LeaseRow } from '../../local/stories/lease-rows.ts';
import type { Row } from '../../local/stories/table.ts';

const main = fileURLToPath(new URL('../../local/main.ts', import.meta.url));

/** What the service prints with `--json`. */
export interface Told {
  ok: boolean;
  mismatches: string[];
  table: Row[];
  leaseTable: LeaseRow[];
  cases: CaseView[];
  leases: LeaseView[];
  credentials: { id: string; issuer: string; alive: boolean }[];
  remaining: { kind: string; owner: string; deadline: string; case: string; what: string; task: string }[];
  url: string;
}

/** The service as a process of its own. */
export interface Run {
  child: ChildProcess;
  out: () => string;
  err: () => string;
  ended: Promise<number | null>;
}

const running: ChildProcess[] = [];

/** A folder for one test file: when its tests are over it is gone, and whatever they started is ended. */
export const folderForAll = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'rescind-main-'));
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
};

/** Starts it with these options. */
export const start = (...args: string[]): Run => {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, FORCE_COLOR: undefined } });
  running.push(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (err += part.toString()));
  return { child, out: () => out, err: () => err, ended: new Promise((resolve) => child.on('close', resolve)) };
};

export const until = async <T>(look: () => T | undefined, milliseconds = 30_000): Promise<T> => {
  const end = Date.now() + milliseconds;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** What it told; undefined before it has. */
export const parsed = (text: string): Told | undefined => {
  try {
    return JSON.parse(text) as Told;
  } catch {
    return undefined;
  }
};

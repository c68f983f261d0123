import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAwsKeyId } from '../../functions/core/shape.ts';
import { leaksIn, valuesIn } from '../hygiene.ts';

const main = fileURLToPath(new URL('../../local/main.ts', import.meta.url));
const moments = 20;
const sideBySide = 5;

interface Row {
  story?: string;
  status: string;
  outcome?: string;
  green: boolean;
  replaced: string[];
  left: string[];
  done: string[];
}

interface Told {
  ok: boolean;
  mismatches: string[];
  table: Row[];
}

interface Ended {
  code: number | null;
  output: string;
  said: string;
  seconds: number;
}

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'rescind-kill-'));
  folders.push(made);
  return made;
};

/** Runs the service once over its default world, and kills it after so many seconds. */
const run = (data: string, killAfterSeconds?: number): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(process.execPath, [main, '--once', '--json', '--data', data, '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const timer = killAfterSeconds === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterSeconds * 1000);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output: Buffer.concat(out).toString(), said: Buffer.concat(err).toString(), seconds: (performance.now() - begun) / 1000 });
    });
  });

/** What the table says, without times and made-up ids. */
const tableOf = ({ output }: Ended): unknown[] =>
  (JSON.parse(output) as Told).table
    .map(({ story, status, outcome, green, replaced, left, done }) => ({ story, status, outcome, green, replaced: replaced.toSorted(), left: left.toSorted(), done: [...new Set(done)].sort() }))
    .sort((a, b) => String(a.story).localeCompare(String(b.story)));

/** Values of a world in what was printed, and in Rescind's own files. */
const leaksOf = (data: string, texts: [string, string][]): string[] => {
  const world = readdirSync(join(data, 'world')).filter((name) => name.endsWith('.json') && name !== 'reports.json');
  const kept = world.map((name) => JSON.parse(readFileSync(join(data, 'world', name), 'utf8')) as Record<string, unknown>);
  const made = JSON.parse(readFileSync(join(data, 'world', 'values.json'), 'utf8')) as Record<string, string>;
  // accessors and the names of logins are ids, and are shown
  const secret = Object.entries(made).flatMap(([name, value]) => (/(Accessor|Login)$/.test(name) ? [] : [value]));
  const values = [...new Set([...secret, ...kept.flatMap((file) => valuesIn(file))])].filter((value) => value.length >= 12 && !isAwsKeyId(value) && !value.startsWith('local-only-'));
  expect(values.filter((value) => !Object.values(made).includes(value)).length, 'rotations made new values, which are searched for as well').toBeGreaterThan(2);
  const own = readdirSync(join(data, 'rescind'), { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(data, 'rescind', path)).isFile());
  // latin1 keeps every byte, so that text within a binary file is found as well
  const files = own.map((path): [string, string] => [path, readFileSync(join(data, 'rescind', path), 'latin1')]);
  return leaksIn([...texts, ...files], values);
};

let undisturbed: { table: unknown[]; seconds: number };

beforeAll(async () => {
  const ended = await run(folder());
  expect(ended.code, ended.said).toBe(0);
  undisturbed = { table: tableOf(ended), seconds: ended.seconds };
}, 90_000);
afterAll(() => folders.forEach((made) => rmSync(made, { recursive: true, force: true })));

const comesBack = async (kills: readonly number[]): Promise<void> => {
  const data = folder();
  const before: Ended[] = [];
  for (const after of kills) before.push(await run(data, after));
  const ended = await run(data);
  const where = `killed after ${kills.map((after) => after.toFixed(1)).join(', then ')} seconds`;
  expect(ended.code, `${where}: ${ended.output.slice(0, 3000)}\n${ended.said.slice(-6000)}`).toBe(0);
  expect([where, ...tableOf(ended)]).toEqual([where, ...undisturbed.table]);
  expect(leaksOf(data, [...before, ended].flatMap(({ output, said }): [string, string][] => [['standard output', output], ['standard error', said]]))).toEqual([]);
};

describe('the service with a data folder', () => {
  test('killed before it kept what it was answered, it sends everything once more and ends the same', { timeout: 120_000 }, async () => {
    const data = folder();
    await run(data);
    const path = join(data, 'world', 'reports.json');
    const book = JSON.parse(readFileSync(path, 'utf8')) as { sent: { name: string }[] };
    expect(book.sent.length).toBeGreaterThan(8);
    writeFileSync(path, JSON.stringify({ ...book, sent: [] }));
    const again = await run(data);
    expect(again.code, again.said.slice(-6000)).toBe(0);
    expect(tableOf(again)).toEqual(undisturbed.table);
    expect((JSON.parse(readFileSync(path, 'utf8')) as { sent: { name: string }[] }).sent.map(({ name }) => name).sort()).toEqual(book.sent.map(({ name }) => name).sort());
  });

  test(`killed at any of ${moments} moments and started again, it ends like one that was never disturbed`, { timeout: 1_200_000 }, async () => {
    const first = undisturbed.seconds / (moments + 1);
    const waiting = Array.from({ length: moments }, (_, index) => [first * (index + 1)]);
    // and one that is killed again and again
    waiting.push(Array.from({ length: 6 }, (_, index) => 2.5 + index * 0.4));
    const failures: unknown[] = [];
    await Promise.all(
      Array.from({ length: sideBySide }, async () => {
        for (let kills = waiting.shift(); kills; kills = waiting.shift()) await comesBack(kills).catch((error: unknown) => failures.push(error));
      }),
    );
    if (failures.length > 0) throw failures[0];
  });
});

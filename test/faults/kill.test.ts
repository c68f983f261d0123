import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

interface Told {
  ok: boolean;
  mismatches: string[];
  table: { story: string; status: string; outcome?: string; replaced: string[]; left: string[]; done: string[] }[];
}

const main = join(import.meta.dirname, '../../local/main.ts');
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'rescind-kill-'));
  folders.push(made);
  return made;
};

/** Runs the service over a data folder to its end, or kills it after so many milliseconds. */
const run = (data: string, killAfter?: number): Promise<Told | 'killed'> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, '--once', '--json', '--port', '0', '--data', data], { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') return resolve('killed');
      try {
        resolve(JSON.parse(output) as Told);
      } catch {
        reject(new Error('the service ended without its table'));
      }
    });
  });

/** How every story ended, without what differs from run to run. */
const endings = ({ table }: Told) =>
  table.map(({ story, status, outcome, replaced, left, done }) => ({ story, status, outcome, replaced: [...replaced].sort(), left: [...left].sort(), done: [...new Set(done)].sort() })).sort((a, b) => a.story.localeCompare(b.story));

/** What the providers were made to do: live keys by user, and finished rotations by secret. */
const deeds = (data: string) => {
  const { keys, trail } = JSON.parse(readFileSync(join(data, 'world/aws.json'), 'utf8')) as { keys: Record<string, { userName: string; status: string }>; trail: { eventName?: string; name?: string }[] };
  const count = (name: string) => trail.filter((event) => (event.eventName ?? event.name) === name).length;
  return { keys: Object.values(keys).map(({ userName, status }) => `${userName} ${status}`).sort(), rotations: count('RotationSucceeded'), created: count('CreateAccessKey') - count('DeleteAccessKey') };
};

/** Twenty moments, five in each life's row, spread over the seconds in which the stories are told. */
const rows = [0, 1, 2, 3].map((row) => [0, 1, 2, 3, 4].map((kill) => 1_400 + ((row * 5 + kill) * 830) % 4_600));

describe.concurrent('kill -9 of the service with its data folder', () => {
  const undisturbed = (async () => {
    const data = folder();
    const told = await run(data);
    if (told === 'killed' || !told.ok) throw new Error(`the run that nobody disturbed did not end well: ${told === 'killed' ? 'killed' : told.mismatches.join('; ')}`);
    return { told, deeds: deeds(data) };
  })();
  // awaited by each row; its own failure is told there
  undisturbed.catch(() => undefined);

  test.each(rows.map((moments) => [moments.map((moment) => (moment / 1000).toFixed(1)).join(', '), moments] as const))('killed after %s seconds, it ends as it would have without', async (_title, moments) => {
    const calm = await undisturbed;
    const data = folder();
    for (const moment of moments) await run(data, moment);
    const told = await run(data);
    if (told === 'killed') throw new Error('nobody kills this one');
    expect(told.mismatches).toEqual([]);
    expect(told.ok).toBe(true);
    expect(endings(told)).toEqual(endings(calm.told));
    expect(deeds(data)).toEqual(calm.deeds);
  });
});

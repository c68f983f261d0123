import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bench } from './figure.ts';

const startSeconds = 60;
const idleSeconds = 120;
const limitMegabytes = 250;

/** The address that the service prints once it listens. */
const addressOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => reject(new Error('the local service did not say where it listens')), startSeconds * 1000);
    const read = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? [];
      if (url === undefined) return;
      clearTimeout(late);
      resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`the local service ended with code ${code ?? 'none'}`)));
  });

interface Head {
  id: string;
  status: string;
}

/** Waits until the list of cases has not changed for a while and nothing in it is still open. */
const idle = async (url: string): Promise<number> => {
  let before = '';
  let calm = 0;
  for (let second = 0; second < idleSeconds; second += 1) {
    const { cases } = (await (await fetch(`${url}/cases`)).json()) as { cases: Head[] };
    const now = JSON.stringify(cases.map(({ id, status }) => [id, status]));
    calm = cases.length > 0 && now === before && cases.every(({ status }) => status !== 'open') ? calm + 1 : 0;
    if (calm >= 8) return cases.length;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Error(`the local service was not idle after ${idleSeconds} seconds`);
};

const fieldOf = (pid: number, field: 'VmRSS' | 'VmHWM'): number => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** What the local service keeps in memory once it has told all its stories. */
export const memory: Bench = async (tell) => {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL('../local/main.ts', import.meta.url)), '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const cases = await idle(await addressOf(child));
    const [now, most] = [fieldOf(child.pid as number, 'VmRSS'), fieldOf(child.pid as number, 'VmHWM')];
    tell(`${now.toFixed(0)} MB after ${cases} cases, ${most.toFixed(0)} MB at most on the way`);
    return [
      { bench: 'memory', what: 'the local service with the default world', value: now, unit: 'MB', limit: limitMegabytes },
      { bench: 'memory', what: 'at most on the way', value: most, unit: 'MB', limit: limitMegabytes },
    ];
  } finally {
    child.kill('SIGINT');
    await new Promise((resolve) => child.once('exit', resolve));
  }
};

/** Follows the first part of docs/leases.md: types its commands against the world that it names. What it tells jobs to do is followed by `npm run test:openbao`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesizedPlaybooks } from '../../infra/playbooks/print.ts';
import { defaultPort } from '../../local/cli/options.ts';
import { clockOf } from '../../local/clock.ts';
import { startService } from '../../local/service.ts';
import { loadWorld } from '../../local/world/load.ts';
import { bash, commandsOf, root, textOf } from './pages.ts';

const page = textOf('docs/leases.md');

const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(`docs/leases.md: ${what}`);
};

console.log('follow: docs/leases.md, Try it on your machine');
const folder = mkdtempSync(join(tmpdir(), 'follow-leases-'));
const service = await startService({ world: loadWorld(join(root, 'docs/leases-world.json')), definitions: await synthesizedPlaybooks(), clock: clockOf() });
try {
  const [start, ...commands] = commandsOf(page.split('\n## ').find((section) => section.startsWith('Try it')) ?? '');
  must(start === 'npm start -- --world docs/leases-world.json', 'its first command does not start its world');
  const answers: string[] = [];
  for (const command of commands) answers.push(await bash(command.replaceAll(`http://127.0.0.1:${defaultPort}`, service.url), folder));
  const [registered = '', , before = '', , , released = '', after = ''] = answers;
  must((JSON.parse(registered) as { status?: string }).status === 'active', `the lease is not active: ${registered}`);
  must((JSON.parse(released) as { leases: unknown[] }).leases.length === 1, `the lease is not released: ${released}`);
  const alive = (answer: string): string[] => (JSON.parse(answer) as { credentials: { id: string; alive: boolean }[] }).credentials.filter((one) => one.alive).map(({ id }) => id);
  for (const accessor of ['nightly-accessor', 'query-accessor']) {
    must(alive(before).includes(`vault:token/${accessor}`), `${accessor} was not alive while it was lent`);
    must(!alive(after).includes(`vault:token/${accessor}`), `${accessor} is alive after its run`);
  }
} finally {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
}

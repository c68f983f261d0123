import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHouse, type House } from './house.ts';
import { commandsOf, root, textOf } from './pages.ts';
import { withTables } from './tables.ts';

const readme = textOf('README.md');
const commands = commandsOf(readme);
const steps = [...textOf('.ci/run').matchAll(/^step (.+)$/gm)].map(([, command = '']) => command);
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

/** What needs an AWS account, and by which words test:deploy does the same against its emulator. */
const cloudOnly = [
  { command: /^npx cdk bootstrap$/, inEmulator: "cdk('bootstrap'" },
  { command: /^npx cdk deploy --all /, inEmulator: "cdk('deploy', '--all'" },
  { command: /^aws secretsmanager create-secret /, inEmulator: "'whsec" },
];
const isAsked = (command: string): boolean => command.startsWith('curl ');

const sourcesUnder = (folder: string): string =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => textOf(join(folder, name))).join('\n');

describe('README.md', () => {
  it('begins with the two commands', () => {
    expect(commands.slice(0, 2)).toEqual(['npm ci', 'npm start']);
    expect(commands).toContain('npm test');
  });

  it('shows no command that CI does not run, but for those that need an AWS account', () => {
    const isRun = (command: string): boolean => steps.some((step) => `${step} `.startsWith(`${command} `));
    const strangers = commands.filter((command) => !isRun(command) && !isAsked(command) && !cloudOnly.some((one) => one.command.test(command)));
    expect(strangers).toEqual([]);
  });

  it('shows every cloud command that is excused, and test:deploy does the same in the emulator', () => {
    const deployed = sourcesUnder('test/deploy');
    for (const { command, inEmulator } of cloudOnly) {
      expect(commands.filter((one) => command.test(one)), String(command)).toHaveLength(1);
      expect(deployed).toContain(inEmulator);
    }
  });

  it('names every script of package.json, and no other', () => {
    const named = [...(/## Commands\n([\s\S]*)/.exec(readme)?.[1] ?? '').matchAll(/`npm (?:run )?([\w:]+)`/g)].map(([, script = '']) => script);
    expect([...new Set(named)].sort()).toEqual(Object.keys(scripts).sort());
  });

  it('holds the tables that the code makes', () => {
    expect(readme, 'run: npx node test/docs/tables.ts').toBe(withTables(readme));
  });

  it('shows the port that npm start listens on', async () => {
    const { defaultPort } = await import('../../local/cli/options.ts');
    for (const command of commands.filter(isAsked)) expect(command).toContain(`http://127.0.0.1:${defaultPort}/`);
  });
});

describe('the requests in README.md', () => {
  let house: House;
  beforeAll(async () => {
    house = await openHouse();
  }, 60_000);
  afterAll(() => house.close());

  it.each(commands.filter(isAsked))('%s is answered', async (command) => {
    const [, address = ''] = /^curl -s (http:\/\/\S+)$/.exec(command) ?? [];
    const response = await fetch(house.url + new URL(address).pathname);
    expect(response.status).toBe(200);
    expect(Object.keys((await response.json()) as object)).not.toHaveLength(0);
  });
});

describe('.ci/run', () => {
  it('runs every script but the bench, and nothing that may fail unseen', () => {
    const script = textOf('.ci/run');
    for (const name of Object.keys(scripts).filter((one) => one !== 'bench')) {
      const called = ['start', 'test'].includes(name) ? `npm ${name}` : `npm run ${name}`;
      expect(steps.some((step) => `${step} `.startsWith(`${called} `)), called).toBe(true);
    }
    expect(script).toContain('set -euo pipefail');
    expect(script).not.toMatch(/\|\| *(true|:)/);
  });
});

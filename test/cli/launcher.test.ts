import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { openApi, type Api } from './api.ts';
import { root } from '../docs/pages.ts';

const launcher = join(root, manifest.bin.rescind);

let folder: string | undefined;
let api: Api | undefined;
afterEach(async () => {
  if (folder) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
  await api?.close();
  api = undefined;
});

/** The launcher as a Node sees it that says to be of an older version. */
const asOldNode = (file: string, ...args: string[]) =>
  spawnSync(process.execPath, ['--import', `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.9.0'})`, file, ...args], { encoding: 'utf8' });

/** A copy of the launcher beside a `main.ts` that says what it was given, and a Node where one is wanted. */
const copied = (below: string, withNode: boolean): string => {
  folder = mkdtempSync(join(tmpdir(), 'rescind-cli-'));
  const home = join(folder, below);
  mkdirSync(join(home, 'cli'), { recursive: true });
  cpSync(launcher, join(home, 'cli/rescind.js'));
  writeFileSync(join(home, 'package.json'), '{"type":"module"}');
  writeFileSync(join(home, 'cli/main.ts'), "const told: string[] = process.argv.slice(2);\nprocess.stdout.write(JSON.stringify([process.versions.node.split('.')[0], told]));\nprocess.exitCode = 3;\n");
  if (withNode) {
    mkdirSync(join(home, 'node_modules/node/bin'), { recursive: true });
    symlinkSync(process.execPath, join(home, 'node_modules/node/bin/node'));
  }
  return join(home, 'cli/rescind.js');
};

describe('the launcher', () => {
  it('is what package.json names, and runs in this Node', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, '--version'], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, `${manifest.version}\n`, '']);
  });

  it("starts the project's own Node from an older one, and passes arguments and exit code", () => {
    const { status, stdout } = asOldNode(copied('', true), 'leases', 'end', '--reason', 'two words');
    expect([status, stdout]).toEqual([3, JSON.stringify([process.versions.node.split('.')[0], ['leases', 'end', '--reason', 'two words']])]);
  });

  it('says what to do where there is no Node that is new enough', () => {
    const { status, stdout, stderr } = asOldNode(copied('', false), '--help');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^rescind: needs Node 24, and this is 20\.9\.0: "npm ci" in .* brings the right one\n$/);
  });

  it('says what to do below node_modules, where Node runs no TypeScript', () => {
    const { status, stderr } = spawnSync(process.execPath, [copied('node_modules/rescind', true)], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('run this from a clone');
  });

  it.each([['SIGINT', 130], ['SIGTERM', 143]] as const)('ends with its own code and in words after %s', async (signal, code) => {
    let asked: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    api = await openApi(
      () => {
        asked();
        return { hangs: true };
      },
    );
    const child = spawn(process.execPath, [launcher, 'leases', '--url', api.url, '--as', 'tester'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (chunk) => (said += String(chunk)));
    child.stderr.on('data', (chunk) => (said += String(chunk)));
    await arrived;
    child.kill(signal);
    const ended = await new Promise((resolve) => child.on('close', (status, by) => resolve([status, by])));
    expect([ended, said]).toEqual([[code, null], 'rescind: stopped\n']);
  });
});

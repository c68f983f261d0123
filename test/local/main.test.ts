import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderForAll, start } from './process.ts';

const patience = 60_000;
const folder = folderForAll();

test('the help tells the options and the exit codes', async () => {
  const run = start('--help');
  expect(await run.ended).toBe(0);
  for (const part of ['--once', '--json', '--port N', '--data DIR', '--world FILE', '--mode MODE', 'Exit codes', '/world/credentials', 'POST /leases', '/iam/leases']) expect(run.out()).toContain(part);
  expect(run.err()).toBe('');
}, patience);

test('what it does not know, and a world that is wrong, end with 2 and say why', async () => {
  const path = join(folder, 'wrong.json');
  writeFileSync(path, '{"name": "x", "configuration": {}, "aws": {"secrets": [{"name": "a"}]}}');
  const [option, port, mode, world] = [start('--onec'), start('--port', 'eighty'), start('--mode', 'maybe'), start('--world', path)];
  expect(await Promise.all([option, port, mode, world].map(({ ended }) => ended))).toEqual([2, 2, 2, 2]);
  expect(option.err()).toContain("Unknown option '--onec'");
  expect(option.err()).toContain('--help');
  expect(port.err()).toContain('--port is a number from 0');
  expect(mode.err()).toContain('--mode is observe or enforce');
  expect(world.err()).toContain(`${path}: aws.secrets[0].value`);
  const data = start('--data', path);
  expect(await data.ended).toBe(2);
  expect(data.err()).toContain(`--data ${path} is a file, not a folder`);
}, patience);

test('a port that is taken is named, and nothing stays behind', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  const run = start('--once', '--port', String(port));
  expect(await run.ended).toBe(1);
  expect(run.err()).toContain(`port ${port} is taken`);
  server.close();
}, patience);

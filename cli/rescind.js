#!/usr/bin/env node
// Plain JavaScript, since it may be started by a Node that does not run TypeScript: it finds one that does and starts main.ts there.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const needed = 24;
const folder = dirname(fileURLToPath(import.meta.url));
const main = join(folder, 'main.ts');
const own = join(folder, '..', 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const tryHelp = 2;

const refuse = (reason) => {
  process.stderr.write(`rescind: ${reason}\n`);
  process.exitCode = tryHelp;
};

const elsewhere = (node) => {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => refuse(`${node} cannot be started (${error.code ?? error.message}): run "npm ci" in ${dirname(folder)}`));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0) : (code ?? 1)));
};

if (folder.split(sep).includes('node_modules')) refuse('Node runs no TypeScript below node_modules: run this from a clone of the repository');
else if (Number(process.versions.node.split('.')[0]) >= needed) await import('./main.ts');
else if (existsSync(own)) elsewhere(own);
else refuse(`needs Node ${needed}, and this is ${process.versions.node}: "npm ci" in ${dirname(folder)} brings the right one`);

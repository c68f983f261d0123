#!/usr/bin/env node
// Node 24 runs TypeScript as it is; everything else is imported only once that is sure.
import { setFlagsFromString } from 'node:v8';

const needed = 24;

if (Number(process.versions.node.split('.')[0]) < needed) {
  process.stderr.write(`Rescind needs Node ${needed}, and this is ${process.versions.node}: use "npm start", which brings its own\n`);
  process.exitCode = 2;
} else {
  // a service that mostly waits: a small heap matters more than speed, and takes a quarter of the memory away
  setFlagsFromString('--optimize-for-size');
  const { run } = await import('./cli/run.ts');
  process.exitCode = await run(process.argv.slice(2));
  // a connection that somebody keeps open must not keep us
  setTimeout(() => process.exit(), 1_000).unref();
}

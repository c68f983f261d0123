import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { functionNames } from '../local/roles.ts';
import { bundled, clientsIn, emptyHandler, importScript, type Bundle } from './bundle.ts';
import { aligned, median, type Bench, type Figure } from './figure.ts';

const imports = 15;
const quickest = 5;
const limit = 1.3;

const shellOf = (file: string): 'lambda' | 'httpLambda' | 'queueLambda' => /= (lambda|httpLambda|queueLambda)\(/.exec(readFileSync(file, 'utf8'))?.[1] as 'lambda';

/** Milliseconds of importing each bundle in a fresh process, turn by turn; a bundle and its empty handler follow each other, so that a busy moment hits both. */
const importTimes = (script: string, bundles: readonly Bundle[]): Map<string, number[]> => {
  const times = new Map(bundles.map(({ path }): [string, number[]] => [path, []]));
  for (let turn = 0; turn < imports; turn += 1) {
    for (const { path } of bundles) times.get(path)?.push(Number(execFileSync(process.execPath, [script, path], { encoding: 'utf8' })));
  }
  return times;
};

/**
 * Size and import time of each function's bundle, made as the stack makes it, against an empty handler in the same shell
 * with the same clients and libraries; and that of the shell against a handler with nothing at all.
 */
export const bundles: Bench = async (tell) => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-bundles-'));
  try {
    const bare = await bundled(folder, 'bare', { text: 'export const handler = async () => ({});' });
    const shell = await bundled(folder, 'shell', { text: emptyHandler('lambda', new Map()) });
    const pairs: { name: string; whole: Bundle; empty: Bundle }[] = [];
    for (const name of functionNames) {
      const whole = await bundled(folder, name, { path: `functions/${name}.ts` });
      pairs.push({ name, whole, empty: await bundled(folder, `${name}-empty`, { text: emptyHandler(shellOf(`functions/${name}.ts`), clientsIn(whole.ours)) }) });
    }
    const times = importTimes(importScript(folder), [bare, shell, ...pairs.flatMap(({ whole, empty }) => [whole, empty])]);
    const timesOf = ({ path }: Bundle): number[] => times.get(path) ?? [];
    // whatever else the machine does only adds to a time: the quickest say what the bundle itself takes
    const timeOf = (bundle: Bundle): number => median([...timesOf(bundle)].sort((a, b) => a - b).slice(0, quickest));
    const kilobytes = ({ bytes }: Bundle): string => (bytes / 1024).toFixed(0);
    const rows = pairs.map(({ name, whole, empty }) => ({ name, whole, empty, size: whole.bytes / empty.bytes, time: timeOf(whole) / timeOf(empty) }));
    tell(`kilobytes and milliseconds to import (median of the quickest ${quickest} of ${imports} fresh processes), each against its empty handler`);
    for (const line of aligned([
      ['', 'KB', 'empty', '', 'ms', 'empty', ''],
      ...rows.map(({ name, whole, empty, size, time }) => [name, kilobytes(whole), kilobytes(empty), `${size.toFixed(2)}x`, timeOf(whole).toFixed(1), timeOf(empty).toFixed(1), `${time.toFixed(2)}x`]),
      ['the shell against nothing', kilobytes(shell), kilobytes(bare), '', timeOf(shell).toFixed(1), timeOf(bare).toFixed(1), ''],
    ])) tell(line);
    const worst = (by: 'size' | 'time') => rows.reduce((most, row) => (row[by] > most[by] ? row : most));
    const [size, time] = [worst('size'), worst('time')];
    return [
      { bench: 'bundles', what: `size, the worst: ${size.name}`, value: size.size, unit: 'x', limit },
      { bench: 'bundles', what: `import time, the worst: ${time.name}`, value: time.time, unit: 'x', limit },
      { bench: 'bundles', what: 'the shell: size', value: shell.bytes / 1024, unit: 'KB' },
      { bench: 'bundles', what: 'the shell: import, above a bare handler', value: timeOf(shell) - timeOf(bare), unit: 'ms' },
    ] satisfies Figure[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

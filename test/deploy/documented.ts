import { readFileSync } from 'node:fs';
import { must, type CommandOptions } from './command.ts';

const page = new URL('../../docs/detectors.md', import.meta.url);

/** The `run` of a step by its name, out of the block of `docs/detectors.md` that is marked for a detector: shell, as a runner gets it. */
export const stepIn = (detector: string, name: string): string => {
  const block = readFileSync(page, 'utf8').split(`<!-- run by test/deploy: ${detector} -->`)[1]?.split('```')[1];
  const lines = block?.split('\n') ?? [];
  const named = lines.findIndex((line) => line.trim() === `- name: ${name}`);
  const run = lines.findIndex((line, n) => n > named && line.trim() === 'run: |');
  if (named < 0 || run < 0) throw new Error(`docs/detectors.md has no step "${name}" for ${detector}`);
  const indent = lines[run]?.search(/\S/) ?? 0;
  const after = lines.slice(run + 1);
  const end = after.findIndex((line) => line.trim() !== '' && line.search(/\S/) <= indent);
  return after.slice(0, end < 0 ? undefined : end).map((line) => line.slice(indent + 2)).join('\n');
};

/** Runs a step of that page as GitHub's runner does (`bash -e -o pipefail`); throws where it fails, answers what it printed. */
export const runStep = async (detector: string, name: string, options: CommandOptions): Promise<string> =>
  (await must('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', stepIn(detector, name)], options)).stdout;

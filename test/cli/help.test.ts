import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { exitCodes } from '../../cli/failure.ts';
import { programFor } from '../../cli/program.ts';
import { defaultPort } from '../../local/cli/options.ts';
import { textOf } from '../docs/pages.ts';
import { call } from './call.ts';

const { out: help } = await call(['--help']);

describe('rescind --help', () => {
  it('fits beside a book, and is no error', async () => {
    const { code, err } = await call(['--help']);
    expect([code, err]).toEqual([0, '']);
    for (const line of help.split('\n')) expect(line.length, line).toBeLessThanOrEqual(112);
  });

  it.each([`http://127.0.0.1:${defaultPort}`, 'RESCIND_URL', 'RESCIND_CALLER', 'AWS_PROFILE', 'execute-api:Invoke', '--region', 'NO_COLOR', 'ApiUrl', 'rescind leases end'])('tells of %s', (words) => {
    expect(help).toContain(words);
  });

  it('tells every exit code but those of signals', () => {
    for (const code of Object.values(exitCodes).filter((one) => one !== exitCodes.terminated)) expect(help).toMatch(new RegExp(`^ {2}${code} {2,}\\S`, 'm'));
  });

  it('has no example that the command line refuses', async () => {
    const examples = [...help.matchAll(/^ {2}rescind (leases.*?)(?: {3,}.*| \| .*)?$/gm)].map(([, line = '']) => line);
    expect(examples.length).toBeGreaterThan(3);
    for (const example of examples) {
      const words = [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
      const asked: string[] = [];
      await programFor({ out: { write: () => true }, err: { write: () => true } } as never, () => Promise.resolve(void asked.push(example))).parseAsync(words, { from: 'user' });
      expect(asked).toEqual([example]);
    }
  });
});

describe('the command line', () => {
  it('shows its help on standard error where nothing was asked for', async () => {
    const { code, out, err } = await call([]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Usage: rescind');
  });

  it.each([['nonsense'], ['--nonsense'], ['leases', 'show'], ['leases', 'end'], ['leases', 'show', 'l-1', 'l-2'], ['leases', '--limit']])('refuses %j with 2 and nothing on standard output', async (...args) => {
    const { code, out, err } = await call(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: /);
  });

  it('knows its version', async () => {
    expect(await call(['--version'])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
  });

  it('is described in docs/cli.md, with every command, option and exit code', () => {
    const page = textOf('docs/cli.md');
    const program = programFor({} as never, () => Promise.resolve());
    const all = [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)];
    for (const command of all) for (const { long } of command.options) expect(page).toContain(`${long}`);
    for (const command of program.commands.flatMap(({ commands }) => commands)) expect(page).toContain(`rescind leases ${command.name()}`);
    for (const code of Object.values(exitCodes)) expect(page).toContain(`| ${code} |`);
  });
});

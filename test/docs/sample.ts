/** What README.md shows of `npm start`, taken from what it prints: `npx node test/docs/sample.ts` writes it into README.md. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const readme = new URL('../../README.md', import.meta.url);
const main = new URL('../../local/main.ts', import.meta.url);

const continued = ' '.repeat(20);

/** The timeline's lines of one case or lease, from all that was printed. */
const linesOf = (id: string, printed: readonly string[]): string[] => {
  let isOurs = false;
  return printed.filter((line) => {
    const [, of] = /^ +\d+\.\d s {2}(\S+) /.exec(line) ?? [];
    if (of !== undefined) isOurs = of === id;
    else if (!line.startsWith(continued)) isOurs = false;
    return isOurs;
  });
};

const between = (printed: readonly string[], begins: RegExp, ends: RegExp): string[] => {
  const first = printed.findIndex((line) => begins.test(line));
  const length = printed.slice(first).findIndex((line) => ends.test(line));
  if (first < 0 || length < 0) throw new Error(`nothing was printed from ${String(begins)} to ${String(ends)}`);
  return printed.slice(first, first + length);
};

/** A page needs no whole key id; what stands beside it keeps its place. */
const shortened = (line: string): string => line.replace(/(AKIA[A-Z2-7]{2})[A-Z2-7]{14}( {2,})?/g, (_, start: string, gap?: string) => `${start}...${gap === undefined ? '' : `${' '.repeat(11)}${gap}`}`).trimEnd();

/** The three blocks: the first story and the first lease as they go, the tables, the verdict. */
const blocksOf = (output: string): string[][] => {
  const printed = output.split('\n');
  const [title = ''] = printed;
  const [, first = ''] = / s {2}(c-[0-9a-f]{6}) {2}received +github-secret-scanning: aws_secret_access_key/.exec(output) ?? [];
  const [, lease = ''] = / s {2}(l…[0-9a-f]{6}) {2}lent +vault:token\/[0-9a-f]+ to gitlab/.exec(output) ?? [];
  return [[title, '', ...linesOf(first, printed), '', ...linesOf(lease, printed)], between(printed, /^ +credential /, /^What remains/).slice(0, -1), between(printed, /^✔ Every/, /^$/)].map((lines) => lines.map(shortened));
};

/** README.md with its blocks as they were printed by a run of the default world. Throws where it has no place for one. */
export const withSample = (text: string, output: string): string =>
  blocksOf(output).reduce((filled, lines) => {
    const begins = `\n\`\`\`\n${(lines[0] ?? '').slice(0, 12)}`;
    const start = filled.indexOf(begins);
    if (start < 0) throw new Error(`README.md has no block that begins with ${begins.trim()}`);
    const end = filled.indexOf('\n```\n', start + begins.length);
    return `${filled.slice(0, start)}\n\`\`\`\n${lines.join('\n')}${filled.slice(end)}`;
  }, text);

/** A text without what differs from run to run: ids, times, and the room that they take. */
export const withoutIds = (text: string): string =>
  text
    .replace(/AKIA[A-Z2-7.]+/g, 'KEY')
    .replace(/\bc-[0-9a-f]{6}\b/g, 'CASE')
    .replace(/\bl-[0-9a-f]{20}-/g, 'LEASE')
    .replace(/\bl…[0-9a-f]{6}\b/g, 'LEASE')
    .replace(/\b([0-9a-f]{16}|[0-9a-f]{24})\b/g, 'FINGERPRINT')
    .replace(/\d{4}-\d\d-\d\d[T ][\d:]+(Z| UTC)/g, 'TIME')
    .replace(/\b\d+\.\d s\b/g, 'SECONDS')
    .replace(/ +/g, ' ');

if (import.meta.main) {
  const { stdout, status } = spawnSync(process.execPath, [main.pathname, '--once', '--port', '0'], { encoding: 'utf8', env: { ...process.env, FORCE_COLOR: undefined } });
  if (status !== 0) throw new Error('npm start -- --once did not end well: nothing was written');
  writeFileSync(readme, withSample(readFileSync(readme, 'utf8'), stdout));
}

import type { Remaining, Row } from '../stories/table.ts';
import type { Paint, Tone } from './paint.ts';
import { shortId } from './timeline.ts';
import { hang, wrap } from './wrap.ts';

const gap = '  ';
const numberWidth = 3;
const secondsWidth = 9;

interface Widths {
  credential: number;
  leaked: number;
  replaced: number;
  done: number;
}

/** How the columns share the width; what is left over goes to where it leaked, which holds addresses. */
const widthsFor = (width: number): Widths => {
  const [credential, replaced, done] = width < 100 ? [20, 15, 9] : [20, 21, 10];
  const fixed = numberWidth + credential + replaced + done + 2 * secondsWidth + 3 * gap.length;
  return { credential, replaced, done, leaked: width - fixed };
};

const cells = (columns: readonly { text: string[]; width: number; right?: boolean }[]): string[] => {
  const height = Math.max(...columns.map(({ text }) => text.length));
  return Array.from({ length: height }, (_, n) => columns.map(({ text, width, right }) => (right ? (text[n] ?? '').padStart(width) : (text[n] ?? '').padEnd(width))).join('').trimEnd());
};

const seconds = (value: number | undefined): string => (value === undefined ? '–' : `${value.toFixed(1)} s`);

const line = (number: string, credential: string[], leaked: string[], replaced: string[], done: string[], contained: string, dead: string, widths: Widths): string[] =>
  cells([
    { text: [number], width: numberWidth },
    { text: credential, width: widths.credential + gap.length },
    { text: leaked, width: widths.leaked + gap.length },
    { text: replaced, width: widths.replaced + gap.length },
    { text: done, width: widths.done },
    { text: [contained], width: secondsWidth, right: true },
    { text: [dead], width: secondsWidth, right: true },
  ]);

const verdictOf = ({ status, outcome, green }: Row): { text: string; tone: Tone } => {
  const ended = status.replace('-', ' ');
  const text = outcome && outcome !== 'unconfirmed' ? `${ended}, ${outcome}` : outcome ? `${ended}, ${outcome}` : ended;
  if (status === 'contained' && green) return { text: `✔ ${text}`, tone: 'good' };
  if (status === 'not-contained') return { text: `✘ ${text}`, tone: 'bad' };
  return { text: `? ${text}`, tone: status === 'waiting' || status === 'open' ? 'doubt' : 'faint' };
};

/** Credentials' names are long and made of parts: each part begins on a line of its own. */
const credentialLines = (credential: string | undefined, width: number): string[] =>
  (credential ?? 'nothing we know').split(/(?<=[:/])/).reduce<string[]>((lines, part) => {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length <= width) return [...lines.slice(0, -1), last + part];
    return [...lines, ...wrap(part, width)];
  }, []);

const rowLines = (row: Row, number: number, paint: Paint, widths: Widths, width: number): string[] => {
  const indent = ' '.repeat(numberWidth);
  const places = row.leaked.flatMap(({ source, where }) => [...wrap(`${source}:`, widths.leaked), ...wrap(where.replace(/^https:\/\//, ''), widths.leaked)]);
  const copies = [...row.replaced.flatMap((name) => wrap(name, widths.replaced)), ...row.untouched.flatMap((name) => wrap(`(not ${name})`, widths.replaced))];
  const verdict = verdictOf(row);
  const told = hang('', numberWidth + 2, `${verdict.text}: ${row.how}`, width).map((text) => text.trimStart());
  return [
    ...(row.story ? hang(paint('strong', String(number).padEnd(numberWidth)), numberWidth, row.story, width).map((text, n) => (n === 0 ? text : text)) : []),
    ...line(row.story ? '' : String(number), credentialLines(row.credential, widths.credential), [...new Set(places)], copies.length > 0 ? copies : ['none'], row.done.flatMap((one) => wrap(one, widths.done)), seconds(row.seconds.contained), seconds(row.seconds.dead), widths),
    ...told.map((text, n) => `${indent}${n === 0 ? '' : '  '}${paint(verdict.tone, text)}`),
    '',
  ];
};

/** The table: for each case the credential, where it leaked, copies replaced, what was done, seconds, and under them the verdict and how it is known. */
export const tableLines = (rows: readonly Row[], paint: Paint, width: number): string[] => {
  const widths = widthsFor(width);
  const head = line('', ['credential'], ['where it leaked'], ['copies replaced'], ['done'], 'contained', 'dead', widths);
  return [...head.map((text) => paint('faint', text)), paint('faint', '─'.repeat(width)), ...rows.flatMap((row, n) => rowLines(row, n + 1, paint, widths, width))];
};

/** The tasks that remain: with whom, until when, and what. */
export const remainingLines = (remaining: readonly Remaining[], paint: Paint, width: number): string[] =>
  remaining.flatMap((task) => [
    `${paint('doubt', task.kind === 'approve' ? '? decide' : '• do')}  ${task.owner} (${task.contact}) until ${task.deadline.replace('T', ' ').slice(0, 16)} UTC, case ${shortId(task.case)}`,
    ...hang('    ', 4, task.what, width),
  ]);

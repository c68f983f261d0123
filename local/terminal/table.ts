import type { Remaining, Row } from '../stories/table.ts';
import type { Paint, Tone } from './paint.ts';
import { shortId } from './timeline.ts';
import { hang, wrap } from './wrap.ts';

const numberWidth = 4;
/** From here on there is room for credential and leak side by side. */
const roomy = 100;

interface Column {
  head: string;
  width: number;
  right?: boolean;
  text: (row: Row, width: number) => string[];
}

/** Credentials' names are long and made of parts: where one does not fit, it breaks between them. */
const credentialText: Column['text'] = ({ credential }, width) =>
  (credential ?? 'nothing we know').split(/(?<=[:/])/).reduce<string[]>((lines, part) => {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length <= width) return [...lines.slice(0, -1), last + part];
    return [...lines, ...wrap(part, width)];
  }, []);

const leakedText: Column['text'] = ({ leaked }, width) => [
  ...new Set(leaked.flatMap(({ source, where }) => [...wrap(`${source}:`, width), ...wrap(where.replace(/^https:\/\//, ''), width)])),
];

const copiesText: Column['text'] = ({ replaced, left }, width) => {
  const lines = (names: readonly string[]) => names.flatMap((name) => wrap(name, width));
  return [...(replaced.length > 0 ? lines(replaced) : ['none']), ...(left.length > 0 ? ['left as it was:', ...lines(left)] : [])];
};

/** What was done, once each; what was done more often with its count. */
const doneText: Column['text'] = ({ done }, width) =>
  [...new Set(done)].flatMap((what) => {
    const count = done.filter((one) => one === what).length;
    return wrap(count > 1 ? `${what} ×${count}` : what, width);
  });

const secondsText = (value: number | undefined): string[] => [value === undefined ? '–' : `${value.toFixed(1)} s`];

const columnsFor = (width: number): Column[] => {
  const last: Column[] = [
    { head: 'copies replaced', width: width < roomy ? 19 : 23, text: copiesText },
    { head: 'done', width: 12, text: doneText },
    { head: 'contained', width: 10, right: true, text: ({ seconds }) => secondsText(seconds.contained) },
    { head: 'dead', width: 8, right: true, text: ({ seconds }) => secondsText(seconds.dead) },
  ];
  const left = width - numberWidth - last.reduce((sum, column) => sum + column.width, 0);
  if (width < roomy) return [{ head: 'credential, where it leaked', width: left, text: (row, room) => [...credentialText(row, room), ...leakedText(row, room)] }, ...last];
  return [{ head: 'credential', width: 22, text: credentialText }, { head: 'where it leaked', width: left - 22, text: leakedText }, ...last];
};

/** Lays texts side by side, each in its column. */
const beside = (columns: readonly Column[], texts: readonly string[][]): string[] =>
  Array.from({ length: Math.max(...texts.map(({ length }) => length)) }, (_, n) =>
    columns
      .map(({ width, right }, at) => (right ? (texts[at]?.[n] ?? '').padStart(width) : (texts[at]?.[n] ?? '').padEnd(width)))
      .join('')
      .trimEnd(),
  );

const verdictOf = ({ status, outcome, green }: Row): { text: string; tone: Tone } => {
  const ended = status.replace('-', ' ');
  const text = outcome ? `${ended}, ${outcome}` : ended;
  if (status === 'contained' && green) return { text: `✔ ${text}`, tone: 'good' };
  if (status === 'not-contained') return { text: `✘ ${text}`, tone: 'bad' };
  return { text: `? ${text}`, tone: status === 'waiting' || status === 'open' ? 'doubt' : 'faint' };
};

const indent = ' '.repeat(numberWidth);

/** Rows are numbered by credential, since each has one story: what a later report led to is 2b after 2. */
const labelsOf = (rows: readonly Row[]): string[] => {
  const stories = new Map<string, { number: number; rows: number }>();
  return rows.map(({ case: id, credential = id }) => {
    const story = stories.get(credential) ?? { number: stories.size + 1, rows: 0 };
    stories.set(credential, story);
    story.rows += 1;
    return `${story.number}${story.rows === 1 ? '' : (letters[story.rows - 1] ?? '+')}`;
  });
};

const letters = 'abcdefghijklmnopqrstuvwxyz';

const rowLines = (row: Row, number: string, columns: readonly Column[], paint: Paint, width: number): string[] => {
  const label = number.padEnd(numberWidth);
  const facts = beside(columns, columns.map((column) => column.text(row, column.right ? column.width : column.width - 2)));
  const verdict = verdictOf(row);
  return [
    ...(row.story ? hang(paint('strong', label), numberWidth, row.story, width) : []),
    ...facts.map((text, n) => (n === 0 && !row.story ? paint('strong', label) : indent) + text),
    ...wrap(`${verdict.text}: ${row.how}`, width - numberWidth - 2).map((text, n) => `${indent}${n === 0 ? '' : '  '}${paint(verdict.tone, text)}`),
    '',
  ];
};

/** The table: for each case the credential, where it leaked, copies replaced, what was done, seconds, and under them the verdict and how it is known. */
export const tableLines = (rows: readonly Row[], paint: Paint, width: number): string[] => {
  const columns = columnsFor(width);
  const labels = labelsOf(rows);
  const [head = ''] = beside(columns, columns.map((column) => [column.head]));
  return [paint('faint', indent + head), paint('faint', '─'.repeat(width)), ...rows.flatMap((row, n) => rowLines(row, labels[n] ?? '', columns, paint, width))];
};

/** The tasks that remain: with whom, until when, and what. */
export const remainingLines = (remaining: readonly Remaining[], paint: Paint, width: number): string[] =>
  remaining.flatMap((task) => [
    `${paint('doubt', task.kind === 'approve' ? '? decide' : '• do    ')} ${task.owner} (${task.contact}) until ${task.deadline.replace('T', ' ').slice(0, 16)} UTC, ${shortId(task.case)}`,
    ...hang('    ', 4, task.what, width),
  ]);

import type { Remaining, Row } from '../stories/table.ts';
import { beside, cells, indent, inParts, labelsOf, numberWidth, secondsText, type Column } from './columns.ts';
import type { Paint, Tone } from './paint.ts';
import { shortId } from './timeline.ts';
import { hang, wrap } from './wrap.ts';

/** From here on there is room for credential and leak side by side. */
const roomy = 100;

type CaseColumn = Column<Row>;

const credentialText: CaseColumn['text'] = ({ credential }, width) => inParts(credential ?? 'nothing we know', width);

const leakedText: CaseColumn['text'] = ({ leaked }, width) => [
  ...new Set(leaked.flatMap(({ source, where }) => [...wrap(`${source}:`, width), ...wrap(where.replace(/^https:\/\//, ''), width)])),
];

const copiesText: CaseColumn['text'] = ({ replaced, left }, width) => {
  const lines = (names: readonly string[]) => names.flatMap((name) => wrap(name, width));
  return [...(replaced.length > 0 ? lines(replaced) : ['none']), ...(left.length > 0 ? ['left as it was:', ...lines(left)] : [])];
};

/** What was done, once each; what was done more often with its count. */
const doneText: CaseColumn['text'] = ({ done }, width) =>
  [...new Set(done)].flatMap((what) => {
    const count = done.filter((one) => one === what).length;
    return wrap(count > 1 ? `${what} ×${count}` : what, width);
  });

const columnsFor = (width: number): CaseColumn[] => {
  const last: CaseColumn[] = [
    { head: 'copies replaced', width: width < roomy ? 19 : 23, text: copiesText },
    { head: 'done', width: 12, text: doneText },
    { head: 'contained', width: 10, right: true, text: ({ seconds }) => secondsText(seconds.contained) },
    { head: 'dead', width: 8, right: true, text: ({ seconds }) => secondsText(seconds.dead) },
  ];
  const left = width - numberWidth - last.reduce((sum, column) => sum + column.width, 0);
  if (width < roomy) return [{ head: 'credential, where it leaked', width: left, text: (row, room) => [...credentialText(row, room), ...leakedText(row, room)] }, ...last];
  return [{ head: 'credential', width: 22, text: credentialText }, { head: 'where it leaked', width: left - 22, text: leakedText }, ...last];
};

const verdictOf = ({ status, outcome, green }: Row): { text: string; tone: Tone } => {
  const ended = status.replace('-', ' ');
  const text = outcome ? `${ended}, ${outcome}` : ended;
  if (status === 'contained' && green) return { text: `✔ ${text}`, tone: 'good' };
  if (status === 'not-contained') return { text: `✘ ${text}`, tone: 'bad' };
  return { text: `? ${text}`, tone: status === 'waiting' || status === 'open' ? 'doubt' : 'faint' };
};

/** The credential is what a row is about; a report of something unknown is about itself. */
const subjectOf = ({ case: id, credential = id }: Row): string => credential;

/** How many stories the rows tell. */
export const storiesIn = (rows: readonly Row[]): number => new Set(rows.map(subjectOf)).size;

const rowLines = (row: Row, number: string, columns: readonly CaseColumn[], paint: Paint, width: number): string[] => {
  const label = number.padEnd(numberWidth);
  const facts = cells(row, columns);
  const verdict = verdictOf(row);
  return [
    ...(row.story ? hang(paint('strong', label), numberWidth, row.story, width) : []),
    ...facts.map((text, n) => (n === 0 && !row.story ? paint('strong', label) : indent) + text),
    ...wrap(row.how === '' ? verdict.text : `${verdict.text}: ${row.how}`, width - numberWidth - 2).map((text, n) => `${indent}${n === 0 ? '' : '  '}${paint(verdict.tone, text)}`),
    '',
  ];
};

/** The table: for each case the credential, where it leaked, copies replaced, what was done, seconds, and under them the verdict and how it is known. */
export const tableLines = (rows: readonly Row[], paint: Paint, width: number): string[] => {
  const columns = columnsFor(width);
  const labels = labelsOf(rows.map(subjectOf));
  const [head = ''] = beside(columns, columns.map((column) => [column.head]));
  return [paint('faint', indent + head), paint('faint', '─'.repeat(width)), ...rows.flatMap((row, n) => rowLines(row, labels[n] ?? '', columns, paint, width))];
};

/** The tasks that remain: with whom, until when, and what. */
export const remainingLines = (remaining: readonly Remaining[], paint: Paint, width: number): string[] =>
  remaining.flatMap((task) => [
    `${paint('doubt', task.kind === 'approve' ? '? decide' : '• do    ')} ${task.owner} (${task.contact}) until ${task.deadline.replace('T', ' ').slice(0, 16)} UTC, ${shortId(task.case)}`,
    ...hang('    ', 4, task.what, width),
  ]);

import type { LeaseRow } from '../stories/lease-rows.ts';
import { beside, cells, indent, inParts, labelsOf, numberWidth, secondsText, type Column } from './columns.ts';
import type { Paint, Tone } from './paint.ts';
import { hang, wrap } from './wrap.ts';

/** From here on there is room for credential and run side by side. */
const roomy = 108;

const columnsFor = (width: number): Column<LeaseRow>[] => {
  const id: Column<LeaseRow> = { head: 'lease', width: 25, text: ({ lease }, room) => wrap(lease, room) };
  const dead: Column<LeaseRow> = { head: 'end to dead', width: 12, right: true, text: ({ seconds }) => secondsText(seconds) };
  const left = width - numberWidth - id.width - dead.width;
  const ended = (room: number): Column<LeaseRow> => ({ head: 'how it ended', width: room, text: (row, space) => wrap(row.ended, space) });
  if (width >= roomy) {
    return [
      id,
      { head: 'credential', width: 26, text: ({ credential }, room) => inParts(credential, room) },
      { head: 'lent to', width: 20, text: ({ run }, room) => wrap(run, room) },
      ended(left - 46),
      dead,
    ];
  }
  const both = Math.floor(left * 0.55);
  return [id, { head: 'what, lent to', width: both, text: ({ credential, run }, room) => [...inParts(credential, room), ...wrap(run, room)] }, ended(left - both), dead];
};

const bases = { value: 'released, the old value was used and refused', record: "released, its issuer's record says dead" } as const;

const verdictOf = ({ status, basis, green }: LeaseRow): { text: string; tone: Tone } => {
  if (green) return { text: `✔ ${basis ? bases[basis] : 'released'}`, tone: 'good' };
  switch (status) {
    case 'pending-revocation':
      return { text: '✘ pending revocation', tone: 'bad' };
    case 'active':
      return { text: '? lent', tone: 'doubt' };
    case 'handed-on':
      return { text: '? handed on', tone: 'faint' };
    case 'shared':
      return { text: '? shared, not cut', tone: 'doubt' };
    default:
      return { text: `? ${status}`, tone: 'faint' };
  }
};

/** What its world tells of what the credential had made: not Rescind's word, but the truth list's. */
const madeText = ({ made, green }: LeaseRow): { text: string; tone: Tone } | undefined => {
  if (!green || made.length === 0) return undefined;
  const alive = made.filter((one) => one.alive).map(({ id }) => id);
  if (alive.length > 0) return { text: `✘ it had made ${alive.join(', ')}, which opens its door (GET /world/credentials)`, tone: 'bad' };
  return { text: `with it died what it had made (GET /world/credentials): ${made.map(({ id }) => id).join(', ')}`, tone: 'faint' };
};

const rowLines = (row: LeaseRow, number: string, columns: readonly Column<LeaseRow>[], paint: Paint, width: number): string[] => {
  const label = number.padEnd(numberWidth);
  const verdict = verdictOf(row);
  const made = madeText(row);
  const under = (text: string, tone: Tone): string[] => wrap(text, width - numberWidth - 2).map((line, n) => `${indent}${n === 0 ? '' : '  '}${paint(tone, line)}`);
  return [
    ...(row.story ? hang(paint('strong', label), numberWidth, row.story, width) : []),
    ...cells(row, columns).map((text, n) => (n === 0 && !row.story ? paint('strong', label) : indent) + text),
    ...under(row.how === '' ? verdict.text : `${verdict.text}: ${row.how}`, verdict.tone),
    ...(made ? under(`  ${made.text}`, made.tone) : []),
    '',
  ];
};

/**
 * The leases, under the cases: for each what was lent to which run, how it ended, seconds from there until it was seen dead,
 * and under them the verdict and how it is known. `after` says how many stories have been numbered before.
 */
export const leaseTableLines = (rows: readonly LeaseRow[], paint: Paint, width: number, after = 0): string[] => {
  const columns = columnsFor(width);
  const labels = labelsOf(rows.map(({ credential }) => credential), after);
  const [head = ''] = beside(columns, columns.map((column) => [column.head]));
  return [paint('faint', indent + head), paint('faint', '─'.repeat(width)), ...rows.flatMap((row, n) => rowLines(row, labels[n] ?? '', columns, paint, width))];
};

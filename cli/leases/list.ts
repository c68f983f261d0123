import type { Conversation } from '../conversation.ts';
import { Failure, exitCodes } from '../failure.ts';
import { jsonText, shown } from '../screen.ts';
import { tableLines, type Cell, type Column } from '../table.ts';
import { fromNow, lengthInWords, secondsSince } from '../times.ts';
import { isOver, pageIn, runText, toneOf, type LeasePage, type LeaseRow } from './answers.ts';

/** Which leases are listed. */
export interface Wanted {
  status?: string;
  /** How many a page holds. */
  limit?: number;
  cursor?: string;
  /** Every page, and not only one. */
  all?: boolean;
}

const largestPage = 200;

const columns: Column[] = [{ head: 'ID' }, { head: 'STATUS' }, { head: 'CREDENTIAL', mayBeCut: true }, { head: 'RUN', mayBeCut: true }, { head: 'AGE' }, { head: 'EXPIRES' }];

const ageOf = (row: LeaseRow, now: number): string => {
  const age = lengthInWords(secondsSince(row.registeredAt, now) ?? 0);
  return typeof row.pendingSeconds === 'number' ? `${age}, pending ${lengthInWords(row.pendingSeconds)}` : age;
};

const cellsOf = (row: LeaseRow, now: number): Cell[] => [
  { text: shown(row.id) },
  { text: shown(row.status), tone: toneOf(row.status) },
  { text: shown(row.credential) },
  { text: runText(row) },
  { text: ageOf(row, now) },
  { text: isOver(row) ? `ended ${fromNow(row.endedAt, now)}`.trim() : fromNow(row.expiresAt, now) },
];

/** `rescind leases list`: a page, or all, newest first. */
export const listLeases = async (wanted: Wanted, { ask, base, json, around, out, err }: Conversation): Promise<number> => {
  const page = async (cursor: string | undefined): Promise<LeasePage & { answer: Record<string, unknown> }> => {
    const limit = wanted.limit ?? (wanted.all ? largestPage : undefined);
    const answer = await ask({ method: 'GET', path: '/leases', query: { ...(wanted.status ? { status: wanted.status } : {}), ...(limit ? { limit: String(limit) } : {}), ...(cursor ? { cursor } : {}) } });
    return { ...pageIn(answer, base), answer };
  };
  const first = await page(wanted.cursor);
  const rows = [...first.leases];
  let { cursor } = first;
  for (const seen = new Set<string>(); wanted.all && cursor; ) {
    if (seen.has(cursor)) throw new Failure(`${base} gives the same page again and again: its list has no end`);
    seen.add(cursor);
    const next = await page(cursor);
    rows.push(...next.leases);
    cursor = next.cursor;
  }
  if (json) around.out.write(jsonText(wanted.all ? { leases: rows } : first.answer));
  else if (rows.length === 0) err.print(wanted.status ? `no lease is ${wanted.status}` : 'no lease was ever registered');
  else out.print(...tableLines(columns, rows.map((row) => cellsOf(row, around.now())), out));
  if (cursor && !json) err.print(err.paint('faint', `${rows.length} shown, there may be more: --all, or --cursor ${shown(cursor)}`));
  return exitCodes.done;
};

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
/** Pages without a lease that are followed by themselves: where few leases stand as asked, one page looks at some thousands and may find none. */
const mostEmptyPages = 20;

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

/** What is said where no lease is shown; with a cursor there is more to look at. */
const nothing = ({ status, cursor: from }: Wanted, cursor: string | undefined): string => {
  if (cursor) return `no lease${status ? ` is ${status}` : ''} among those that were looked at, and there are more: --all looks at every one, --cursor ${shown(cursor)} goes on`;
  if (from) return status ? `no more leases are ${status}` : 'no more leases';
  return status ? `no lease is ${status}` : 'no lease was ever registered';
};

/**
 * `rescind leases list`: a page, or all, newest first. A page without a lease is no end while it has a cursor: so many of
 * them are followed, and then it is said how to go on.
 */
export const listLeases = async (wanted: Wanted, { ask, base, json, around, out, err }: Conversation): Promise<number> => {
  const limit = wanted.limit ?? (wanted.all ? largestPage : undefined);
  const page = async (cursor: string | undefined): Promise<LeasePage & { answer: Record<string, unknown> }> => {
    const answer = await ask({ method: 'GET', path: '/leases', query: { ...(wanted.status ? { status: wanted.status } : {}), ...(limit ? { limit: String(limit) } : {}), ...(cursor ? { cursor } : {}) } });
    return { ...pageIn(answer, base), answer };
  };
  const first = await page(wanted.cursor);
  const rows = [...first.leases];
  let { cursor, answer } = first;
  for (const seen = new Set<string>(); cursor && (wanted.all || (rows.length === 0 && seen.size < mostEmptyPages)); ) {
    if (seen.has(cursor)) throw new Failure(`${base} gives the same page again and again: its list has no end`);
    seen.add(cursor);
    const next = await page(cursor);
    rows.push(...next.leases);
    ({ cursor, answer } = next);
  }
  if (json) around.out.write(jsonText(wanted.all ? { leases: rows } : answer));
  else if (rows.length === 0) err.print(nothing(wanted, cursor));
  else out.print(...tableLines(columns, rows.map((row) => cellsOf(row, around.now())), out));
  if (cursor && rows.length > 0 && !json) err.print(err.paint('faint', `${rows.length} shown, there may be more: --all, or --cursor ${shown(cursor)}`));
  return exitCodes.done;
};

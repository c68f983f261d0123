import type { Clock } from '../clock.ts';
import type { Service } from '../service.ts';
import { deliverReports } from '../stories/deliver.ts';
import { mismatchesOf } from '../stories/judge.ts';
import { leaseRowsOf } from '../stories/lease-rows.ts';
import { casesInFull, leasesInFull, truthOf } from '../stories/look.ts';
import type { Sent, SentBook } from '../stories/sent.ts';
import { settled } from '../stories/settle.ts';
import { remainingOf, rowsOf } from '../stories/table.ts';
import { leaseTableLines } from '../terminal/lease-table.ts';
import { remainingLines, storiesIn, tableLines } from '../terminal/table.ts';
import { tryLines } from '../terminal/try-it.ts';
import { hang } from '../terminal/wrap.ts';
import type { World } from '../world/world.ts';
import type { Screen } from './screen.ts';

export interface Telling {
  service: Pick<Service, 'url' | 'world' | 'platform' | 'providers'>;
  /** As it stands in its file. */
  world: World;
  /** The mode that was asked for, where one was. */
  mode?: 'observe' | 'enforce';
  clock: Clock;
  book: SentBook;
  screen: Screen;
  /** Ends the telling without a verdict. */
  signal: AbortSignal;
  /** Ends the waiting: the table then shows how far things have come. */
  deadline?: AbortSignal;
  /** How many messages are still in a queue or in somebody's hands. */
  messages: () => number;
  /** Gets the tables, the cases and the leases as JSON. */
  json?: { write(text: string): unknown };
  folder: string;
  staysUp: boolean;
}

/** Delivers the reports of a world, waits until every case and every lease that ends soon has ended, and shows the tables. Resolves with what is not as it should be. */
export const tellStories = async (telling: Telling): Promise<string[]> => {
  const { service, world, clock, book, screen, signal, deadline } = telling;
  const { url, platform, providers } = service;
  const waiting = deadline ? AbortSignal.any([signal, deadline]) : signal;
  try {
    await deliverReports({ url, world: service.world, clock, book, signal: waiting, issue: providers.oidc?.token, onSent: screen.sent });
    await settled({ url, clock, signal: waiting, messages: telling.messages });
  } catch (error) {
    if (signal.aborted || !deadline?.aborted) throw error;
  }
  const [cases, leases, truth] = [await casesInFull(url, signal), await leasesInFull(url, signal), await truthOf(url, signal)];
  const sent = (world.reports ?? []).map(({ name }) => book.of(name)).filter((one): one is Sent => one !== undefined);
  const observing = telling.mode === 'observe' && world.configuration.mode === 'enforce';
  const mismatches = mismatchesOf({ world: service.world, observing, sent, cases, leases, truth, deadLetters: platform.deadLetters().length });
  const rows = rowsOf(cases, service.world, sent);
  const leaseRows = leaseRowsOf(leases, service.world, sent, truth);
  const remaining = remainingOf(cases);
  const { paint, width, print } = screen;
  print('', ...(rows.length > 0 ? tableLines(rows, paint, width) : leaseRows.length > 0 ? [] : ['Nothing was reported.', '']));
  if (leaseRows.length > 0) print(...leaseTableLines(leaseRows, paint, width, storiesIn(rows)));
  if (remaining.length > 0) print(paint('strong', 'What remains, and with whom'), ...remainingLines(remaining, paint, width), '');
  const alive = truth.filter((one) => one.alive).length;
  const fine = `✔ ${everyOne(rows.length, leaseRows.length)} ${world.expect ? 'ended as its world expects' : 'has ended'}, and nothing that is reported dead opens its door (GET /world/credentials: ${alive} of ${truth.length} open theirs).`;
  const tone = mismatches.length > 0 ? 'bad' : 'good';
  const judged = mismatches.length > 0 ? mismatches.map((mismatch) => `✘ ${mismatch}`) : [fine];
  print(...judged.flatMap((sentence) => hang('', 2, sentence, width)).map((text) => paint(tone, text)), '');
  telling.json?.write(`${JSON.stringify({ world: world.name, mode: service.world.configuration.mode, url, ok: mismatches.length === 0, mismatches, table: rows, leaseTable: leaseRows, remaining, cases, leases, credentials: truth }, null, 2)}\n`);
  if (telling.staysUp) print(...tryLines({ url, cases, leases, remaining, samples: world.samples ?? [], folder: telling.folder }, paint), '');
  return mismatches;
};

const everyOne = (cases: number, leases: number): string => (leases === 0 ? 'Every case' : cases === 0 ? 'Every lease' : 'Every case and every lease');

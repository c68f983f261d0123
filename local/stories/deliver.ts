import type { Clock } from '../clock.ts';
import { sendingOf, type IssueToken } from '../world/sender.ts';
import type { World, WorldReport } from '../world/world.ts';
import { casesOfDelivery, isSettled, openLeases } from './look.ts';
import { isOfRun, runsOf } from './runs.ts';
import { isAccepted, type Sent, type SentBook } from './sent.ts';

export interface Delivering {
  url: string;
  /** The filled world. */
  world: World;
  clock: Clock;
  book: SentBook;
  signal: AbortSignal;
  /** Has the world's OIDC issuers make tokens; absent where it has none. */
  issue?: IssueToken;
  onSent?: (sent: Sent) => void;
}

const lookMilliseconds = 200;
const tries = 5;

/** A lease's id, wherever an answer names one: a run that is over is told under which lease its credential is taken back. */
const leaseIn = ({ lease, error }: Answered): string | undefined => lease ?? /\bl-[0-9a-f]{20}-[0-9a-f]{16}\b/.exec(error ?? '')?.[0];

interface Answered {
  delivery?: string;
  lease?: string;
  error?: string;
}

/** Sends one report over real HTTP, signed as its sender signs. A 5xx and no answer are tried again, as senders do. */
const send = async ({ url, world, clock, signal, issue }: Delivering, report: WorldReport): Promise<Sent> => {
  for (let attempt = 1; ; attempt += 1) {
    const sending = await sendingOf(world, report, clock.now(), issue);
    const { path, headers, body } = sending;
    const base = { name: report.name, source: report.source, path };
    try {
      const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body, signal });
      const said = (await answer.json().catch(() => ({}))) as Answered;
      if (answer.status < 500 || attempt === tries) return { ...base, ...toldBy(report, sending), status: answer.status, delivery: said.delivery, lease: leaseIn(said), error: said.error };
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === tries) return { ...base, status: 0, error: `no answer (${error instanceof Error ? error.name : 'unknown'})` };
    }
    await clock.sleep(1000 * attempt, signal);
  }
};

/** The runs that a report tells of, as far as it tells of any. */
const toldBy = ({ source }: WorldReport, sending: Parameters<typeof runsOf>[1]): Pick<Sent, 'began' | 'ended'> => {
  const { began, ended } = runsOf(source, sending);
  return { ...(began.length > 0 ? { began } : {}), ...(ended.length > 0 ? { ended } : {}) };
};

/** Whether all has happened that whoever waits for a report waits for: see `when` of a report. */
const isThrough = async (sent: Sent, { url, signal }: Delivering): Promise<boolean> => {
  const { delivery, lease, began, ended } = sent;
  if (!isAccepted(sent) || lease !== undefined || began !== undefined) return true;
  if (ended !== undefined) return !(await openLeases(url, signal)).some((one) => one.case === undefined && ended.some((run) => isOfRun(run, one.run)));
  const cases = delivery === undefined ? [] : await casesOfDelivery(url, delivery, signal);
  return cases.length > 0 && cases.every(isSettled);
};

/** Resolves when a report was sent and is through. */
const through = async (options: Delivering, name: string): Promise<void> => {
  for (;;) {
    const sent = options.book.of(name);
    if (sent && (await isThrough(sent, options))) return;
    await options.clock.sleep(lookMilliseconds, options.signal);
  }
};

/** Sends the reports of a world, each at its time; those that an earlier life sent are left out. Rejects only when the signal is aborted. */
export const deliverReports = async (options: Delivering): Promise<void> => {
  const { world, clock, book, signal, onSent } = options;
  await Promise.all(
    (world.reports ?? []).map(async (report) => {
      const before = book.of(report.name);
      if (before && isAccepted(before)) return;
      if (report.when !== undefined) await through(options, report.when);
      await clock.sleep(report.after * 1000, signal);
      const sent = await send(options, report);
      book.add(sent);
      onSent?.(sent);
    }),
  );
};

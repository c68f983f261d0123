import type { Clock } from '../clock.ts';
import { sendingOf } from '../world/sender.ts';
import type { World, WorldReport } from '../world/world.ts';
import { casesOfDelivery, isSettled } from './look.ts';
import type { Sent, SentBook } from './sent.ts';

export interface Delivering {
  url: string;
  /** The filled world. */
  world: World;
  clock: Clock;
  book: SentBook;
  signal: AbortSignal;
  onSent?: (sent: Sent) => void;
}

const lookMilliseconds = 200;
const tries = 5;

/** Sends one report over real HTTP, signed as its sender signs. A 5xx and no answer are tried again, as senders do. */
const send = async ({ url, world, clock, signal }: Delivering, report: WorldReport): Promise<Sent> => {
  for (let attempt = 1; ; attempt += 1) {
    const { path, headers, body } = sendingOf(world, report, clock.now());
    const base = { name: report.name, source: report.source };
    try {
      const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body, signal });
      const said = (await answer.json().catch(() => ({}))) as { delivery?: string; error?: string };
      if (answer.status < 500 || attempt === tries) return { ...base, status: answer.status, delivery: said.delivery, error: said.error };
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === tries) return { ...base, status: 0, error: `no answer (${error instanceof Error ? error.name : 'unknown'})` };
    }
    await clock.sleep(1000 * attempt, signal);
  }
};

/** Resolves when every case of an earlier report has ended or waits for a person. */
const ended = async ({ url, clock, book, signal }: Delivering, name: string): Promise<void> => {
  for (;;) {
    const sent = book.of(name);
    if (sent && sent.delivery === undefined) return;
    const cases = sent?.delivery === undefined ? [] : await casesOfDelivery(url, sent.delivery, signal);
    if (cases.length > 0 && cases.every(isSettled)) return;
    await clock.sleep(lookMilliseconds, signal);
  }
};

/** Sends the reports of a world, each at its time; those that an earlier life sent are left out. Rejects only when the signal is aborted. */
export const deliverReports = async (options: Delivering): Promise<void> => {
  const { world, clock, book, signal, onSent } = options;
  await Promise.all(
    (world.reports ?? []).map(async (report) => {
      if (book.of(report.name)?.delivery !== undefined) return;
      if (report.when !== undefined) await ended(options, report.when);
      await clock.sleep(report.after * 1000, signal);
      const sent = await send(options, report);
      book.add(sent);
      onSent?.(sent);
    }),
  );
};

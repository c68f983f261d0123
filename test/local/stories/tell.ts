import type { CaseView } from '../../../functions/core/case-view.ts';
import type { LeaseView } from '../../../functions/core/lease-view.ts';
import { synthesizedPlaybooks } from '../../../infra/playbooks/print.ts';
import { clockOf } from '../../../local/clock.ts';
import { startService, type Service } from '../../../local/service.ts';
import { queueNames } from '../../../local/platform.ts';
import { deliverReports } from '../../../local/stories/deliver.ts';
import { mismatchesOf } from '../../../local/stories/judge.ts';
import { casesInFull, leasesInFull, truthOf, type Truth } from '../../../local/stories/look.ts';
import { sentInMemory, type Sent } from '../../../local/stories/sent.ts';
import { settled } from '../../../local/stories/settle.ts';
import { messagesUnderWay } from '../../../local/stories/messages.ts';
import type { World } from '../../../local/world/world.ts';

/** Milliseconds that a test of this kind may take. */
export const patience = 40_000;
const speed = 8;

/** A world whose stories were told, and what became of them. */
export interface Told {
  service: Service;
  cases: CaseView[];
  leases: LeaseView[];
  truth: Truth[];
  sent: Sent[];
  mismatches: string[];
  caseOf: (report: string) => CaseView;
  leaseOf: (report: string) => LeaseView;
  isAlive: (id: string | undefined) => boolean | undefined;
}

let definitions: Record<string, object>;
const services: Service[] = [];

/** Synthesizes the playbooks; to be awaited before the first telling. */
export const prepare = async (): Promise<void> => {
  definitions = await synthesizedPlaybooks();
};

/** Closes every world that was told. */
export const end = async (): Promise<void> => {
  await Promise.all(services.splice(0).map((service) => service.close()));
};

/** Tells a world's stories on a fast clock and looks at what became of them. */
export const tell = async (world: World, mode?: 'observe' | 'enforce'): Promise<Told> => {
  const clock = clockOf(speed);
  const service = await startService({ world, definitions, clock, mode });
  services.push(service);
  const { url } = service;
  const book = sentInMemory();
  const signal = AbortSignal.timeout(patience - 5_000);
  await deliverReports({ url, world: service.world, clock, book, signal, issue: service.providers.oidc?.token });
  await settled({ url, clock, signal, messages: () => messagesUnderWay(Object.values(queueNames).map((name) => service.platform.sqs.queues.queue(name)), clock.now()) });
  const [cases, leases, truth] = [await casesInFull(url), await leasesInFull(url), await truthOf(url)];
  const sent = (world.reports ?? []).flatMap(({ name }) => [book.of(name)].filter((one) => one !== undefined));
  const mismatches = mismatchesOf({ world: service.world, observing: mode === 'observe', sent, cases, leases, truth, deadLetters: service.platform.deadLetters().length });
  return {
    service,
    cases,
    leases,
    truth,
    sent,
    mismatches,
    caseOf: (report) => {
      const delivery = sent.find(({ name }) => name === report)?.delivery;
      const found = cases.find(({ trigger }) => trigger.reports.some((one) => one.delivery === delivery));
      if (!found) throw new Error(`no case of "${report}"`);
      return found;
    },
    leaseOf: (report) => {
      const id = sent.find(({ name }) => name === report)?.lease;
      const found = leases.find((one) => one.id === id);
      if (!found) throw new Error(`no lease of "${report}"`);
      return found;
    },
    isAlive: (id) => truth.find((one) => one.id === id)?.alive,
  };
};

/** The same world with these reports alone. */
export const only = (world: World, ...reports: string[]): World => ({
  ...world,
  reports: (world.reports ?? []).filter(({ name }) => reports.includes(name)),
  expect: (world.expect ?? []).filter((expected) => reports.includes(expected.report)),
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CaseView } from '../../../functions/core/case-view.ts';
import { synthesizedPlaybooks } from '../../../infra/playbooks/print.ts';
import { defaultWorld } from '../../../local/cli/options.ts';
import { clockOf } from '../../../local/clock.ts';
import { startService, type Service } from '../../../local/service.ts';
import { queueNames } from '../../../local/platform.ts';
import { deliverReports } from '../../../local/stories/deliver.ts';
import { mismatchesOf } from '../../../local/stories/judge.ts';
import { casesInFull, truthOf, type Truth } from '../../../local/stories/look.ts';
import { sentInMemory, type Sent } from '../../../local/stories/sent.ts';
import { settled } from '../../../local/stories/settle.ts';
import { loadWorld } from '../../../local/world/load.ts';
import type { World } from '../../../local/world/world.ts';

const patience = 40_000;
const speed = 8;

interface Told {
  service: Service;
  cases: CaseView[];
  truth: Truth[];
  sent: Sent[];
  mismatches: string[];
  caseOf: (report: string) => CaseView;
  isAlive: (id: string | undefined) => boolean | undefined;
}

let definitions: Record<string, object>;
const services: Service[] = [];
beforeAll(async () => {
  definitions = await synthesizedPlaybooks();
}, patience);
afterAll(async () => {
  await Promise.all(services.map((service) => service.close()));
}, patience);

/** Tells a world's stories on a fast clock and looks at what became of them. */
const tell = async (world: World, mode?: 'observe' | 'enforce'): Promise<Told> => {
  const clock = clockOf(speed);
  const service = await startService({ world, definitions, clock, mode });
  services.push(service);
  const { url } = service;
  const book = sentInMemory();
  const signal = AbortSignal.timeout(patience - 5_000);
  await deliverReports({ url, world: service.world, clock, book, signal });
  await settled({ url, clock, signal, messages: () => Object.values(queueNames).reduce((sum, name) => sum + service.platform.sqs.queues.queue(name).messages.size, 0) });
  const [cases, truth] = [await casesInFull(url), await truthOf(url)];
  const sent = (world.reports ?? []).flatMap(({ name }) => [book.of(name)].filter((one) => one !== undefined));
  const mismatches = mismatchesOf({ world: service.world, observing: mode === 'observe', sent, cases, truth, deadLetters: service.platform.deadLetters().length });
  return {
    service,
    cases,
    truth,
    sent,
    mismatches,
    caseOf: (report) => {
      const delivery = sent.find(({ name }) => name === report)?.delivery;
      const found = cases.find(({ trigger }) => trigger.reports.some((one) => one.delivery === delivery));
      if (!found) throw new Error(`no case of "${report}"`);
      return found;
    },
    isAlive: (id) => truth.find((one) => one.id === id)?.alive,
  };
};

const only = (world: World, report: string): World => ({
  ...world,
  reports: (world.reports ?? []).filter(({ name }) => name === report),
  expect: (world.expect ?? []).filter((expected) => expected.report === report),
});

test('a provider that lies about deactivating a key is seen through: the case is red and the world\'s expectation is not met', async () => {
  const world = only(loadWorld(defaultWorld), 'key pair on GitHub');
  const told = await tell({ ...world, behaviours: [{ service: 'iam', operation: 'UpdateAccessKey', effect: 'lie' }] });
  const found = told.caseOf('key pair on GitHub');
  expect(found.status).toBe('not-contained');
  expect(found.outcomes[0]?.outcome).toBe('unconfirmed');
  expect(told.isAlive(found.credential)).toBe(true);
  expect(told.mismatches[0]).toContain('should end contained, and is not-contained');
}, patience);

test('in mode observe the same reports are planned and recorded, and every credential is as it was', async () => {
  const told = await tell(loadWorld(defaultWorld), 'observe');
  expect(told.mismatches).toEqual([]);
  expect(told.cases.map(({ status }) => status)).toEqual(told.cases.map(() => 'observed'));
  expect(told.truth.filter(({ alive }) => !alive)).toEqual([]);
}, patience);

test('a report of a person who signs wrongly is named, and opens nothing', async () => {
  const world = only(loadWorld(defaultWorld), 'vendor key in a build');
  const told = await tell({ ...world, reports: world.reports?.map((report) => ({ ...report, headers: { 'webhook-signature': `v1,${'A'.repeat(43)}=` } })) });
  expect(told.cases).toEqual([]);
  expect(told.mismatches[0]).toBe('the report "vendor key in a build" was not accepted: 401, no signature matches the body');
}, patience);

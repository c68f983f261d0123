import { createHmac } from 'node:crypto';
import type { HttpAnswer, HttpRequest } from '../functions/aws/http.ts';
import { batch } from './batch-size.ts';
import { aligned, type Bench, type Figure } from './figure.ts';
import { leaseFunctions, type LeaseFunctions } from './lease-functions.ts';
import { accessorAt, batchEnded, batchJob, broker, claimsOfRun, leaseHouseOf, runEnded, type LeaseHouse } from './lease-house.ts';
import { leaseMeter, perJob, type Measured, type Meter } from './lease-measure.ts';
import type { Order, OutsideReply, VaultReply } from './lease-outside.ts';
import { perMillion, plus, priceRows, sumOf, type Usage } from './list-prices.ts';
import { ordered } from './own-process.ts';
import { record } from './recorder.ts';
import { queueRequests } from './usage.ts';

const limit = 15;
/** The first rounds warm the process up and are not counted: at millions a month what is kept for five minutes is there. */
const rounds = { warm: 3, counted: 4 };
const minute = 60_000;

/** How long calls take in AWS, so that Lambda is paid for the time it would wait: the vault and other services 20 ms, our tables 5. */
const delays = [
  { service: 'dynamodb', seconds: 0.005 },
  ...['secretsmanager', 'sqs', 'scheduler', 'oidc'].map((service) => ({ service, seconds: 0.02 })),
].map((one) => ({ ...one, effect: 'delay' as const }));

/** What is measured, per job with one lease. */
interface Steps {
  registeredByRole: Measured;
  registeredByToken: Measured;
  endedByEvent: Measured;
  /** Receiving the webhook; the end itself is the next. */
  webhook: Measured;
  endedByMessage: Measured;
  endedByTimer: Measured;
  /** A delivery of GitHub's that tells no end: it sends two of them for each that does. */
  otherWebhook: Measured;
}

const jobs = Array.from({ length: batch }, (_, n) => n);
/** Numbers of jobs, and of the tokens that they are lent: those of a round, those of a kind in it. */
const numberOf = (round: number, kind: 0 | 1 | 2, n: number): number => (round * 3 + kind) * batch + n + 1;

const posted = (path: string, body: object, more: Partial<HttpRequest>): HttpRequest => ({ method: 'POST', path, headers: { 'content-type': 'application/json' }, query: {}, body: Buffer.from(JSON.stringify(body)), address: '203.0.113.7', ...more });

const lent = (answer: HttpAnswer): void => {
  if (answer.status !== 201) throw new Error(`the lease was answered ${answer.status}`);
};

/** One round: ten jobs of each kind are lent a token and end. Whatever is not as it should be throws. */
const round = async (number: number, functions: LeaseFunctions, meter: Meter, { signing }: LeaseHouse, tokens: readonly string[], time: { ahead: number }): Promise<Record<keyof Steps, Measured[]>> => {
  const { invocation } = meter;
  const wish = (n: number) => ({ credential: { connector: 'vault', id: `token/${accessorAt(n)}` }, reason: 'exports the ledger of the day', minutes: 30 });
  const byRole = (n: number): Promise<Measured> =>
    invocation('leases', true, async () => lent(await functions.leases(posted('/iam/leases', { ...wish(n), run: { platform: 'aws-batch', run: batchJob(n) } }, { caller: broker.session }))));
  const byToken = (n: number): Promise<Measured> => invocation('leases', true, async () => lent(await functions.leases(posted('/leases', wish(n), { headers: { authorization: `Bearer ${tokens[n] ?? ''}` } }))));
  const ended = (bodies: readonly object[]): Promise<Measured> => invocation('release', false, () => functions.release(bodies));
  const hook = (n: number, more: object = {}): Promise<Measured> =>
    invocation('receive', true, async () => {
      const body = JSON.stringify({ ...runEnded(n, new Date()), ...more });
      const headers = { 'content-type': 'application/json', 'x-github-event': 'workflow_run', 'x-github-delivery': `bench-${n}`, 'x-hub-signature-256': `sha256=${createHmac('sha256', signing).update(body).digest('hex')}` };
      const { status } = await functions.receive({ method: 'POST', path: '/triggers/github-actions', headers, query: {}, body: Buffer.from(body) });
      if (status !== 202) throw new Error(`the webhook was answered ${status}`);
    });
  const each = async (kind: 0 | 1 | 2, work: (n: number) => Promise<Measured>): Promise<Measured[]> => {
    const measured: Measured[] = [];
    for (const n of jobs) measured.push(await work(numberOf(number, kind, n)));
    return measured;
  };
  const registeredByRole = await each(0, byRole);
  const endedByEvent = [await ended(jobs.map((n) => batchEnded(numberOf(number, 0, n), new Date())))];
  const registeredByToken = await each(1, byToken);
  const otherWebhook = await each(1, (n) => hook(n, { action: 'in_progress' }));
  // what receive puts into the queue is what release is called with
  const bodies: object[] = [];
  const stop = record(({ service, input }) => void (service === 'SQS' && bodies.push(...(input.Entries as { MessageBody: string }[]).map(({ MessageBody }) => JSON.parse(MessageBody) as object))));
  const webhook = await each(1, (n) => hook(n));
  stop();
  if (bodies.length !== batch) throw new Error(`${batch} webhooks became ${bodies.length} messages`);
  const endedByMessage = [await ended(bodies)];
  const ids: string[] = [];
  const released: string[] = [];
  const stopIds = record(({ operation, input }) => void (operation === 'CreateSchedule' && ids.push(String(input.Name))));
  await each(2, byRole);
  stopIds();
  time.ahead += 40 * minute;
  const stopReleased = record(({ operation, input }) => {
    const { line } = (input.Item ?? {}) as { line?: { kind: string } };
    if (operation === 'Put' && line?.kind === 'released') released.push(line.kind);
  });
  const endedByTimer = [await ended(ids.map((lease) => ({ kind: 'timer', lease })))];
  stopReleased();
  if (released.length !== batch) throw new Error(`of ${batch} leases whose timers went off, ${released.length} were released`);
  return { registeredByRole, registeredByToken, endedByEvent, webhook, endedByMessage, endedByTimer, otherWebhook };
};

/** Messages that are not among the calls that were heard: EventBridge and Scheduler send them, Lambda receives and deletes them. */
const beside: Record<keyof Steps, Usage> = {
  registeredByRole: {},
  registeredByToken: {},
  endedByEvent: { queueRequest: queueRequests(batch, batch) / batch },
  webhook: {},
  endedByMessage: { queueRequest: queueRequests(batch, batch) / batch },
  endedByTimer: { queueRequest: queueRequests(batch, batch) / batch, scheduleFired: 1 },
  otherWebhook: {},
};

const titles: Record<keyof Steps, string> = { registeredByRole: 'registered, IAM', registeredByToken: 'registered, OIDC', endedByEvent: 'ended, AWS event', webhook: 'webhook', endedByMessage: 'ended, webhook', endedByTimer: 'ended, timer', otherWebhook: 'webhook, no end' };
const names = Object.keys(titles) as (keyof Steps)[];

/**
 * What an ended job with one lease costs at list price, counted from the calls that were really made: the registration, the end
 * as an AWS event, a webhook or a timer tells it, in batches of ten, and the whole life.
 */
export const costOfAnEnd: Bench = async (tell) => {
  const all = rounds.warm + rounds.counted;
  const numbers = Array.from({ length: all * 3 * batch }, (_, n) => n + 1);
  const house = leaseHouseOf(numbers);
  const vault = await ordered<Order, VaultReply>('lease-outside.ts', { do: 'vault', world: house.vault, seconds: 0.02 });
  const outside = await ordered<Order, OutsideReply>('lease-outside.ts', { do: 'outside', world: house.world, behaviours: delays, claims: [0, ...numbers].map(claimsOfRun) });
  const meter = leaseMeter();
  const time = { ahead: 0 };
  const functions = leaseFunctions({ ...outside.reply, configuration: house.configurationAt(vault.reply.url, outside.reply.issuer), log: meter.log, count: meter.count, ahead: () => time.ahead });
  const measured: Record<keyof Steps, Measured[]>[] = [];
  try {
    for (let n = 0; n < all; n += 1) {
      // a token of GitHub's is of this hour
      time.ahead = 0;
      measured.push(await round(n, functions, meter, house, outside.reply.tokens, time));
    }
  } finally {
    meter.stop();
    await Promise.all([vault.end(), outside.end()]);
  }
  const counted = measured.slice(rounds.warm);
  const steps = Object.fromEntries(names.map((name) => [name, perJob(counted.flatMap((one) => one[name]), counted.length * batch)])) as Record<keyof Steps, Measured>;
  const usageOf = (name: keyof Steps): Usage => plus(steps[name].usage, beside[name]);
  tell(`calls to AWS for a job with one lease, in batches of ${batch}`);
  const operations = [...new Set(names.flatMap((name) => [...steps[name].operations.keys()]))].sort();
  for (const line of aligned([['', ...names.map((name) => titles[name])], ...operations.map((operation) => [operation, ...names.map((name) => (steps[name].operations.get(operation) ?? 0).toFixed(1).replace('.0', ''))])])) tell(line);
  tell('units of a job with one lease, and dollars for a million of them');
  for (const line of aligned([['', ...names.flatMap((name) => [titles[name], ''])], ...priceRows(names.map(usageOf))])) tell(line);
  tell(`milliseconds of an invocation here, and its own work in them: ${names.map((name) => `${titles[name]} ${steps[name].milliseconds.toFixed(0)} (${steps[name].ownMilliseconds.toFixed(0)})`).join(', ')}`);
  const sum = (...of: (keyof Steps)[]): number => of.reduce((dollars, name) => dollars + sumOf(perMillion(usageOf(name))), 0);
  return [
    { bench: 'cost-of-an-end', what: 'a million ends told by AWS, registration not included', value: sum('endedByEvent'), unit: '$', limit },
    { bench: 'cost-of-an-end', what: 'the same with the registration', value: sum('registeredByRole', 'endedByEvent'), unit: '$', limit },
    { bench: 'cost-of-an-end', what: 'a million ends told by a webhook, registration not included', value: sum('webhook', 'endedByMessage'), unit: '$', limit },
    { bench: 'cost-of-an-end', what: 'the same with the registration', value: sum('registeredByToken', 'webhook', 'endedByMessage'), unit: '$', limit },
    { bench: 'cost-of-an-end', what: 'a million webhooks that tell no end', value: sum('otherWebhook'), unit: '$' },
    { bench: 'cost-of-an-end', what: 'a million ends by timer, with the registration', value: sum('registeredByRole', 'endedByTimer'), unit: '$', limit },
  ] satisfies Figure[];
};

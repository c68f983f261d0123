import { dispatchOf } from '../functions/aws/composition-dispatch.ts';
import { sendDueLooks } from '../functions/aws/looks.ts';
import { synthesizedPlaybooks } from '../infra/playbooks/print.ts';
import { queueNames } from '../local/platform.ts';
import { startService, type Service } from '../local/service.ts';
import { aligned, type Bench, type Figure } from './figure.ts';
import { houseOf, type House, type KeyAsked } from './house.ts';
import { leapingClock, type LeapingClock } from './leaping-clock.ts';
import { perMillion, plus, priceRows, sumOf, type Usage } from './list-prices.ts';
import { accessBytes, logMeter, platformBytes } from './log-bytes.ts';
import { record, type Sent } from './recorder.ts';
import { TableUnits } from './table-units.ts';
import { callUsage, outsideUsage, playbookUsage } from './usage.ts';

interface Scenario {
  name: string;
  key: KeyAsked;
  /** How the case must end, or the bench is not measuring what it says. */
  ends: string;
  limit?: number;
  /** Sends the report of the key of that index. */
  report: Report;
}

type Report = (house: House, url: string, clock: LeapingClock, index: number) => Promise<void>;

const byGithub: Report = (house, url, _, index) => house.github(url, index);

const byTrufflehog: Report = (house, url, clock, index) => house.trufflehog(url, index === 0 ? (house.keys[0]?.secret ?? '') : house.vendorValue, clock);

/** AWS Health's report of a key, by its id. */
const byHealth: Report = async ({ keys }, url, clock, index) => {
  const key = keys[index];
  const at = clock.now();
  const event = {
    version: '0', id: `bench-${index}`, 'detail-type': 'AWS Health Event', source: 'aws.health', account: '111122223333', time: at.toISOString(), region: 'us-east-1', resources: [key?.id],
    detail: {
      eventArn: `arn:aws:health:us-east-1::event/RISK/AWS_RISK_CREDENTIALS_EXPOSED/bench_${index}`, service: 'RISK', eventTypeCode: 'AWS_RISK_CREDENTIALS_EXPOSED', eventTypeCategory: 'issue', eventScopeCode: 'ACCOUNT_SPECIFIC',
      startTime: at.toUTCString(), lastUpdatedTime: at.toUTCString(), statusCode: 'open', eventRegion: 'us-east-1', eventDescription: [], affectedEntities: [{ entityValue: key?.id, status: 'IMPAIRED', lastUpdatedTime: at.toUTCString() }], page: '1', totalPages: '1',
    },
  };
  const answer = await fetch(`${url}/aws-events`, { method: 'POST', body: JSON.stringify(event) });
  if (answer.status !== 202) throw new Error(`the event was answered ${answer.status}`);
};

const scenarios: Scenario[] = [
  { name: 'IAM key, one copy, GitHub', key: { copies: 1, others: 0 }, ends: 'confirmed', limit: 400, report: byGithub },
  { name: 'IAM key, three copies, no slot', key: { copies: 3, others: 1 }, ends: 'confirmed', report: byGithub },
  { name: 'vendor key, alternating users', key: { copies: 1, others: 0 }, ends: 'confirmed', report: byTrufflehog },
  { name: 'IAM key by id, AWS Health', key: { copies: 1, others: 0 }, ends: 'attested', report: byHealth },
];

/** How long calls take in AWS, so that Lambda is paid for the time it would wait: providers 50 ms, our tables 5, the rest 20. */
const delays = [
  ...['secretsmanager', 'iam', 'sts', 'kms', 'cloudtrail', 'github', 'vendor:acmepay'].map((service) => ({ service, seconds: 0.05 })),
  { service: 'dynamodb', seconds: 0.005 },
  ...['sqs', 'states', 'sns', 'events'].map((service) => ({ service, seconds: 0.02 })),
].map((one) => ({ ...one, effect: 'delay' as const }));

const quietMilliseconds = 1_500;

/**
 * One incident from its report to the last thing that it sets off, the late look included, as units of what AWS charges for. It is the second of its
 * kind, since at the rate of a million a month what is kept for five minutes (signing secrets, a token) is there.
 */
const incident = async ({ name, key, ends, report }: Scenario, definitions: Record<string, object>): Promise<Usage> => {
  const house = houseOf([key, key]);
  const clock = leapingClock();
  const units = new TableUnits();
  const meter = logMeter();
  const sent: Sent[] = [];
  let usage: Usage = {};
  let outcome: string | undefined;
  const stop = record((one) => {
    sent.push(one);
    usage = plus(usage, callUsage(one, units));
  }, Object.keys(house.world.rotations ?? {}));
  const service = await startService({ world: house.world, definitions, clock, log: meter.log, count: meter.count, onLine: (_, line) => void (line.kind === 'outcome' && (outcome = line.outcome.green ? line.outcome.outcome : `${line.outcome.outcome}, not green`)) });
  try {
    service.behaviours.set(delays);
    await report(house, service.url, clock, 0);
    await ended(service, () => outcome !== undefined);
    await lookedAgain(service, clock);
    outcome = undefined;
    const earlier = new Set(service.platform.states.executions());
    const loggedBefore = meter.bytes();
    sent.length = 0;
    usage = {};
    await report(house, service.url, clock, 1);
    await ended(service, () => outcome !== undefined);
    await lookedAgain(service, clock);
    const histories = service.platform.states.executions().filter((execution) => !earlier.has(execution)).map(({ history }) => history);
    const messages = sent.filter(({ service: to }) => to === 'SQS').map(({ input }) => String(input.QueueUrl));
    const rotations = sent.filter(({ operation }) => operation === 'RotateSecret').length;
    const requests = sent.some(({ by }) => by === 'receive') ? 1 : 0;
    const invocations = { receive: requests, dispatch: countOf(messages, queueNames.deliveries), index: countOf(messages, queueNames.index), 'rotate-pay': 4 * rotations };
    for (const history of histories) usage = plus(usage, playbookUsage(history));
    usage = plus(usage, outsideUsage(sent, invocations));
    usage = plus(usage, { httpRequest: requests });
    const events = histories.flat();
    const bytes = meter.bytes() - loggedBefore + requests * accessBytes + platformBytes(usage.lambdaInvocation ?? 0, events.length + events.filter(({ type }) => type === 'TaskScheduled').length);
    if (outcome !== ends) throw new Error(`"${name}" ended ${outcome ?? 'without an outcome'} and not ${ends}`);
    return plus(usage, { logGigabyte: bytes / 1e9 });
  } finally {
    stop();
    await service.close();
  }
};

const countOf = (messages: readonly string[], queue: string): number => messages.filter((url) => url.endsWith(`/${queue}`)).length;

const ended = async (service: Service, isDone: () => boolean): Promise<void> => {
  const until = Date.now() + 60_000;
  while (!isDone()) {
    if (Date.now() > until) throw new Error('the case did not end within a minute');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await service.platform.states.idle();
  await new Promise((resolve) => setTimeout(resolve, quietMilliseconds));
};

/** What a sweep does for the incident when its late look is due, and what that sets off. */
const lookedAgain = async (service: Service, clock: LeapingClock): Promise<void> => {
  await sendDueLooks({ ...dispatchOf(service.foundation('dispatch')), now: () => new Date(clock.now().getTime() + 3_600_000) });
  await new Promise((resolve) => setTimeout(resolve, quietMilliseconds));
};

/** What one incident costs at list price: every call that was really made, with the time that the functions took. */
export const cost: Bench = async (tell) => {
  const definitions = await synthesizedPlaybooks();
  const usages: Usage[] = [];
  for (const scenario of scenarios) usages.push(await incident(scenario, definitions));
  const dollars = usages.map(perMillion);
  tell('units of one incident, and dollars for a million of them');
  for (const line of aligned([['', ...scenarios.flatMap((_, i) => [`(${i + 1})`, ''])], ...priceRows(usages)])) tell(line);
  scenarios.forEach(({ name }, i) => tell(`(${i + 1}) ${name}`));
  return scenarios.map(({ name, limit }, i): Figure => ({ bench: 'cost', what: `a million of: ${name}`, value: sumOf(dollars[i] ?? {}), unit: '$', limit }));
};

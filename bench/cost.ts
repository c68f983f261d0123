import { synthesizedPlaybooks } from '../infra/playbooks/print.ts';
import { queueNames } from '../local/platform.ts';
import { startService, type Service } from '../local/service.ts';
import { aligned, type Bench, type Figure } from './figure.ts';
import { houseOf, type House, type KeyAsked } from './house.ts';
import { leapingClock, type LeapingClock } from './leaping-clock.ts';
import { perMillion, plus, sumOf, type Priced, type Usage } from './list-prices.ts';
import { accessBytes, logMeter, platformBytes } from './log-bytes.ts';
import { record, type Sent } from './recorder.ts';
import { TableUnits } from './table-units.ts';
import { callUsage, outsideUsage, playbookUsage } from './usage.ts';

interface Scenario {
  name: string;
  keys: KeyAsked[];
  /** How the case must end, or the bench is not measuring what it says. */
  ends: string;
  limit?: number;
  report(house: House, service: Service, clock: LeapingClock): Promise<void>;
}

const reportedByGithub = (house: House, service: Service): Promise<void> => house.github(service.url, 0);

/** AWS Health's report of the house's first key, by its id. */
const reportedByHealth = async ({ keys: [key] }: House, { url }: Service, clock: LeapingClock): Promise<void> => {
  const at = clock.now();
  const event = {
    version: '0', id: 'bench-1', 'detail-type': 'AWS Health Event', source: 'aws.health', account: '111122223333', time: at.toISOString(), region: 'us-east-1', resources: [key?.id],
    detail: {
      eventArn: 'arn:aws:health:us-east-1::event/RISK/AWS_RISK_CREDENTIALS_EXPOSED/bench_1', service: 'RISK', eventTypeCode: 'AWS_RISK_CREDENTIALS_EXPOSED', eventTypeCategory: 'issue', eventScopeCode: 'ACCOUNT_SPECIFIC',
      startTime: at.toUTCString(), lastUpdatedTime: at.toUTCString(), statusCode: 'open', eventRegion: 'us-east-1', eventDescription: [], affectedEntities: [{ entityValue: key?.id, status: 'IMPAIRED', lastUpdatedTime: at.toUTCString() }], page: '1', totalPages: '1',
    },
  };
  const answer = await fetch(`${url}/aws-events`, { method: 'POST', body: JSON.stringify(event) });
  if (answer.status !== 202) throw new Error(`the event was answered ${answer.status}`);
};

const scenarios: Scenario[] = [
  { name: 'IAM key, one copy, GitHub', keys: [{ copies: 1, others: 0 }], ends: 'confirmed', limit: 400, report: reportedByGithub },
  { name: 'IAM key, three copies, no slot', keys: [{ copies: 3, others: 1 }], ends: 'confirmed', report: reportedByGithub },
  { name: 'vendor key, alternating users', keys: [], ends: 'confirmed', report: (house, { url }, clock) => house.trufflehog(url, house.vendorValue, clock) },
  { name: 'IAM key by id, AWS Health', keys: [{ copies: 1, others: 0 }], ends: 'attested', report: reportedByHealth },
];

/** How long calls take in AWS, so that Lambda is paid for the time it would wait: providers 50 ms, our tables 5, the rest 20. */
const delays = [
  ...['secretsmanager', 'iam', 'sts', 'kms', 'cloudtrail', 'github', 'vendor:acmepay'].map((service) => ({ service, seconds: 0.05 })),
  { service: 'dynamodb', seconds: 0.005 },
  ...['sqs', 'states', 'sns', 'events'].map((service) => ({ service, seconds: 0.02 })),
].map((one) => ({ ...one, effect: 'delay' as const }));

const quietMilliseconds = 1_500;

/** One incident from its report to the last thing that it sets off, as units of what AWS charges for. */
const incident = async ({ name, keys, ends, report }: Scenario, definitions: Record<string, object>): Promise<Usage> => {
  const house = houseOf(keys);
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
  const service = await startService({ world: house.world, definitions, clock, log: meter.log, count: meter.count, onLine: (_, line) => void (process.env.DEBUG_BENCH && console.log(JSON.stringify(line).slice(0,300)), line.kind === 'outcome' && (outcome = line.outcome.outcome)) });
  try {
    service.behaviours.set(delays);
    await new Promise((resolve) => setTimeout(resolve, quietMilliseconds));
    const loggedBefore = meter.bytes();
    sent.length = 0;
    usage = {};
    await report(house, service, clock);
    await ended(service, () => outcome !== undefined);
    const histories = service.platform.states.executions().map(({ history }) => history);
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
    if (process.env.DEBUG_BENCH) debug(sent, histories, new TableUnits());
    return plus(usage, { logGigabyte: bytes / 1e9 });
  } finally {
    stop();
    await service.close();
  }
};

const countOf = (messages: readonly string[], queue: string): number => messages.filter((url) => url.endsWith(`/${queue}`)).length;

const ended = async (service: Service, isDone: () => boolean): Promise<void> => {
  const until = Date.now() + 10_000;
  while (!isDone()) {
    if (Date.now() > until) { for (const x of service.platform.states.executions().slice(0,1)) console.log(JSON.stringify(x.history, null, 1)); }
    if (Date.now() > until) throw new Error('the case did not end within a minute');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await service.platform.states.idle();
  await new Promise((resolve) => setTimeout(resolve, quietMilliseconds));
};

const words: Record<Priced, string> = {
  stateTransition: 'Step Functions, transitions',
  lambdaInvocation: 'Lambda, invocations',
  gigabyteSecond: 'Lambda, GB-seconds',
  writeUnit: 'DynamoDB, write units',
  readUnit: 'DynamoDB, read units',
  secretsManagerCall: 'Secrets Manager, calls',
  kmsCall: 'KMS, calls',
  queueRequest: 'SQS, requests',
  eventPut: 'EventBridge, events',
  httpRequest: 'HTTP API, requests',
  topicPublish: 'SNS, messages',
  logGigabyte: 'CloudWatch Logs, KB',
  trace: 'X-Ray, traces',
};

const unitsShown = (priced: Priced, units: number): string => (priced === 'logGigabyte' ? (units * 1e6).toFixed(1) : Number.isInteger(units) ? String(units) : units.toFixed(2));

/** What one incident costs at list price: every call that was really made, with the time that the functions took. */
export const cost: Bench = async (tell) => {
  const definitions = await synthesizedPlaybooks();
  const usages: Usage[] = [];
  for (const scenario of scenarios) usages.push(await incident(scenario, definitions));
  const dollars = usages.map(perMillion);
  const rows = (Object.keys(words) as Priced[]).filter((priced) => usages.some((usage) => usage[priced])).map((priced) => [words[priced], ...usages.flatMap((usage, i) => [unitsShown(priced, usage[priced] ?? 0), `$${(dollars[i]?.[priced] ?? 0).toFixed(2)}`])]);
  tell('units of one incident, and dollars for a million of them');
  for (const line of aligned([['', ...scenarios.flatMap((_, i) => [`(${i + 1})`, ''])], ...rows, ['total', ...dollars.flatMap((one) => ['', `$${sumOf(one).toFixed(2)}`])]])) tell(line);
  scenarios.forEach(({ name }, i) => tell(`(${i + 1}) ${name}`));
  return scenarios.map(({ name, limit }, i): Figure => ({ bench: 'cost', what: `a million of: ${name}`, value: sumOf(dollars[i] ?? {}), unit: '$', limit }));
};

const debug = (sent: readonly Sent[], histories: readonly (readonly { type: string; timestamp: number }[])[], units: TableUnits): void => {
  for (const one of [...sent].sort((a, b) => a.start - b.start)) {
    const u = one.service === 'DynamoDBDocument' ? units.of(one.operation, one.input, one.output, one.error !== undefined) : undefined;
    const item = (one.input.Item ?? one.input.Key ?? one.input.ExpressionAttributeValues) as Record<string, unknown> | undefined;
    console.log(Math.round(one.start), Math.round(one.end - one.start), one.by, one.service, one.operation, u ? `r${u.read} w${u.write}` : '', item ? String((item.pk ?? item[':pk']) as string).slice(0, 40) + ' ' + String(item.sk ?? '') + ' ' + ((item.line as { kind?: string } | undefined)?.kind ?? '') : '', one.error ?? '');
  }
  for (const e of histories.flat()) console.log(e.type, JSON.stringify(e).slice(0, 150));
};

/** List prices in US dollars, us-east-1, on demand, without any free tier: what one unit costs. */
export const prices = {
  stateTransition: 25 / 1e6,
  lambdaInvocation: 0.2 / 1e6,
  /** Lambda on arm64. */
  gigabyteSecond: 0.0000133334,
  writeUnit: 0.625 / 1e6,
  readUnit: 0.125 / 1e6,
  secretsManagerCall: 5 / 1e6,
  kmsCall: 3 / 1e6,
  queueRequest: 0.4 / 1e6,
  eventPut: 1 / 1e6,
  httpRequest: 1 / 1e6,
  topicPublish: 0.5 / 1e6,
  logGigabyte: 0.5,
  /** X-Ray, each execution traced: more than its sampling would. */
  trace: 5 / 1e6,
  /** EventBridge Scheduler, a schedule that goes off; making, changing and deleting one costs nothing. */
  scheduleFired: 1 / 1e6,
} as const;

export type Priced = keyof typeof prices;

/** What stands before the units of each in a table. */
export const words: Record<Priced, string> = {
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
  scheduleFired: 'Scheduler, schedules that went off',
};

/** How many units of each an incident used. */
export type Usage = Partial<Record<Priced, number>>;

/** Sums two usages. */
export const plus = (a: Usage, b: Usage): Usage => {
  const sum: Usage = { ...a };
  for (const [priced, units] of Object.entries(b) as [Priced, number][]) sum[priced] = (sum[priced] ?? 0) + units;
  return sum;
};

/** Dollars for a million of such incidents, item by item. IAM, STS and CloudTrail's event history cost nothing. */
export const perMillion = (usage: Usage): Partial<Record<Priced, number>> =>
  Object.fromEntries((Object.entries(usage) as [Priced, number][]).map(([priced, units]) => [priced, units * prices[priced] * 1e6]));

/** Units as a table shows them: gigabytes of logs as KB. */
export const unitsShown = (priced: Priced, units: number): string => (priced === 'logGigabyte' ? (units * 1e6).toFixed(1) : Number.isInteger(units) ? String(units) : units.toFixed(2));

/** Rows of a table of what this and that costs: what, and for each its units and its dollars a million; the last row is the total. */
export const priceRows = (usages: readonly Usage[]): string[][] => {
  const dollars = usages.map(perMillion);
  const used = (Object.keys(words) as Priced[]).filter((priced) => usages.some((usage) => usage[priced]));
  return [
    ...used.map((priced) => [words[priced], ...usages.flatMap((usage, i) => [unitsShown(priced, usage[priced] ?? 0), `$${(dollars[i]?.[priced] ?? 0).toFixed(2)}`])]),
    ['total', ...dollars.flatMap((one) => ['', `$${sumOf(one).toFixed(2)}`])],
  ];
};

export const sumOf = (dollars: Partial<Record<Priced, number>>): number => Object.values(dollars).reduce((sum, one) => sum + one, 0);

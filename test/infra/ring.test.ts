import { afterAll, describe, expect, test, vi } from 'vitest';
import { deployedCount, powertoolsMetrics } from '../../functions/aws/log.ts';
import { metrics, type MetricName } from '../../functions/aws/metrics.ts';
import type { Leases } from '../../functions/core/configuration.ts';
import { queueNames } from '../../local/platform.ts';
import { openTown, type Town } from '../town.ts';
import { worldOf, type Wanted } from '../world-of.ts';
import { ofType, synthesized } from './synthesized.ts';

interface Embedded {
  _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
  [dimension: string]: unknown;
}

/** What a deployed function prints for one metric, as CloudWatch reads it: namespace, name, dimensions. */
const emitted = (metric: MetricName): { Namespace: string; MetricName: string; Dimensions: { Name: string; Value: string }[] } => {
  const printed: string[] = [];
  const spies = [vi.spyOn(console, 'log'), vi.spyOn(process.stdout, 'write')].map((spy) => spy.mockImplementation(((text: string) => (printed.push(text), true)) as never));
  const meter = powertoolsMetrics() as unknown as { console: Console };
  const own = vi.spyOn(meter.console, 'log').mockImplementation((text: string) => void printed.push(text));
  try {
    deployedCount(metric);
    powertoolsMetrics().publishStoredMetrics();
  } finally {
    for (const spy of [...spies, own]) spy.mockRestore();
  }
  const embedded = JSON.parse(printed.find((text) => text.includes(metric)) ?? '{}') as Embedded;
  const [of] = embedded._aws.CloudWatchMetrics;
  return { Namespace: of?.Namespace ?? '', MetricName: of?.Metrics[0]?.Name ?? '', Dimensions: (of?.Dimensions[0] ?? []).map((Name) => ({ Name, Value: String(embedded[Name]) })) };
};

const alarms = ofType(synthesized().resources, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
const towns: Town[] = [];
afterAll(async () => {
  await Promise.all(towns.map((town) => town.close()));
});

const inTown = async (wanted: Wanted, fails: (town: Town) => Promise<unknown>): Promise<Town> => {
  const town = await openTown(worldOf(wanted), { speed: 20 });
  towns.push(town);
  await fails(town);
  return town;
};

const sweep = (town: Town) => town.platform.sqs.queues.send(queueNames.deliveries, { body: JSON.stringify({ kind: 'sweep' }) });

const runner = 'arn:aws:iam::111122223333:role/runner';
const leases: Leases = {
  maximumMinutes: 60,
  audience: 'https://rescind.example.com',
  issuers: [],
  subjects: [{ name: 'runner', issuer: 'aws-iam', principal: runner, platforms: ['aws-batch'], owner: 'orders', may: [{ connector: 'aws-iam-key', id: 'AKIA*' }] }],
  jobRoles: [],
};

/** A key is lent to a run, the run ends, and a minute later somebody looks what is pending. */
const lendAndEnd = async (town: Town): Promise<void> => {
  const lent = await town.ask('POST', '/iam/leases', { run: { platform: 'aws-batch', run: 'job-1' }, credential: { connector: 'aws-iam-key', id: town.value('key') }, reason: 'to upload' }, runner);
  expect(lent.status).toBe(201);
  await town.ask('POST', `/iam/leases/${String(lent.body.id)}/end`, {}, runner);
  await town.until(() => town.counted.has('LeasePending'), 'a revocation that is pending');
  town.platform.sqs.queues.send(queueNames.ends, { body: JSON.stringify({ kind: 'due' }) });
};

/** For each metric that an alarm watches: the real failure (or the real end of a walk) that counts it. */
const failures: [MetricName, Wanted, (town: Town) => Promise<unknown>][] = [
  ['CaseNotContained', { pair: {} }, (town) => (town.behaviours.add({ service: 'iam', operation: 'UpdateAccessKey', effect: 'refuse', status: 403, code: 'AccessDenied', message: 'denied' }), town.github(42))],
  ['CaseWaiting', { pair: { approval: true } }, (town) => town.github(42)],
  ['TaskOverdue', { pair: { approval: true }, configuration: { taskHours: 0.001 } }, async (town) => {
    await town.github(42);
    await town.until(() => town.counted.has('CaseWaiting'), 'a question');
    await town.clock.sleep(10_000);
    sweep(town);
  }],
  ['StepFailed', { pair: {} }, (town) => (town.behaviours.add({ service: 'iam', operation: 'GetUserPolicy', effect: 'down', times: 8 }), town.github(42))],
  ['LookupFailed', {}, (town) => (town.behaviours.add({ service: 'github', effect: 'down', status: 503 }), town.github(42))],
  ['DeliveryRejected', {}, (town) => town.post('github-secret-scanning', '{}', { 'x-hub-signature-256': 'sha256=00' })],
  ['SecretUnreadable', { aws: { secrets: [{ name: 'orders/closed', value: 'nobody reads this', unreadable: true }] } }, () => Promise.resolve()],
  ['LeasePendingSeconds', { pair: {}, configuration: { leases } }, (town) => (town.behaviours.add({ service: 'iam', operation: 'DeleteAccessKey', effect: 'down', times: 100 }), lendAndEnd(town))],
  ['IndexFinished', {}, () => Promise.resolve()],
];

describe.concurrent('what an alarm of ours watches', () => {
  test.each(failures)('%s is counted by the failure itself, under the namespace, name and dimensions of its alarm', async (metric, wanted, fails) => {
    const town = await inTown(wanted, fails);
    await town.until(() => (town.counted.get(metric) ?? 0) > 0, `the metric ${metric}`, 120);
    const alarm = alarms.find(({ MetricName }) => MetricName === metric);
    expect({ Namespace: alarm?.Namespace, MetricName: alarm?.MetricName, Dimensions: alarm?.Dimensions }).toEqual(emitted(metric));
  }, 90_000);

  test('is among these failures, all of it', () => {
    const watched = alarms.map(({ MetricName }) => String(MetricName)).filter((name) => name in metrics);
    expect([...new Set(watched)].sort()).toEqual(failures.map(([metric]) => metric).sort());
  });
});

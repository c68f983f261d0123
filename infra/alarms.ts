import { Duration } from 'aws-cdk-lib/core';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { dimensions, metrics, namespace } from '../functions/aws/metrics.ts';
import type { MetricName } from '../functions/aws/metrics.ts';
import type { Queues, QueueWithDead } from './queues.ts';

const OPERATING = 'docs/operating.md';

/** What is watched, besides our own metrics. */
export interface Watched {
  queues: Queues;
  receive: IFunction;
  release: IFunction;
  /** By their names in capitals, for instance `SecretLeaked`. */
  playbooks: Record<string, StateMachine>;
}

interface Condition {
  /** The construct's id. */
  id: string;
  /** In small letters with dashes it is the section of `docs/operating.md`. Absent: the id is. */
  section?: string;
  metric: IMetric;
  /** What has happened, in one sentence. */
  says: string;
  /** It rings above this; where it must happen at all, below one and when nothing is heard. */
  rings: { above: number } | 'when silent';
  /** In how many of how many periods it must be so. Absent: in one. */
  times?: { of: number; atLeast: number };
}

const period = Duration.minutes(5);

const minute = Duration.minutes(1);

/** One of our own metrics: what is counted is summed up, of a time the longest is taken. */
export const ours = (metricName: MetricName, over: Duration = period): Metric =>
  new Metric({ namespace, metricName, dimensionsMap: { ...dimensions }, statistic: metrics[metricName] === 'Count' ? Stats.SUM : Stats.MAXIMUM, period: over });

/** `CaseNotContained` as `case-not-contained`: the alarm's section. */
export const sectionOf = (id: string): string => id.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

const dead = ({ dead: queue }: QueueWithDead): IMetric => queue.metricApproximateNumberOfMessagesVisible({ period });

const conditionsOfPlaybook = (name: string, playbook: StateMachine): Condition[] => [
  { id: `${name}Failed`, section: 'PlaybookFailed', metric: playbook.metricFailed({ period }), rings: { above: 0 }, says: 'A playbook ended red: its case is not contained, or a step of its end failed.' },
  { id: `${name}TimedOut`, section: 'PlaybookTimedOut', metric: playbook.metricTimedOut({ period }), rings: { above: 0 }, says: 'A playbook ran out of time.' },
  { id: `${name}Aborted`, section: 'PlaybookAborted', metric: playbook.metricAborted({ period }), rings: { above: 0 }, says: 'Somebody aborted a playbook.' },
];

const conditionsOf = ({ queues: { deliveries, index, ends }, receive, release, playbooks }: Watched): Condition[] => [
  { id: 'CaseNotContained', metric: ours('CaseNotContained'), rings: { above: 0 }, says: 'A credential may still open its door: a case ended red.' },
  { id: 'CaseWaiting', metric: ours('CaseWaiting'), rings: { above: 0 }, says: 'A case waits for the answer of a person.' },
  { id: 'TaskOverdue', metric: ours('TaskOverdue'), rings: { above: 0 }, says: 'A task passed its deadline without an answer.' },
  { id: 'StepFailed', metric: ours('StepFailed'), rings: { above: 5 }, says: 'Steps of playbooks fail again and again.' },
  { id: 'LookupFailed', metric: ours('LookupFailed'), rings: { above: 3 }, says: 'Leaked values cannot be fetched from their sender.' },
  { id: 'DeliveryRejected', metric: ours('DeliveryRejected'), rings: { above: 50 }, says: 'Many deliveries are refused.' },
  { id: 'SecretUnreadable', metric: ours('SecretUnreadable', Duration.hours(1)), rings: { above: 0 }, says: 'The index could not read a secret: its leak would not be recognised.' },
  { id: 'IndexStale', metric: ours('IndexFinished', Duration.hours(2)), rings: 'when silent', says: 'The index has not walked everything to the end for two hours.' },
  { id: 'DeliveriesDead', metric: dead(deliveries), rings: { above: 0 }, says: 'A delivery could not be handled and lies among the dead letters.' },
  { id: 'DeliveriesOld', metric: deliveries.queue.metricApproximateAgeOfOldestMessage({ period }), rings: { above: 300 }, says: 'A delivery has waited for more than five minutes.' },
  { id: 'IndexDead', metric: dead(index), rings: { above: 0 }, says: 'A message to the index could not be handled and lies among the dead letters.' },
  { id: 'ReceiveErrors', metric: receive.metricErrors({ period }), rings: { above: 0 }, says: 'Receive failed: a sender was not answered.' },
  { id: 'ReceiveThrottles', metric: receive.metricThrottles({ period }), rings: { above: 0 }, says: 'Receive was throttled: a sender was turned away.' },
  {
    id: 'LeasePending',
    metric: ours('LeasePendingSeconds', minute),
    rings: { above: 300 },
    times: { of: 3, atLeast: 2 },
    says: 'A lent credential should have ended more than five minutes ago, and nobody has seen it dead.',
  },
  { id: 'EndsDead', metric: dead(ends), rings: { above: 0 }, says: 'The end of a run, or a timer, could not be handled and lies among the dead letters.' },
  { id: 'EndsOld', metric: ends.queue.metricApproximateAgeOfOldestMessage({ period: minute }), rings: { above: 60 }, says: 'The end of a run has waited for more than a minute.' },
  { id: 'ReleaseErrors', metric: release.metricErrors({ period }), rings: { above: 0 }, says: 'Release failed: leases whose runs have ended are not ended yet.' },
  ...Object.entries(playbooks).flatMap(([name, playbook]) => conditionsOfPlaybook(name, playbook)),
];

/** One alarm for each way in which Rescind can fail its users. Each tells the topic, and where to read what to do. */
export class Alarms extends Construct {
  constructor(scope: Construct, name: string, { prefix, topic, watched }: { prefix: string; topic: ITopic; watched: Watched }) {
    super(scope, name);
    for (const { id, section = id, metric, rings, times, says } of conditionsOf(watched)) {
      const silent = rings === 'when silent';
      const alarm = new Alarm(this, id, {
        alarmName: `${prefix}-${id}`,
        alarmDescription: `${says} What to do: ${OPERATING}#${sectionOf(section)}`,
        metric,
        evaluationPeriods: times?.of ?? 1,
        ...(times ? { datapointsToAlarm: times.atLeast } : {}),
        threshold: silent ? 1 : rings.above,
        comparisonOperator: silent ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingData: silent ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(new SnsAction(topic));
    }
  }
}

import { Rule } from 'aws-cdk-lib/aws-events';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { sources } from '../events/index.ts';
import type { AwsEventSource } from '../events/trigger.ts';
import type { Queues, QueueWithDead } from './queues.ts';

/** The sources that speak through EventBridge. */
export const awsEventSources = sources.filter((source): source is AwsEventSource => source.transport === 'aws-event');

/** The construct id of a name such as `aws-health`: `AwsHealth`. */
const idOf = (name: string): string => name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** What we hear from AWS itself: reports, moved labels, and playbooks that ended without having said so. */
export class Events extends Construct {
  constructor(scope: Construct, id: string, { queues, playbooks }: { queues: Queues; playbooks: StateMachine[] }) {
    super(scope, id);
    const { deliveries, index } = queues;
    for (const { name, pattern } of awsEventSources) this.rule(idOf(name), `Reports of ${name}`, { ...pattern, detail: pattern.detail }, deliveries);
    // The index reads the new value; dispatch wakes the playbook that waits for this very rotation.
    this.rule('LabelUpdated', 'A secret has a new current value', { source: ['aws.secretsmanager'], detailType: ['Secret Label Updated'] }, index, deliveries);
    this.rule(
      'PlaybookEnded',
      'A playbook failed, ran out of time or was aborted',
      {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: playbooks.map(({ stateMachineArn }) => stateMachineArn), status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
      },
      deliveries,
    );
  }

  private rule(id: string, description: string, eventPattern: EventPattern, ...queues: QueueWithDead[]): void {
    new Rule(this, id, { description, eventPattern, targets: queues.map(({ queue, dead }) => new SqsQueue(queue, { deadLetterQueue: dead })) });
  }
}

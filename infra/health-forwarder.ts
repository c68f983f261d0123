import { Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as EventBusTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { awsHealth } from '../events/aws-health.ts';

/** Where AWS publishes what it knows about exposed keys, whichever Region they are used in. */
export const HEALTH_REGION = 'us-east-1';

/** Forwards Health's reports of exposed keys to the default bus of the Region in which Rescind runs. Deployed in `us-east-1` where that is another. */
export class HealthForwarder extends Stack {
  constructor(scope: Construct, id: string, { mainRegion, ...props }: StackProps & { mainRegion: string }) {
    super(scope, id, { description: 'Rescind: forwards AWS Health reports of exposed keys', ...props });
    const bus = EventBus.fromEventBusArn(this, 'MainBus', `arn:${this.partition}:events:${mainRegion}:${this.account}:event-bus/default`);
    new Rule(this, 'Rule', { description: `Exposed keys, for Rescind in ${mainRegion}`, eventPattern: { ...awsHealth.pattern }, targets: [new EventBusTarget(bus)] });
  }
}

import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { QueueWithDead } from './queues.ts';

/** The schedule group of the leases' timers. */
export const timersGroupOf = (prefix: string): string => `${prefix}-leases`;

/** ARN pattern of every timer. */
export const timersArnOf = (scope: Construct, prefix: string): string => {
  const { partition, region, account } = Stack.of(scope);
  return `arn:${partition}:scheduler:${region}:${account}:schedule/${timersGroupOf(prefix)}/*`;
};

/** Roles are named once in an account and schedules once in a Region, so the Region is part of the name. */
const roleNameOf = (scope: Construct, prefix: string): string => `${prefix}-timers-${Stack.of(scope).region}`;

/** ARN of the role under which a timer sends. By name and not by reference, so that the boundary of the functions can name it. */
export const timersRoleArnOf = (scope: Construct, prefix: string): string => {
  const { partition, account } = Stack.of(scope);
  return `arn:${partition}:iam::${account}:role/${roleNameOf(scope, prefix)}`;
};

/** Where one schedule per lease is kept, and the role under which each sends to the queue of ends, or to its dead letters, and nowhere else. */
export class Timers extends Construct {
  readonly group: string;
  readonly roleArn: string;

  constructor(scope: Construct, id: string, { prefix, ends }: { prefix: string; ends: QueueWithDead }) {
    super(scope, id);
    const { partition, region, account } = Stack.of(this);
    // It is nothing without the role and the queue that go with the stack; the table of leases stays, and with it what is still lent.
    const { scheduleGroupName } = new ScheduleGroup(this, 'Group', { scheduleGroupName: timersGroupOf(prefix), removalPolicy: RemovalPolicy.DESTROY });
    const role = new Role(this, 'Role', {
      roleName: roleNameOf(this, prefix),
      description: "Rescind: what a lease's timer may do",
      // https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account, 'aws:SourceArn': `arn:${partition}:scheduler:${region}:${account}:schedule-group/${scheduleGroupName}` } },
      }),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [ends.queue.queueArn, ends.dead.queueArn] }));
    this.group = scheduleGroupName;
    this.roleArn = role.roleArn;
  }
}

import { Duration } from 'aws-cdk-lib/core';
import { Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { SqsSendMessage } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { Queues, QueueWithDead } from './queues.ts';

const INDEX_MINUTES = 15;
const SWEEP_MINUTES = 5;
const DUE_MINUTES = 1;
const DAY_MINUTES = 24 * 60;

/**
 * What happens by the clock: the index walks everything, the sweep takes up cases that nothing works on, and release takes up
 * leases whose time has come again. They run even where nothing may be lent any more: what was lent before must still end.
 */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, { queues }: { queues: Queues }) {
    super(scope, id);
    this.every('Tick', INDEX_MINUTES, 'Rescind: the index walks secrets and keys', 'tick', queues.index);
    this.every('Sweep', SWEEP_MINUTES, 'Rescind: open cases that nothing works on are taken up again', 'sweep', queues.deliveries);
    this.every('Due', DUE_MINUTES, 'Rescind: leases whose time has come again are taken up', 'due', queues.ends);
    this.every('Day', DAY_MINUTES, 'Rescind: leases that neither an event nor their timer ended are ended', 'day', queues.ends);
  }

  private every(id: string, minutes: number, description: string, kind: 'tick' | 'sweep' | 'due' | 'day', { queue, dead }: QueueWithDead): void {
    new Schedule(this, id, {
      description,
      schedule: ScheduleExpression.rate(Duration.minutes(minutes)),
      target: new SqsSendMessage(queue, { input: ScheduleTargetInput.fromObject({ kind }), deadLetterQueue: dead }),
    });
  }
}

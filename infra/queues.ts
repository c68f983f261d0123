import { Duration } from 'aws-cdk-lib/core';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { settings } from './function-settings.ts';

/** For how many of its reader's timeouts a message that fails is tried before it is dead: 36 minutes, where that is one. */
const TRIED_TIMEOUTS = 36;

const safe: QueueProps = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) };

export interface QueueWithDead {
  queue: Queue;
  dead: Queue;
}

/** What dispatch reads (deliveries, AWS events, sweeps), what index reads (ticks, changed labels) and what release reads (ended runs, timers, what is due again), each with its dead letters. */
export class Queues extends Construct {
  readonly deliveries: QueueWithDead;
  readonly index: QueueWithDead;
  readonly ends: QueueWithDead;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.deliveries = this.pair('Deliveries', settings.dispatch.timeoutSeconds);
    this.index = this.pair('Index', settings.index.timeoutSeconds);
    // one that failed comes again within the time that a lent credential may live on, and as long as the others
    this.ends = this.pair('Ends', settings.release.timeoutSeconds, 1);
  }

  /** A message is invisible for six times as long as its reader may run, as Lambda asks for (a throttled poll must not count as a try), unless told otherwise. */
  private pair(name: string, readerSeconds: number, times = 6): QueueWithDead {
    const dead = new Queue(this, `${name}Dead`, safe);
    const queue = new Queue(this, name, {
      ...safe,
      visibilityTimeout: Duration.seconds(times * readerSeconds),
      deadLetterQueue: { queue: dead, maxReceiveCount: TRIED_TIMEOUTS / times },
    });
    return { queue, dead };
  }
}

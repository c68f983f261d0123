import { Duration } from 'aws-cdk-lib/core';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { settings } from './function-settings.ts';

/** Tries of one message, spread over the visibility timeout, before it is dead. */
const MAX_RECEIVES = 6;

const safe: QueueProps = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14) };

export interface QueueWithDead {
  queue: Queue;
  dead: Queue;
}

/** What dispatch reads (deliveries, AWS events, sweeps) and what index reads (ticks, changed labels), each with its dead letters. */
export class Queues extends Construct {
  readonly deliveries: QueueWithDead;
  readonly index: QueueWithDead;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.deliveries = this.pair('Deliveries', settings.dispatch.timeoutSeconds);
    this.index = this.pair('Index', settings.index.timeoutSeconds);
  }

  private pair(name: string, readerSeconds: number): QueueWithDead {
    const dead = new Queue(this, `${name}Dead`, safe);
    const queue = new Queue(this, name, {
      ...safe,
      // Six times the reader's timeout, as Lambda asks for: a throttled poll must not count as a try.
      visibilityTimeout: Duration.seconds(6 * readerSeconds),
      deadLetterQueue: { queue: dead, maxReceiveCount: MAX_RECEIVES },
    });
    return { queue, dead };
  }
}

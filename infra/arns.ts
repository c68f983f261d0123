import { Stack } from 'aws-cdk-lib/core';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { tables as definitions } from '../functions/aws/tables.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import type { Keys } from './keys.ts';
import type { Arns } from './permissions.ts';
import { secretArns } from './secrets.ts';
import { playbookNames } from './playbooks/index.ts';
import type { Queues } from './queues.ts';
import { indexArnsOf } from './tables.ts';
import type { Tables } from './tables.ts';
import { timersArnOf, timersRoleArnOf } from './timers.ts';

/** What the stack is made of, as far as a grant can name it. */
export interface Parts {
  prefix: string;
  tables: Tables;
  queues: Queues;
  keys: Keys;
  bodies: IBucket;
  topic: ITopic;
  configuration: Configuration;
}

/** The ARNs behind the names of `grants.ts`. */
export const arnsOf = (scope: Construct, { prefix, tables, queues, keys, bodies, topic, configuration }: Parts): Arns => {
  const { partition, region, account } = Stack.of(scope);
  // By name and not by reference: rotate and report, which the playbooks call, wake them as well.
  const ofPlaybooks = (kind: string, rest = '') => playbookNames.map((name) => `arn:${partition}:states:${region}:${account}:${kind}:${prefix}-${name}${rest}`);
  return {
    ledger: [tables.ledger.tableArn],
    'ledger-indexes': indexArnsOf(tables.ledger, definitions.ledger),
    registry: [tables.registry.tableArn],
    'registry-indexes': indexArnsOf(tables.registry, definitions.registry),
    leases: [tables.leases.tableArn],
    'leases-indexes': indexArnsOf(tables.leases, definitions.leases),
    deliveries: [queues.deliveries.queue.queueArn],
    'index-queue': [queues.index.queue.queueArn],
    ends: [queues.ends.queue.queueArn],
    bodies: [bodies.arnForObjects('*')],
    'fingerprint-keys': keys.fingerprintArns,
    'hold-key': [keys.hold.keyArn],
    topic: [topic.topicArn],
    'topic-key': [keys.topic.keyArn],
    playbooks: ofPlaybooks('stateMachine'),
    executions: ofPlaybooks('execution', ':*'),
    bus: [`arn:${partition}:events:${region}:${account}:event-bus/default`],
    timers: [timersArnOf(scope, prefix)],
    'timers-role': [timersRoleArnOf(scope, prefix)],
    'signing-secrets': secretArns(scope, configuration.sources.flatMap(({ secrets }) => secrets)),
    'every-secret': [`arn:${partition}:secretsmanager:${region}:${account}:secret:*`],
    'every-key': [`arn:${partition}:kms:${region}:${account}:key/*`],
    anything: ['*'],
  };
};

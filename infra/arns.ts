import { Stack } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { tables as definitions } from '../functions/aws/tables.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import type { Keys } from './keys.ts';
import type { Arns } from './permissions.ts';
import type { Queues } from './queues.ts';
import { indexArnsOf } from './tables.ts';
import type { Tables } from './tables.ts';

/** What the stack is made of, as far as a grant can name it. */
export interface Parts {
  tables: Tables;
  queues: Queues;
  keys: Keys;
  bodies: IBucket;
  topic: ITopic;
  playbooks: StateMachine[];
  configuration: Configuration;
}

/** The ARNs behind the names of `grants.ts`. */
export const arnsOf = (scope: Construct, { tables, queues, keys, bodies, topic, playbooks, configuration }: Parts): Arns => {
  const { partition, region, account } = Stack.of(scope);
  // Secrets Manager puts a dash and six characters of its own behind a secret's name.
  const secrets = (names: string[]) => [...new Set(names)].map((name) => `arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-??????`);
  return {
    ledger: [tables.ledger.tableArn],
    'ledger-indexes': indexArnsOf(tables.ledger, definitions.ledger),
    registry: [tables.registry.tableArn],
    'registry-indexes': indexArnsOf(tables.registry, definitions.registry),
    deliveries: [queues.deliveries.queue.queueArn],
    'index-queue': [queues.index.queue.queueArn],
    bodies: [bodies.arnForObjects('*')],
    'fingerprint-keys': keys.fingerprintArns,
    'hold-key': [keys.hold.keyArn],
    topic: [topic.topicArn],
    'topic-key': [keys.topic.keyArn],
    playbooks: playbooks.map(({ stateMachineArn }) => stateMachineArn),
    executions: playbooks.map(({ stateMachineName }) => `arn:${partition}:states:${region}:${account}:execution:${stateMachineName}:*`),
    bus: [`arn:${partition}:events:${region}:${account}:event-bus/default`],
    'signing-secrets': secrets(configuration.sources.flatMap((source) => source.secrets)),
    'api-tokens': secrets(configuration.sources.flatMap(({ api }) => (api ? [api.token] : []))),
    'every-secret': [`arn:${partition}:secretsmanager:${region}:${account}:secret:*`],
    anything: ['*'],
  };
};

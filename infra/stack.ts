import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Configuration } from '../functions/core/configuration.ts';
import { Alarms } from './alarms.ts';
import { arnsOf } from './arns.ts';
import { bodiesBucket } from './bodies.ts';
import { Boundary } from './boundary.ts';
import { Events } from './events.ts';
import { Functions } from './functions.ts';
import { Ingress } from './ingress.ts';
import { FINGERPRINT_KEYS, HOLD_KEY, Keys } from './keys.ts';
import { everyAction } from './permissions.ts';
import type { Permitted } from './permissions.ts';
import { Playbook } from './playbook.ts';
import { Queues } from './queues.ts';
import { CONFIGURATION_BESIDE_CODE } from './rescind-function.ts';
import { Schedules } from './schedules.ts';
import type { Settings } from './settings.ts';
import { Tables } from './tables.ts';
import { casesTopic } from './topic.ts';

export interface RescindProps extends StackProps {
  /** Checked before, with `parseConfiguration`. */
  configuration: Configuration;
  connectors: readonly Permitted[];
  settings: Settings;
}

/** The functions read the configuration as it is, so it lies beside them with every default written out. */
const writtenOut = (configuration: Configuration): string => {
  const folder = mkdtempSync(join(tmpdir(), 'rescind-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, CONFIGURATION_BESIDE_CODE);
  writeFileSync(file, JSON.stringify(configuration));
  return file;
};

/** Rescind in one account and Region. */
export class Rescind extends Stack {
  constructor(scope: Construct, id: string, { configuration, connectors, settings, ...props }: RescindProps) {
    super(scope, id, { description: 'Rescind: takes back what was given out', ...props });
    const prefix = this.stackName;

    const { policy: boundary } = new Boundary(this, 'Boundary', { prefix, administrators: settings.administrators, actions: everyAction(connectors) });
    const functions = new Functions(this, 'Functions', { prefix, boundary, reserved: settings.reserved, configurationFile: settings.bundle ? writtenOut(configuration) : undefined });
    const { roles, lambdas } = functions;

    const tables = new Tables(this, 'Tables');
    const queues = new Queues(this, 'Queues');
    const bodies = bodiesBucket(this, 'Bodies');
    const keys = new Keys(this, 'Keys', { roles });
    const topic = casesTopic(this, 'Cases', keys.topic);
    const { machine } = new Playbook(this, 'SecretLeaked', { name: 'secret-leaked', prefix, functions: lambdas });

    functions.connect({
      connectors,
      configuration,
      indexTag: settings.indexTag,
      arns: arnsOf(this, { prefix, tables, queues, keys, bodies, topic, configuration }),
      environment: {
        REGISTRY_TABLE: tables.registry.tableName,
        LEDGER_TABLE: tables.ledger.tableName,
        DELIVERIES_QUEUE: queues.deliveries.queue.queueUrl,
        INDEX_QUEUE: queues.index.queue.queueUrl,
        BODIES_BUCKET: bodies.bucketName,
        FINGERPRINT_KEYS,
        HOLD_KEY,
        SECRET_LEAKED_PLAYBOOK: machine.stateMachineArn,
        CASES_TOPIC: topic.topicArn,
        CONFIGURATION: CONFIGURATION_BESIDE_CODE,
      },
    });
    functions.read('dispatch', queues.deliveries.queue);
    functions.read('index', queues.index.queue);

    const { url } = new Ingress(this, 'Ingress', { prefix, receive: lambdas.receive, api: lambdas.api });
    new Events(this, 'Events', { queues, playbooks: [machine] });
    new Schedules(this, 'Schedules', { queues });
    new Alarms(this, 'Alarms', { prefix, topic, watched: { queues, receive: lambdas.receive, playbook: machine } });

    const outputs = {
      ApiUrl: url,
      DeliveriesQueueUrl: queues.deliveries.queue.queueUrl,
      IndexQueueUrl: queues.index.queue.queueUrl,
      RegistryTableName: tables.registry.tableName,
      LedgerTableName: tables.ledger.tableName,
      StateMachineArn: machine.stateMachineArn,
      TopicArn: topic.topicArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}

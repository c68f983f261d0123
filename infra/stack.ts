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
import { jobRolePatterns, keptSecrets } from './opted-in.ts';
import { everyAction } from './permissions.ts';
import type { Permitted } from './permissions.ts';
import { Playbook } from './playbook.ts';
import { Queues } from './queues.ts';
import { CONFIGURATION_BESIDE_CODE } from './rescind-function.ts';
import { Schedules } from './schedules.ts';
import { secretArns } from './secrets.ts';
import type { Settings } from './settings.ts';
import { Tables } from './tables.ts';
import { Timers } from './timers.ts';
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

    const { policy: boundary } = new Boundary(this, 'Boundary', {
      prefix,
      administrators: settings.administrators,
      actions: everyAction(connectors, configuration),
      jobRoles: jobRolePatterns(configuration),
      keptSecrets: secretArns(this, keptSecrets(configuration)),
    });
    const functions = new Functions(this, 'Functions', { prefix, boundary, reserved: settings.reserved, configurationFile: settings.bundle ? writtenOut(configuration) : undefined });
    const { roles, lambdas } = functions;

    const tables = new Tables(this, 'Tables');
    const queues = new Queues(this, 'Queues');
    const timers = new Timers(this, 'Timers', { prefix, ends: queues.ends });
    const bodies = bodiesBucket(this, 'Bodies');
    const keys = new Keys(this, 'Keys', { roles });
    const topic = casesTopic(this, 'Cases', keys.topic);
    const { machine: secretLeaked } = new Playbook(this, 'SecretLeaked', { name: 'secret-leaked', prefix, functions: lambdas });
    const { machine: jobEnded } = new Playbook(this, 'JobEnded', { name: 'job-ended', prefix, functions: lambdas });

    functions.connect({
      connectors,
      configuration,
      indexTag: settings.indexTag,
      arns: arnsOf(this, { prefix, tables, queues, keys, bodies, topic, configuration }),
      environment: {
        REGISTRY_TABLE: tables.registry.tableName,
        LEDGER_TABLE: tables.ledger.tableName,
        LEASES_TABLE: tables.leases.tableName,
        DELIVERIES_QUEUE: queues.deliveries.queue.queueUrl,
        INDEX_QUEUE: queues.index.queue.queueUrl,
        ENDS_QUEUE: queues.ends.queue.queueUrl,
        ENDS_QUEUE_ARN: queues.ends.queue.queueArn,
        ENDS_DEAD_QUEUE_ARN: queues.ends.dead.queueArn,
        TIMERS_GROUP: timers.group,
        TIMERS_ROLE: timers.roleArn,
        BODIES_BUCKET: bodies.bucketName,
        FINGERPRINT_KEYS,
        HOLD_KEY,
        SECRET_LEAKED_PLAYBOOK: secretLeaked.stateMachineArn,
        JOB_ENDED_PLAYBOOK: jobEnded.stateMachineArn,
        CASES_TOPIC: topic.topicArn,
        CONFIGURATION: CONFIGURATION_BESIDE_CODE,
      },
    });
    functions.read('dispatch', queues.deliveries.queue);
    functions.read('index', queues.index.queue);
    functions.read('release', queues.ends.queue);

    const { url } = new Ingress(this, 'Ingress', { prefix, receive: lambdas.receive, api: lambdas.api, leases: lambdas.leases });
    new Events(this, 'Events', { queues, playbooks: [secretLeaked, jobEnded], leases: configuration.leases });
    new Schedules(this, 'Schedules', { queues });
    new Alarms(this, 'Alarms', { prefix, topic, watched: { queues, receive: lambdas.receive, release: lambdas.release, playbooks: { SecretLeaked: secretLeaked, JobEnded: jobEnded } } });

    const outputs = {
      ApiUrl: url,
      DeliveriesQueueUrl: queues.deliveries.queue.queueUrl,
      IndexQueueUrl: queues.index.queue.queueUrl,
      EndsQueueUrl: queues.ends.queue.queueUrl,
      RegistryTableName: tables.registry.tableName,
      LedgerTableName: tables.ledger.tableName,
      LeasesTableName: tables.leases.tableName,
      TimersGroupName: timers.group,
      StateMachineArn: secretLeaked.stateMachineArn,
      JobEndedPlaybookArn: jobEnded.stateMachineArn,
      TopicArn: topic.topicArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}

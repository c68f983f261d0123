import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientsOf, type Called, type ClientOf } from '../../functions/aws/clients.ts';
import { indexOf } from '../../functions/aws/composition-index.ts';
import type { IndexDeps } from '../../functions/aws/index-secret.ts';
import { tables } from '../../functions/aws/tables.ts';
import * as index from '../../functions/index.ts';
import { clockOf } from '../../local/clock.ts';
import { createAws, type Aws, type AwsWorld } from '../../local/fakes/aws/index.ts';
import { Behaviours } from '../../local/fakes/behaviour.ts';
import { startDynamo } from '../../local/fakes/platform/dynamo.ts';
import { createSqs } from '../../local/fakes/platform/sqs.ts';
import { account, callers, credentialsOf, region } from '../../local/roles.ts';
import { tableInput } from '../../local/tables.ts';
import { configurationOf, newPair } from '../connectors/house.ts';

/** The index with a queue of its own that nobody reads but the test. */
export interface IndexHouse {
  aws: Aws;
  behaviours: Behaviours;
  deps: IndexDeps;
  /** What the index asked of providers, each call as `Operation`. */
  calls: Called[];
  counted: string[];
  handle(message: object, remaining?: () => number, signal?: AbortSignal): Promise<void>;
  /** Takes the messages out that the index has sent itself. */
  sent(): unknown[];
  close(): Promise<void>;
}

/** Names of so many secrets, each with a text of its own. */
export const secretsOf = (count: number): NonNullable<AwsWorld['secrets']> =>
  Array.from({ length: count }, (_, n) => ({ name: `prod/secret-${n}`, value: JSON.stringify({ password: `a-pass-${n}-of-${newPair().secret}` }) }));

/** So many users with a key each. */
export const usersOf = (count: number): NonNullable<AwsWorld['users']> =>
  Array.from({ length: count }, (_, n) => ({ name: `user-${String(n).padStart(4, '0')}`, keys: [{ ...newPair(), status: 'Active' as const }] }));

/** Starts the fakes, the tables and the index over them. */
export const startIndexHouse = async (world: Partial<AwsWorld>, now: () => Date = () => new Date()): Promise<IndexHouse> => {
  const clock = clockOf();
  const behaviours = new Behaviours();
  const sqs = createSqs({ queues: [{ name: 'index' }, { name: 'deliveries' }], account, region, clock });
  const kmsKeys = [{ id: 'fingerprint-key', alias: 'alias/rescind-fingerprint-v1', usage: 'GENERATE_VERIFY_MAC' as const, material: Buffer.alloc(32, 7).toString('base64') }];
  const aws = await createAws({ world: { account, region, callers: callers([]), kmsKeys, ...world }, behaviours, clock, extraServices: { sqs: sqs.service } });
  const dynamo = await startDynamo({ clock, behaviours });
  await dynamo.createTables([tableInput(tables.registry)]);
  const calls: Called[] = [];
  const counted: string[] = [];
  const base = { region, endpoint: aws.url, credentials: credentialsOf('index'), maxAttempts: 1 };
  const hooks = { onCall: (called: Called) => void calls.push(called) };
  const providers = clientsOf(base, hooks);
  const tablesOnly = clientsOf({ ...base, endpoint: dynamo.url });
  const clientOf: ClientOf = (make) => ((make as unknown) === DynamoDBClient ? tablesOnly(make) : providers(make));
  const deps = indexOf({
    environment: {
      REGISTRY_TABLE: tables.registry.name, LEDGER_TABLE: tables.ledger.name, DELIVERIES_QUEUE: `${aws.url}/${account}/deliveries`, INDEX_QUEUE: `${aws.url}/${account}/index`,
      BODIES_BUCKET: '', FINGERPRINT_KEYS: 'v1=alias/rescind-fingerprint-v1', HOLD_KEY: '', SECRET_LEAKED_PLAYBOOK: '', JOB_ENDED_PLAYBOOK: '', LEASES_TABLE: '', ENDS_QUEUE: '', ENDS_QUEUE_ARN: '', ENDS_DEAD_QUEUE_ARN: '', TIMERS_GROUP: '', TIMERS_ROLE: '', CASES_TOPIC: '', CONFIGURATION: '',
    },
    configuration: configurationOf(),
    clientOf,
    clientsWith: (different) => clientsOf({ ...base, ...different }, hooks),
    ownRoles: ['Rescind-*'],
    fetch,
    local: true,
    now,
    sleep: clock.sleep,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    count: (metric) => void counted.push(metric),
  });
  return {
    aws, behaviours, deps, calls, counted,
    handle: (message, remaining, signal = new AbortController().signal) => index.handle(message, deps, signal, remaining),
    sent: () => {
      const { messages } = sqs.queues.queue('index');
      const bodies = [...messages.values()].map(({ body }) => JSON.parse(body) as unknown);
      messages.clear();
      return bodies;
    },
    close: async () => {
      await aws.close();
      await dynamo.close();
    },
  };
};

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientsOf, type ClientOf } from '../functions/aws/clients.ts';
import { indexOf } from '../functions/aws/composition-index.ts';
import { tables } from '../functions/aws/tables.ts';
import * as index from '../functions/index.ts';
import { clockOf } from '../local/clock.ts';
import { createAws } from '../local/fakes/aws/index.ts';
import { Behaviours } from '../local/fakes/behaviour.ts';
import { startDynamo } from '../local/fakes/platform/dynamo.ts';
import { account, callers, credentialsOf, region } from '../local/roles.ts';
import { tableInput } from '../local/tables.ts';
import { makeUp } from '../local/world/values.ts';
import { record } from './recorder.ts';

/** How often the index called each API in one walk, and how long it took here. */
export interface Walk {
  calls: Record<string, number>;
  seconds: number;
}

/** A house with many secrets, each with one secret-like leaf, and the index function as it is deployed. The table is on disk. */
export interface ManySecrets {
  /** Walks everything. */
  walk(): Promise<Walk>;
  /** Puts a new value into one of them. */
  change(n: number): Promise<void>;
  close(): Promise<void>;
}

const nameAt = (n: number): string => `prod/team-${n % 97}/secret-${n}`;

/** What the index cannot be called without and never looks at here. */
const environment = { REGISTRY_TABLE: tables.registry.name, LEDGER_TABLE: tables.ledger.name, DELIVERIES_QUEUE: 'none', INDEX_QUEUE: 'none', BODIES_BUCKET: '', FINGERPRINT_KEYS: 'v1=alias/rescind-fingerprint-v1', HOLD_KEY: '', SECRET_LEAKED_PLAYBOOK: '', CASES_TOPIC: '', CONFIGURATION: '' };

export const manySecrets = async (count: number): Promise<ManySecrets> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-index-'));
  const clock = clockOf();
  const behaviours = new Behaviours();
  const secrets = Array.from({ length: count }, (_, n) => ({ name: nameAt(n), value: JSON.stringify({ host: 'db.example.com', user: `app_${n}`, password: makeUp({ kind: 'password' }) }) }));
  const kmsKeys = [{ id: 'fingerprint-key', alias: 'alias/rescind-fingerprint-v1', usage: 'GENERATE_VERIFY_MAC' as const, material: Buffer.alloc(32, 7).toString('base64') }];
  const aws = await createAws({ world: { account, region, secrets, callers: callers([]), kmsKeys }, behaviours, clock });
  const dynamo = await startDynamo({ path: join(folder, 'tables'), clock, behaviours });
  await dynamo.createTables([tableInput(tables.registry)]);
  const base = { region, endpoint: aws.url, credentials: credentialsOf('index'), maxAttempts: 5 };
  const providers = clientsOf(base);
  const tablesOnly = clientsOf({ ...base, endpoint: dynamo.url });
  const clientOf: ClientOf = (make) => ((make as unknown) === DynamoDBClient ? tablesOnly(make) : providers(make));
  const deps = indexOf({
    environment,
    configuration: { installation: 'bench', mode: 'enforce', owners: [], secrets: [], users: [], probes: [], canaries: [], own: [], exemptions: [], sources: [], limits: { perSource: 1, perOwner: 1, overall: 1, reserve: 0 }, fallbackOwner: 'nobody', taskHours: 24 },
    clientOf,
    clientsWith: (different) => clientsOf({ ...base, ...different }),
    ownRoles: ['Rescind-*'],
    fetch,
    local: true,
    now: clock.now,
    sleep: clock.sleep,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    count: () => undefined,
  });
  const world = clientsOf({ ...base, credentials: credentialsOf('world') });
  return {
    walk: async () => {
      const calls: Record<string, number> = {};
      const stop = record(({ service, operation }) => {
        const name = `${service} ${operation}`;
        calls[name] = (calls[name] ?? 0) + 1;
      });
      const start = performance.now();
      try {
        await index.handle({ kind: 'all' }, deps, new AbortController().signal);
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        stop();
      }
      return { calls, seconds: (performance.now() - start) / 1000 };
    },
    change: async (n) => {
      await world(SecretsManagerClient).send(new PutSecretValueCommand({ SecretId: nameAt(n), SecretString: JSON.stringify({ password: makeUp({ kind: 'password' }) }) }));
    },
    close: async () => {
      await aws.close();
      await dynamo.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

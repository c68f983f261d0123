import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Edges } from '../connectors/edges.ts';
import type { Line } from '../core/case.ts';
import type { Configuration } from '../core/configuration.ts';
import type { LeaseLine } from '../core/lease.ts';
import { clientsOf, type ClientConfiguration, type ClientOf } from './clients.ts';
import { environmentOf, type Environment } from './environment.ts';
import { fingerprintKeysOf } from './fingerprints.ts';
import { Ledger } from './ledger.ts';
import { deployedCount, deployedLog, type Count, type Log } from './log.ts';
import { notice } from './notices.ts';
import { Registry } from './registry.ts';
import { secretReader } from './signing-secrets.ts';

/** What every function is made of. On one machine the same things point at the fakes. */
export interface Foundation {
  environment: Record<keyof Environment, string>;
  configuration: Configuration;
  clientOf: ClientOf;
  /** Clients of the same kind that sign with other credentials: for trying a leaked key. */
  clientsWith: (different: ClientConfiguration) => ClientOf;
  /** How the names of Rescind's own roles begin. */
  ownRoles: readonly string[];
  fetch: typeof fetch;
  local: boolean;
  now: () => Date;
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  log: Log;
  count: Count;
  /** Hears of each line that the ledger gets. */
  onLine?: (caseId: string, line: Line) => void;
  /** Hears of each line that a lease gets. */
  onLease?: (lease: string, line: LeaseLine) => void;
}

const sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    }, { once: true });
  });

/** The foundation of a deployed function: its variables, and the configuration that lies beside its code. */
export const deployed = (names: readonly (keyof Environment)[]): Foundation => {
  const environment = environmentOf(names) as Record<keyof Environment, string>;
  const { CONFIGURATION } = environmentOf(['CONFIGURATION']);
  return {
    environment,
    configuration: JSON.parse(readFileSync(CONFIGURATION, 'utf8')) as Configuration,
    clientOf: clientsOf({}, { onNotice: notice }),
    clientsWith: (different) => clientsOf(different, { onNotice: notice }),
    ownRoles: ['Rescind-*'],
    fetch: (...parameters) => fetch(...parameters),
    local: false,
    now: () => new Date(),
    sleep,
    log: deployedLog,
    count: deployedCount,
  };
};

const documentsOf = (clientOf: ClientOf): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(clientOf(DynamoDBClient), { marshallOptions: { removeUndefinedValues: true } });

/** The world as the connectors reach it. */
export const edgesOf = ({ clientOf, clientsWith, fetch, configuration, local, ownRoles }: Foundation): Edges => ({ clientOf, clientsWith, fetch, configuration, local, ownRoles });

export const ledgerOf = (f: Foundation): Ledger => new Ledger(documentsOf(f.clientOf), f.environment.LEDGER_TABLE, f.now, f.onLine);
export const registryOf = (f: Foundation): Registry => new Registry(documentsOf(f.clientOf), f.environment.REGISTRY_TABLE);

export const receiveOf = (f: Foundation) => ({
  configuration: f.configuration,
  clientOf: f.clientOf,
  ledger: ledgerOf(f),
  fingerprintKeys: fingerprintKeysOf(f.environment.FINGERPRINT_KEYS),
  holdKey: f.environment.HOLD_KEY,
  secrets: secretReader(f.clientOf, f.now),
  queueUrl: f.environment.DELIVERIES_QUEUE,
  endsQueue: f.environment.ENDS_QUEUE,
  bucket: f.environment.BODIES_BUCKET,
  now: f.now,
  log: f.log,
  count: f.count,
});

/** What `receive` gets when it is deployed. */
export const receiveDeps = () => receiveOf(deployed(['LEDGER_TABLE', 'FINGERPRINT_KEYS', 'HOLD_KEY', 'DELIVERIES_QUEUE', 'ENDS_QUEUE', 'BODIES_BUCKET']));

import { issuersOf } from '../connectors/index.ts';
import { deployed, edgesOf, ledgerOf, registryOf, type Foundation } from './composition.ts';
import { fingerprintKeysOf } from './fingerprints.ts';
import type { IndexDeps } from './index-secret.ts';

export const indexOf = (f: Foundation): IndexDeps => ({
  configuration: f.configuration,
  registry: registryOf(f),
  ledger: ledgerOf(f),
  clientOf: f.clientOf,
  issuers: issuersOf(edgesOf(f)),
  fingerprintKeys: fingerprintKeysOf(f.environment.FINGERPRINT_KEYS),
  deliveriesQueue: f.environment.DELIVERIES_QUEUE,
  indexQueue: f.environment.INDEX_QUEUE,
  now: f.now,
  sleep: f.sleep,
  log: f.log,
  count: f.count,
});

/** What `index` gets when it is deployed. */
export const indexDeps = (): IndexDeps => indexOf(deployed(['REGISTRY_TABLE', 'LEDGER_TABLE', 'FINGERPRINT_KEYS', 'DELIVERIES_QUEUE', 'INDEX_QUEUE']));

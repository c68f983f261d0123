import { reportersOf } from '../connectors/index.ts';
import type { DispatchDeps } from './admit.ts';
import { deployed, edgesOf, ledgerOf, registryOf, type Foundation } from './composition.ts';
import { fingerprintKeysOf } from './fingerprints.ts';

export const dispatchOf = (f: Foundation): DispatchDeps => ({
  configuration: f.configuration,
  clientOf: f.clientOf,
  ledger: ledgerOf(f),
  registry: registryOf(f),
  reporters: reportersOf(edgesOf(f)),
  fingerprintKeys: fingerprintKeysOf(f.environment.FINGERPRINT_KEYS),
  holdKey: f.environment.HOLD_KEY,
  playbookFor: (source) => (source === 'leases' ? f.environment.JOB_ENDED_PLAYBOOK : f.environment.SECRET_LEAKED_PLAYBOOK),
  bucket: f.environment.BODIES_BUCKET,
  indexQueue: f.environment.INDEX_QUEUE,
  now: f.now,
  sleep: f.sleep,
  log: f.log,
  count: f.count,
});

/** What `dispatch` gets when it is deployed. */
export const dispatchDeps = (): DispatchDeps => dispatchOf(deployed(['LEDGER_TABLE', 'REGISTRY_TABLE', 'FINGERPRINT_KEYS', 'HOLD_KEY', 'SECRET_LEAKED_PLAYBOOK', 'JOB_ENDED_PLAYBOOK', 'BODIES_BUCKET', 'INDEX_QUEUE']));

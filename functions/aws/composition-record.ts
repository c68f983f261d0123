import { deployed, ledgerOf, type Foundation } from './composition.ts';
import type { RecordDeps } from './steps.ts';

export const recordOf = (f: Foundation): RecordDeps => ({
  configuration: f.configuration,
  clientOf: f.clientOf,
  ledger: ledgerOf(f),
  topic: f.environment.CASES_TOPIC,
  now: f.now,
  log: f.log,
  count: f.count,
});

/** What `record` and `report` get when they are deployed. */
export const recordDeps = (): RecordDeps => recordOf(deployed(['LEDGER_TABLE']));
export const reportDeps = (): RecordDeps => recordOf(deployed(['LEDGER_TABLE', 'CASES_TOPIC']));

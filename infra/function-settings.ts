import type { Environment } from '../functions/aws/environment.ts';
import type { FunctionName } from './grants.ts';

export interface FunctionSettings {
  timeoutSeconds: number;
  memoryMegabytes: number;
  /** Which variables its code reads. */
  variables: readonly (keyof Environment)[];
}

/** A step waits for answers most of its time, and is paid for by memory times time. */
const step = { timeoutSeconds: 60, memoryMegabytes: 256, variables: ['LEDGER_TABLE', 'CONFIGURATION'] } as const satisfies FunctionSettings;

/** Where leases are, and what their timers are made of. */
const timers = ['LEASES_TABLE', 'ENDS_QUEUE', 'ENDS_QUEUE_ARN', 'ENDS_DEAD_QUEUE_ARN', 'TIMERS_GROUP', 'TIMERS_ROLE'] as const;

/** What differs between the functions. A step's timeout stays below the playbook's own (`playbooks/step.ts`). */
export const settings: Record<FunctionName, FunctionSettings> = {
  receive: { timeoutSeconds: 10, memoryMegabytes: 1024, variables: ['LEDGER_TABLE', 'DELIVERIES_QUEUE', 'ENDS_QUEUE', 'BODIES_BUCKET', 'FINGERPRINT_KEYS', 'HOLD_KEY', 'CONFIGURATION'] },
  dispatch: {
    timeoutSeconds: 60,
    memoryMegabytes: 512,
    variables: ['REGISTRY_TABLE', 'LEDGER_TABLE', 'BODIES_BUCKET', 'INDEX_QUEUE', 'FINGERPRINT_KEYS', 'HOLD_KEY', 'SECRET_LEAKED_PLAYBOOK', 'JOB_ENDED_PLAYBOOK', 'CONFIGURATION'],
  },
  plan: { ...step, variables: ['REGISTRY_TABLE', 'LEDGER_TABLE', 'CONFIGURATION'] },
  contain: { ...step, timeoutSeconds: 120 },
  rotate: { ...step, timeoutSeconds: 120 },
  revoke: step,
  // sleeps between two probes; it needs about 100 MB
  probe: { ...step, memoryMegabytes: 192 },
  record: step,
  report: { ...step, variables: ['LEDGER_TABLE', 'CASES_TOPIC', 'CONFIGURATION'] },
  index: { timeoutSeconds: 300, memoryMegabytes: 1024, variables: ['REGISTRY_TABLE', 'LEDGER_TABLE', 'DELIVERIES_QUEUE', 'INDEX_QUEUE', 'FINGERPRINT_KEYS', 'CONFIGURATION'] },
  api: { timeoutSeconds: 15, memoryMegabytes: 512, variables: ['REGISTRY_TABLE', 'LEDGER_TABLE', 'CONFIGURATION'] },
  // waits for providers most of its time; millions of ended runs a month are paid for by memory times time
  release: { timeoutSeconds: 60, memoryMegabytes: 256, variables: [...timers, 'DELIVERIES_QUEUE', 'CONFIGURATION'] },
  leases: { timeoutSeconds: 15, memoryMegabytes: 512, variables: [...timers, 'CONFIGURATION'] },
};

/** The metrics that Rescind emits. Alarms are built from this list and a test lets each real failure emit its own. */
export const namespace = 'Rescind';

/** The one dimension of every metric. */
export const dimensions = { service: 'rescind' } as const;

export const metrics = {
  /** A delivery was stored. */
  DeliveryAccepted: 'Count',
  /** A delivery was refused: wrong signature, wrong size, not what its type says. */
  DeliveryRejected: 'Count',
  /** The value of a finding could not be fetched from its sender. */
  LookupFailed: 'Count',
  /** A case ended red. */
  CaseNotContained: 'Count',
  /** A case waits for a person. */
  CaseWaiting: 'Count',
  /** A task passed its deadline without an answer. */
  TaskOverdue: 'Count',
  /** A step of a playbook threw. */
  StepFailed: 'Count',
  /** A provider throttled a call. */
  ProviderThrottled: 'Count',
  /** A secret could not be read by the index. */
  SecretUnreadable: 'Count',
  /** The index walked everything to the end. */
  IndexFinished: 'Count',
  /** A playbook ended without a word; the sweep or its status change started the next attempt. */
  CaseRevived: 'Count',
  /** A credential was lent to a run. */
  LeaseRegistered: 'Count',
  /** Somebody asked for a lease, or about one, and may not. */
  LeaseRefused: 'Count',
  /** A lent credential was seen dead. */
  LeaseReleased: 'Count',
  /** A try at ending a lease did not see its credential dead. */
  LeasePending: 'Count',
  /** How long the oldest pending revocation has been pending. */
  LeasePendingSeconds: 'Seconds',
  /** A job's role is shared with other runs and was not cut. */
  LeaseShared: 'Count',
  /** A lease outlived its timer and was ended by the sweep. */
  LeaseTimerLost: 'Count',
} as const;

export type MetricName = keyof typeof metrics;

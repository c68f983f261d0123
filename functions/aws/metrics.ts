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
} as const;

export type MetricName = keyof typeof metrics;

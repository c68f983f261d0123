/** The variables that the stack hands to the functions. The constructs and the handlers share these names by this type. */
export interface Environment {
  REGISTRY_TABLE: string;
  LEDGER_TABLE: string;
  /** URL of the queue between receive (and EventBridge) and dispatch. */
  DELIVERIES_QUEUE: string;
  /** URL of the queue that feeds the index function. */
  INDEX_QUEUE: string;
  BODIES_BUCKET: string;
  /** `version=key` pairs, newest first, comma separated: `v2=alias/b,v1=alias/a`. */
  FINGERPRINT_KEYS: string;
  HOLD_KEY: string;
  SECRET_LEAKED_PLAYBOOK: string;
  JOB_ENDED_PLAYBOOK: string;
  LEASES_TABLE: string;
  /** URL of the queue that feeds release: ended runs, timers, what is due again. */
  ENDS_QUEUE: string;
  /** ARNs of that queue and of its dead letters: where a lease's timer sends. */
  ENDS_QUEUE_ARN: string;
  ENDS_DEAD_QUEUE_ARN: string;
  /** The schedule group of the leases' timers, and the role under which they send. */
  TIMERS_GROUP: string;
  TIMERS_ROLE: string;
  CASES_TOPIC: string;
  /** Path of the installation's configuration beside the function's code. */
  CONFIGURATION: string;
}

/** Reads the named variables; says which one is missing. */
export const environmentOf = <Name extends keyof Environment>(
  names: readonly Name[],
  variables: Record<string, string | undefined> = process.env,
): Pick<Environment, Name> => {
  const found: Partial<Environment> = {};
  for (const name of names) {
    const value = variables[name];
    if (!value) throw new Error(`the environment variable ${name} is not set: deploy the function with the stack, which sets it`);
    found[name] = value;
  }
  return found as Pick<Environment, Name>;
};

/**
 * How a provider misbehaves. Part of a world file, and set by tests at run time.
 * Every fake asks `behaviours.of(call)` before it acts and does what the answer says.
 */
export type Effect =
  /** Answers after `seconds`. */
  | 'delay'
  /** A change takes effect for readers and for doors only after `seconds` (propagation). */
  | 'lag'
  /** Every other read is answered from the state of `seconds` ago (a replica behind). */
  | 'stale'
  /** Answers success (202 where the protocol has it) and acts after `seconds`. */
  | 'later'
  /** Answers as the provider does when it is asked too often (429, ThrottlingException, Throttling). */
  | 'throttle'
  /** Answers success and does nothing. */
  | 'lie'
  /** Answers an error: `status`, `code` and `message`. */
  | 'refuse'
  /** Acts, then drops the connection without an answer. */
  | 'drop'
  /** Drops the connection, or answers `status` where one is given, without acting. */
  | 'down';

export interface Behaviour {
  /** `secretsmanager`, `iam`, `sts`, `kms`, `cloudtrail`, `github`, `vendor:<name>`, `sqs`, `states`, `sns`, `events`, `s3`, `dynamodb`; absent: any. */
  service?: string;
  /** The operation's name (`UpdateAccessKey`) or, for plain HTTP, `METHOD /path` or its beginning; absent: any. */
  operation?: string;
  /** Part of the resource's name or id (secret name, key id, path); absent: any. */
  resource?: string;
  effect: Effect;
  seconds?: number;
  /** How many calls it holds for; absent: for ever. */
  times?: number;
  status?: number;
  code?: string;
  message?: string;
}

/** One call as a fake sees it. */
export interface Call {
  service: string;
  operation: string;
  /** What it is about (name, ARN, key id or path), as far as the request says. */
  resource: string;
}

/** The behaviours in force. One list is shared by all fakes of a world. */
export class Behaviours {
  private left: { behaviour: Behaviour; times: number }[] = [];

  constructor(behaviours: readonly Behaviour[] = []) {
    this.set(behaviours);
  }

  /** Replaces them all. */
  set(behaviours: readonly Behaviour[]): void {
    this.left = behaviours.map((behaviour) => ({ behaviour, times: behaviour.times ?? Infinity }));
  }

  add(behaviour: Behaviour): void {
    this.left.push({ behaviour, times: behaviour.times ?? Infinity });
  }

  /** What holds for this call, in the order of the list; each returned one is used up once. */
  of(call: Call): Behaviour[] {
    const found = this.left.filter(
      ({ behaviour: b, times }) =>
        times > 0 &&
        (b.service === undefined || b.service === call.service) &&
        (b.operation === undefined || call.operation === b.operation || (b.operation.includes(' ') && call.operation.startsWith(b.operation))) &&
        (b.resource === undefined || call.resource.includes(b.resource)),
    );
    for (const entry of found) entry.times -= 1;
    return found.map(({ behaviour }) => behaviour);
  }
}

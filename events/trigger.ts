/**
 * What happened, in the past tense, and the contract of every source that can say so.
 * Nothing here does I/O and nothing here imports anything of ours.
 */

/** A name that a report gives to a credential. A name is not proof: anyone can publish one beside invented characters. */
export interface CredentialName {
  /** The connector that issues such credentials, for instance `aws-iam-key`. */
  issuer: string;
  /** The issuer's own id, for instance `AKIA...`. */
  id: string;
}

/** A value that must be fetched from the sender before anything can be matched, and where. Carries no value. */
export interface Lookup {
  /** The connector that fetches it. */
  connector: 'github';
  /** `owner/name`, as signed by the sender. */
  repository: string;
  alert: number;
}

/** How sure the sender is. None of these is proof, except that `issuer` means that the credential's own issuer reports it. */
export type Claim = 'verified' | 'unverified' | 'unknown' | 'issuer';

/** One leaked secret in one place, as one sender sees it. */
export interface SecretLeaked {
  trigger: 'SecretLeaked';
  source: string;
  /** The sender's own stable id of this finding, from signed content: the same for every report about it. */
  finding: string;
  /** Which opening of the finding this is: a replay has the same one, a reopened finding another. */
  opening: string;
  /** ISO 8601, the sender's time where it gives one; else empty. */
  at: string;
  /** Where it leaked, for a person: a link, or file and line. Never holds a value. */
  where: string;
  /** What the sender calls this kind of secret (`aws_secret_access_key`, a rule's id). */
  kind: string;
  claim: Claim;
  /** Set where the sender marks it as something that must be recorded and not acted upon. */
  caution?: 'canary' | 'test' | 'sample';
  names: CredentialName[];
  /** The account in which an AWS credential lives, where the sender says so. */
  account?: string;
  /** The leaked values themselves. They leave `receive` only as fingerprints and held ciphertexts. */
  values: string[];
  lookup?: Lookup;
}

/** Which run of which job platform, by the platform's own ids. A rerun is another run: it has another attempt. */
export interface RunName {
  /** The source's family, for instance `github-actions`, `gitlab`, `aws-batch`. */
  platform: string;
  /** The platform's id of the run, unique at the platform: `<repository id>/<run id>` at GitHub, an ARN at AWS where it has one. */
  run: string;
  /** Which attempt of it; `1` where the platform counts none or gives each attempt an id of its own: such a platform belongs into `countNoAttempts` below. */
  attempt: string;
  /** One job of the run, where only that one is meant. */
  job?: string;
}

/**
 * Platforms whose sources tell every end as attempt `1`, also where a run can learn of a number of its own (`AWS_BATCH_JOB_ATTEMPT`).
 * A platform that has no source of its own counts as its sender does. A test holds this list against what the sources tell.
 */
const countNoAttempts = /^(?:aws-(?!states$).+|gitlab|buildkite|tekton|openai|cursor|a2a)$/;

/** The attempt by which the end of a run will be told: the one that is given, or `1` where the platform's source counts none. */
export const attemptTold = (platform: string, given: string): string => (countNoAttempts.test(platform) ? '1' : given);

interface OfRun {
  source: string;
  run: RunName;
  /** ISO 8601, the platform's time of it; empty where it gives none that can be read. */
  at: string;
  /** The platform's own word for the state, for instance `TIMED_OUT`. */
  state: string;
  /** What ran, for a person and for the rules about job roles: a job definition, a project, a state machine, a workflow's name. */
  name: string;
  /** ARN of the role it ran with, where the event names it. */
  role?: string;
}

/** A run (or one job of it) is over, however it ended. */
export interface JobEnded extends OfRun {
  trigger: 'JobEnded';
  /** The same for all events that tell of this one end, unique for its source. */
  end: string;
  /** It ended without having worked, or only its parts did: no beginning of it is ever told, and it never had its role. */
  neverWorked?: true;
}

/** A run began to work, or lives again after its end. Its `at` is empty where the platform gives no time: then it was just before the message came. */
export interface JobStarted extends OfRun {
  trigger: 'JobStarted';
}

/** Everything that can happen. Later issues add `PersonLeft` and `PlaybookRequested`. */
export type Trigger = SecretLeaked | JobEnded | JobStarted;

/** What a parser makes of an authentic message. Total: garbage gives a reason, never an exception. */
export type Parsed =
  | { kind: 'triggers'; triggers: Trigger[] }
  /** Understood and of no consequence: recorded, answered 2xx. */
  | { kind: 'ignored'; reason: string }
  /** Not what its type says: answered 400 with the reason, which never quotes the content. */
  | { kind: 'malformed'; reason: string };

/** A webhook as it came: header names in lower case, the body as raw decoded bytes. */
export interface WebhookRequest {
  method: string;
  headers: Record<string, string>;
  query: Record<string, string>;
  body: Uint8Array;
}

export type Authenticity = { ok: true } | { ok: false; reason: string };

/** What a sender is answered that asks, before it posts, whether it may. */
export interface Welcome {
  status: number;
  headers: Record<string, string>;
}

/** A sender that posts to `/triggers/{name}`. */
export interface WebhookSource {
  transport: 'webhook';
  name: string;
  /** The largest body that is read; 1 MiB where it is not given. */
  mostBytes?: number;
  /** Checks the raw bytes against each of the secrets that are valid now (one or two). Constant time; never throws. */
  authenticate(request: WebhookRequest, secrets: readonly string[], now: Date): Authenticity;
  parse(request: WebhookRequest): Parsed;
  /** Answers the challenge (GET or OPTIONS) with which its protocol begins; undefined where the request is none. Absent: it has none. */
  welcome?(request: WebhookRequest): Welcome | undefined;
}

/** A rule of EventBridge, in the words of the CDK. */
export interface EventRule {
  source: string[];
  detailType: string[];
  detail?: Record<string, unknown>;
}

/** A sender that speaks through EventBridge. `pattern` is the rule that the stack deploys for it. */
export interface AwsEventSource {
  transport: 'aws-event';
  name: string;
  /** What it tells of: a leak is for dispatch, a run for release. */
  tells: 'leak' | 'run';
  pattern: EventRule;
  /** What it tells of runs that begin: deployed only where a rule of the configuration ends a job role of this platform. */
  starts?: EventRule;
  /** Paths of all that it reads, from the event's root: of what tells of a run nothing else enters a queue. Absent: the event goes there as it is. */
  reads?: readonly string[];
  parse(event: unknown): Parsed;
}

export type Source = WebhookSource | AwsEventSource;

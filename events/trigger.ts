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

/** Everything that can happen. Later issues add `JobEnded`, `PersonLeft`, `PlaybookRequested` and `LeaseExpired`. */
export type Trigger = SecretLeaked;

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

/** A sender that posts to `/triggers/{name}`. */
export interface WebhookSource {
  transport: 'webhook';
  name: string;
  /** Checks the raw bytes against each of the secrets that are valid now (one or two). Constant time; never throws. */
  authenticate(request: WebhookRequest, secrets: readonly string[], now: Date): Authenticity;
  parse(request: WebhookRequest): Parsed;
}

/** A sender that speaks through EventBridge. `pattern` is the rule that the stack deploys for it. */
export interface AwsEventSource {
  transport: 'aws-event';
  name: string;
  pattern: { source: string[]; detailType: string[]; detail?: Record<string, unknown[]> };
  parse(event: unknown): Parsed;
}

export type Source = WebhookSource | AwsEventSource;

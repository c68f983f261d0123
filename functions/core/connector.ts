import type { CredentialName, Lookup } from '../../events/trigger.ts';

/**
 * What a connector throws where its provider could not be asked, and asking again may help. The message is shown to people and
 * kept: it says what is wrong and what to do, and quotes neither a value nor an answer.
 */
export class IssuerFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'IssuerFailed';
  }
}

/** What a connector promises about its provider. Core and playbooks read these and nothing else about it. */
export interface ConnectorFacts {
  effect: 'immediate' | 'eventual' | 'async' | 'manual';
  /** Seconds from an act until a probe that says dead is believed: `typical` at the earliest, `max` when waiting ends. */
  settleSeconds: { typical: number; max: number };
  reversible: boolean;
  /** What becomes of the old value after `rotate`. */
  old: 'dies-at-once' | 'dies-at-next-rotation' | 'dies-after-grace' | 'lives';
  containBeforeRotate: 'safe' | 'breaks-rotation';
  needsValue: boolean;
  /** What becomes of sessions and tokens that were minted from it. */
  children: 'die' | 'live' | 'unknown';
  reach: 'credential' | 'principal' | 'all-sessions' | 'organisation';
  rate: { perSecond?: number; perHour?: number; per: 'account' | 'token' | 'address' };
  /** For how many seconds after it was proven dead what was minted from it may still come to light; absent where the issuer knows at once. */
  watchSeconds?: number;
}

/** `list` reads everything that an issuer has, for the registry; `find` looks at one credential; `watch` looks again for what was minted from it. */
export type Verb = 'list' | 'find' | 'contain' | 'restore' | 'revoke' | 'rotate' | 'probe' | 'watch';

/** One permission of one verb. The stack grants each function the permissions of the verbs it performs and no others. */
export interface Permission {
  verb: Verb;
  /** IAM actions such as `iam:UpdateAccessKey`. */
  actions: string[];
  /** ARN patterns; `${account}`, `${region}` and `${partition}` are filled in by the stack. */
  resources: string[];
  conditions?: Record<string, Record<string, string | string[]>>;
}

/** A place that keeps a credential's value. */
export interface Copy {
  /** ARN of the secret. */
  place: string;
  /** Its name, for a person. */
  name: string;
  /** Which leaf of it: '' for the whole text, `a.b[0]` inside JSON, `url#password` inside a connection string. */
  path: string;
  /** The version of the secret in which the value was seen. */
  version: string;
  /** Whether that version is the one consumers read now. */
  current: boolean;
  /** Whether the installation's configuration vouches for this place. Only then may a new value go there. */
  bound: boolean;
  owner?: string;
}

/** One thing that opens a door. Names the door, never holds the key. */
export interface Credential {
  /** `<connector>:<id>`, for instance `aws-iam-key:AKIA...`. */
  id: string;
  issuer: string;
  /** The issuer's own id: the part of `id` behind the colon. */
  name: string;
  owner?: string;
  account?: string;
  /** The principal it belongs to, where the issuer has one: an IAM user's name. */
  principal?: string;
  copies: Copy[];
}

/** What was minted from a credential and may outlive it. */
export interface Child {
  /** `<kind>:<id>`, for instance `aws-role-session:arn:aws:sts::...`. */
  id: string;
  /** Whether it is known to be dead or denied, and how. */
  accounted: boolean;
  how: string;
}

/** A copy that was not replaced, and why. */
export interface Left {
  copy: Copy;
  reason: string;
  /** Set where nobody reads the old value there any more: nothing breaks for it. */
  unread?: boolean;
}

/** How an act ended. What was expected is a value; what was not is thrown and retried. */
export type Acted =
  | { result: 'done'; note: string; children?: Child[]; evidence?: Record<string, unknown>; replaced?: Copy[]; left?: Left[] }
  /** It was as we wanted it before we came. */
  | { result: 'already'; note: string; children?: Child[]; evidence?: Record<string, unknown>; replaced?: Copy[] }
  /** Under way at the provider: ask again after so many seconds. `wakes` names what will be announced when it is finished. */
  | { result: 'pending'; note: string; seconds: number; wakes?: string; evidence?: Record<string, unknown> }
  /** The provider will not do it. `meanwhile` says what constrains the thief; `unread` is set where a copy was to be written that nobody can read any more. */
  | { result: 'refused'; reason: string; meanwhile: string; unread?: boolean }
  /** A person must decide first. */
  | { result: 'ask'; question: string };

/** What a probe saw. */
export interface Probed {
  verdict: 'dead' | 'alive' | 'unknown';
  /** `value`: the old value itself was used; `record`: the issuer's own record was read. */
  basis: 'value' | 'record';
  /** Whether something known to live was accepted by the same door (or found in the same record) in the same run. */
  control: boolean;
  /** Status or error code and what it means; never a body, never a value. */
  note: string;
  /** The value is not this credential's at all: nothing that is said about it proves anything about the credential. */
  mismatch?: boolean;
  /** What was found meanwhile: keys made by others, sessions not accounted for. */
  children?: Child[];
}

/** What survives a crash between an act and its answer: written before the act, read before it is repeated. */
export interface Intent {
  /** What an earlier try of this very act left behind, newest last. Empty at the first try. */
  readonly noted: readonly Record<string, unknown>[];
  /** Writes a fact before (or right after) something that cannot be repeated safely. Holds no value. */
  note(fact: Record<string, unknown>): Promise<void>;
}

/** What the installation's configuration says about one credential. */
export interface Binding {
  owner?: string;
  /** The installation's name for the declared probe of this credential. */
  probe?: string;
  rotation?: 'alternating-users' | 'single-user';
  /** New key first where a slot is free; else contain first. */
  newKeyFirst?: boolean;
  /** A key that is proven dead may be deleted without asking. */
  deleteProvenDead?: boolean;
}

/** Everything a verb gets besides the credential. `Clients` are what the connector itself asks for. */
export interface Context {
  /** The case for which this is done: the root of every idempotency token. */
  case: string;
  /** How often this verb was completed before in this case: a second rotation is another act. */
  round: number;
  now: () => Date;
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  signal: AbortSignal;
  binding: Binding;
  intent: Intent;
}

/** What `find` tells about a credential as its issuer sees it at this moment. */
export interface Found {
  exists: boolean;
  /** The one name of what was found, however it was asked for: `<connector>:<name>` is its id. Absent: the name that was asked for. */
  name?: string;
  /** Set where that name means more than what was asked for: who may have the part may not have the whole. */
  isMore?: boolean;
  principal?: string;
  account?: string;
  /** Whether a successor can be made while this one still exists. */
  slotFree?: boolean;
  /** Set where the issuer says that it cannot be taken back by us. */
  protectedBy?: string;
  /** What the issuer keeps about it that a rule can ask for, for instance `meta.pipeline`. Holds no value. */
  attributes?: Record<string, string>;
  note: string;
}

/** A list of everything, which may take longer than one function runs. */
export interface Listing {
  signal: AbortSignal;
  /** The issuer's own word for where an earlier list came to. One that it no longer takes begins the list again. */
  from?: string;
  /** Hears that word each time when all before it was given out. */
  passed?: (marker: string) => Promise<void>;
}

/** Who decides whether a credential opens the door. */
export interface Issuer {
  name: string;
  role: 'issuer';
  permissions: Permission[];
  facts(binding: Binding): ConnectorFacts;
  /** All credentials of that issuer (for the registry), or those of one target. An empty target matches nothing. */
  list?(context: Listing): AsyncIterable<Credential>;
  find(credential: Credential, context: Context): Promise<Found>;
  contain?(credential: Credential, context: Context): Promise<Acted>;
  /** Gives back exactly what `contain` found, from the evidence that it returned. */
  restore?(credential: Credential, evidence: Record<string, unknown>, context: Context): Promise<Acted>;
  revoke?(credential: Credential, context: Context): Promise<Acted>;
  /** Makes a successor and writes it to the bound copies through `stores`. */
  rotate?(credential: Credential, stores: Store, context: Context): Promise<Acted>;
  /** `value` is the leaked value where one is held. Never says dead where the refusal may have another reason. */
  probe(credential: Credential, value: string | undefined, context: Context): Promise<Probed>;
  /**
   * What was minted from it since that moment, as far as the issuer's record tells by now: asked once more when `watchSeconds`
   * have passed. An issuer whose facts name them has it. Throws where the record cannot be asked.
   */
  watch?(credential: Credential, since: Date, context: Pick<Context, 'now' | 'sleep' | 'signal'>): Promise<Child[]>;
}

/** One change of one secret's text. */
export type Edit = (text: string) => string;

/** Who keeps copies. Replacing a copy kills nothing. */
export interface Store {
  name: string;
  role: 'store';
  permissions: Permission[];
  facts(binding: Binding): ConnectorFacts;
  /**
   * Lets the store's own rotation make a new value (compromised mode: `context.round` counts how often).
   * `opens` asks the issuer whether a value that lies about (a stuck AWSPENDING) is the one that still opens the door.
   */
  rotate(copies: readonly Copy[], opens: (value: string) => Promise<Probed>, context: Context): Promise<Acted>;
  /** Reads the text of one version of a copy's secret (absent: the current one); undefined where there is none. */
  read(place: string, version: string | undefined, context: Pick<Context, 'signal'>): Promise<string | undefined>;
  /** Puts an edited text as the new current version under `token`; the same token again changes nothing. */
  replace(place: string, edit: Edit, token: string, context: Pick<Context, 'signal'>): Promise<Acted>;
}

/** A sender that keeps the reported value to itself until it is asked for. */
export interface Reporter {
  name: string;
  role: 'reporter';
  permissions: Permission[];
  /** Fetches the value of one finding; `gone` where the sender no longer has it. Throws where asking again may help. */
  fetchValue(lookup: Lookup, context: Pick<Context, 'signal'>): Promise<{ value: string } | { gone: string }>;
}

export type Connector = Issuer | Store | Reporter;

/** A name as a credential's id. */
export const credentialIdOf = ({ issuer, id }: CredentialName): string => `${issuer}:${id}`;

/** The installation's configuration: files deployed with the stack, checked by schema before that. Never holds a value. */
export interface Configuration {
  /** The installation's name; appears in messages. */
  installation: string;
  mode: 'observe' | 'enforce';
  owners: Owner[];
  /** Secrets that are vouched for. Only these may receive a new value. */
  secrets: SecretBinding[];
  /** IAM users whose keys may be acted upon in another way than the default. */
  users: UserBinding[];
  probes: DeclaredProbe[];
  /** Access key ids and secret names that are tripwires: recorded, never acted upon. */
  canaries: string[];
  /** Rescind's own keys and secrets: a report that names one is never acted upon, it asks. */
  own: string[];
  exemptions: Exemption[];
  sources: SourceSettings[];
  limits: Limits;
  /** Who gets a task that nobody else owns. */
  fallbackOwner: string;
  /** Hours until an unanswered task is overdue. */
  taskHours: number;
}

export interface Owner {
  name: string;
  /** How a person is reached: a mail address or a channel. */
  contact: string;
}

export interface SecretBinding {
  /** The secret's name, exactly. */
  secret: string;
  owner: string;
  /** Which declared probe shows whether its value works, and on which leaf (absent: the first secret-like leaf). */
  probe?: string;
  leaf?: string;
  rotation?: 'alternating-users' | 'single-user';
  approval?: boolean;
}

export interface UserBinding {
  user: string;
  owner: string;
  newKeyFirst?: boolean;
  deleteProvenDead?: boolean;
  approval?: boolean;
}

/** A request that shows whether a value works, for an issuer without a connector. */
export interface DeclaredProbe {
  name: string;
  request: {
    method: 'GET' | 'POST' | 'HEAD';
    /** Fixed here; no redirect is followed. */
    url: string;
    /** `{value}` stands for the value under test. */
    headers: Record<string, string>;
    body?: string;
  };
  alive: number[];
  dead: number[];
  /** A secret that holds a value known to live, and its leaf. Absent: the copy's current value is the control. */
  control?: { secret: string; leaf?: string };
  settleSeconds: { typical: number; max: number };
  perHour: number;
  /** What the vendor does with the old value at a rotation. */
  old?: 'dies-at-once' | 'dies-at-next-rotation' | 'dies-after-grace' | 'lives';
}

export interface Exemption {
  credential: string;
  /** ISO 8601; afterwards it ends by itself. */
  until: string;
  reason: string;
}

export interface SourceSettings {
  /** The source's name, as in `/triggers/{source}`. */
  source: string;
  /** Names of the one or two secrets in Secrets Manager that hold its signing secrets. */
  secrets: string[];
  /** For sources that must look something up: where, and the secret that holds the token. */
  api?: { url: string; token: string };
}

/** Rolling counts an hour; over one, Rescind stops before the first action and asks. */
export interface Limits {
  perSource: number;
  perOwner: number;
  overall: number;
  /** Kept free for credentials that are proven by value. */
  reserve: number;
}

/** Rescind's own keys and secrets: those that are listed as such, and those that its sources name. */
export const ownNames = ({ own, sources }: Configuration): string[] => [...own, ...sources.flatMap(({ secrets, api }) => [...secrets, ...(api ? [api.token] : [])])];

export const bindingOfSecret = (configuration: Configuration, name: string): SecretBinding | undefined =>
  configuration.secrets.find(({ secret }) => secret === name);

export const contactOf = (configuration: Configuration, owner: string | undefined): { owner: string; contact: string } => {
  const name = owner ?? configuration.fallbackOwner;
  const found = configuration.owners.find((candidate) => candidate.name === name);
  return { owner: name, contact: found?.contact ?? configuration.owners.find((o) => o.name === configuration.fallbackOwner)?.contact ?? name };
};

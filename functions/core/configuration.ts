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
  /** What may be lent to job runs, and to whom. Absent: nothing. */
  leases?: Leases;
  /** The OpenBao or HashiCorp Vault server whose tokens and leases are taken back. */
  vault?: VaultSettings;
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

export interface VaultSettings {
  /** Such as `https://vault.example.com:8200`, without `/v1`. */
  address: string;
  /** The secret in Secrets Manager that holds Rescind's own token. */
  token: string;
  /** The namespace in which names without one are meant. Absent: the root. */
  namespace?: string;
  /** PEM of the authorities that sign its certificate, and then no others are trusted with it. Absent: those that Node trusts. */
  ca?: string;
}

/** A lease is a remote kill: who may register one, for what, and for how long. */
export interface Leases {
  /** Minutes from a registration to the latest end, renewals included. */
  maximumMinutes: number;
  /** What a token's `aud` must be. */
  audience: string;
  issuers: LeaseIssuer[];
  subjects: LeaseSubject[];
  /** Roles whose sessions end with the run that had them. */
  jobRoles: JobRole[];
  /** AWS job platforms that are listened to (names of sources). Absent: all. */
  platforms?: string[];
}

/** An OIDC issuer whose tokens are believed, as far as a subject says. */
export interface LeaseIssuer {
  /** The tokens' `iss`, exactly; or a SPIFFE trust domain (`spiffe://prod.example.com`), whose JWT-SVIDs need not name an issuer. */
  issuer: string;
  /** Where its keys are: a JWKS, or a trust domain's bundle. Absent: as its discovery document says, which a trust domain has not. */
  jwks?: string;
  /** Whose claims its tokens have: the run is then taken from them and from nowhere else. */
  platform?: 'github-actions' | 'gitlab';
}

/** The issuer of callers who sign with AWS credentials. */
export const awsIam = 'aws-iam';

/** Whom an installation trusts with leases. */
export interface LeaseSubject {
  name: string;
  /** One of `issuers`, or `aws-iam`. */
  issuer: string;
  /** Claims that a token must have, word for word. Ids that nobody can take over, not names. */
  claims?: Record<string, string>;
  /** For `aws-iam`: the ARN of the role or user that calls. */
  principal?: string;
  /** Platforms whose runs it may name, where its tokens do not say which run they are of. */
  platforms?: string[];
  owner: string;
  may: LeaseRight[];
}

/** Which credentials a subject may lease. */
export interface LeaseRight {
  connector: string;
  /** The credential's id at its issuer; `*` stands for any characters. */
  id: string;
  /** What the issuer must keep about the credential: attributes with their values, in which `{claim}` stands for the token's. */
  where?: Record<string, string>;
}

/** A role whose sessions end with the run that had them, if no other run has it. */
export interface JobRole {
  /** The source that tells of such runs, for instance `aws-batch`. */
  platform: string;
  role: string;
  /** What runs with it (job definition, job, project, state machine), where the platform's event does not name the role. */
  name?: string;
  owner: string;
}

/** Rolling counts an hour; over one, Rescind stops before the first action and asks. */
export interface Limits {
  perSource: number;
  perOwner: number;
  overall: number;
  /** Kept free for credentials that are proven by value. */
  reserve: number;
}

/** Rescind's own keys and secrets: those that are listed as such, and those that its sources and its vault name. */
export const ownNames = ({ own, sources, vault }: Configuration): string[] => [
  ...own,
  ...sources.flatMap(({ secrets, api }) => [...secrets, ...(api ? [api.token] : [])]),
  ...(vault ? [vault.token] : []),
];

export const bindingOfSecret = (configuration: Configuration, name: string): SecretBinding | undefined =>
  configuration.secrets.find(({ secret }) => secret === name);

export const contactOf = (configuration: Configuration, owner: string | undefined): { owner: string; contact: string } => {
  const name = owner ?? configuration.fallbackOwner;
  const found = configuration.owners.find((candidate) => candidate.name === name);
  return { owner: name, contact: found?.contact ?? configuration.owners.find((o) => o.name === configuration.fallbackOwner)?.contact ?? name };
};

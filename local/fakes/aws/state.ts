import type { Change } from './journal.ts';

/** Everything the AWS fakes know: one JSON-able object. Times are ISO 8601 unless the name says milliseconds. */
export interface AwsState {
  account: string;
  region: string;
  /** By name. */
  secrets: Record<string, Secret>;
  /** By name. */
  users: Record<string, User>;
  /** Long-lived access keys, by id. */
  keys: Record<string, AccessKey>;
  /** By name. */
  roles: Record<string, Role>;
  /** Inline policies, by `user/NAME/POLICY` or `role/NAME/POLICY`. */
  policies: Record<string, { document: string }>;
  /** By access key id (`ASIA...`). */
  sessions: Record<string, Session>;
  /** By id. */
  kmsKeys: Record<string, KmsKey>;
  /** Keys that sign as roles, by id. */
  callers: Record<string, { secretAccessKey: string; roleName: string; sessionName: string }>;
  trail: TrailEvent[];
  /** Recent changes, for readers that lag behind. */
  journal: Change[];
  /** Every access key that ever existed here, so that the truth can tell of deleted ones. */
  everKeys: string[];
}

/** The parts of the state that readers may see late. */
export type Collection = 'secrets' | 'users' | 'keys' | 'roles' | 'policies' | 'sessions';

export interface SecretVersion {
  value?: string;
  /** Base64. */
  binary?: string;
  stages: string[];
  createdAt: string;
  accessedAt?: string;
}

export interface Secret {
  name: string;
  arn: string;
  description?: string;
  kmsKeyId?: string;
  createdAt: string;
  changedAt: string;
  accessedAt?: string;
  /** When somebody deleted it; it is gone at `purgeAt`. */
  deletedAt?: string;
  purgeAt?: string;
  rotation?: Rotation;
  tags: Record<string, string>;
  owningService?: string;
  type?: string;
  unreadable?: boolean;
  /** Regions to which it is replicated. */
  replicas?: string[];
  policy?: string;
  versions: Record<string, SecretVersion>;
}

export interface Rotation {
  functionArn?: string;
  enabled: boolean;
  rules?: { AutomaticallyAfterDays?: number; Duration?: string; ScheduleExpression?: string };
  rotatedAt?: string;
  /** A rotation that is under way: which version, and how many steps are done. */
  running?: { token: string; stepsDone: number };
}

export interface User {
  name: string;
  id: string;
  createdAt: string;
  tags: Record<string, string>;
  attachedPolicies: string[];
  groups: string[];
  serviceCredentials: { id: string; service: string; status: string }[];
}

export interface AccessKey {
  id: string;
  userName: string;
  secret: string;
  status: string;
  createdAt: string;
  lastUsed?: { at: string; service: string; region: string };
}

export interface Role {
  name: string;
  id: string;
  /** Begins and ends with a slash. */
  path?: string;
  createdAt: string;
  tags?: Record<string, string>;
  /** Seconds. */
  maxSessionDuration?: number;
  attachedPolicies: string[];
}

export interface Session {
  secretAccessKey: string;
  sessionToken: string;
  issuedAt: string;
  expiresAt: string;
  kind: 'user' | 'federated' | 'role';
  /** The user's or the role's name. */
  principal: string;
  /** The role session's or the federated user's name. */
  sessionName?: string;
  /** The id of the role that was assumed: one made anew under the same name has another. */
  roleId?: string;
  byKey?: string;
}

export interface KmsKey {
  id: string;
  alias?: string;
  usage: 'ENCRYPT_DECRYPT' | 'GENERATE_VERIFY_MAC';
  /** Base64. */
  material: string;
  enabled: boolean;
  createdAt: string;
}

export interface TrailEvent {
  id: string;
  name: string;
  source: string;
  at: string;
  readOnly: boolean;
  username?: string;
  accessKeyId?: string;
  resources: { ResourceType: string; ResourceName: string }[];
  /** The record itself, as CloudTrail gives it: a JSON document. */
  record: string;
}

/** ARNs of this account. */
export const arnOf = {
  user: (state: AwsState, name: string) => `arn:aws:iam::${state.account}:user/${name}`,
  role: (state: AwsState, name: string) => `arn:aws:iam::${state.account}:role${state.roles[name]?.path ?? '/'}${name}`,
  assumedRole: (state: AwsState, role: string, session: string) => `arn:aws:sts::${state.account}:assumed-role/${role}/${session}`,
  federatedUser: (state: AwsState, name: string) => `arn:aws:sts::${state.account}:federated-user/${name}`,
  kmsKey: (state: AwsState, id: string) => `arn:aws:kms:${state.region}:${state.account}:key/${id}`,
};

/** What exists in the AWS account of a world: plain JSON, as a world file has it. Times are ISO 8601. */
export interface AwsWorld {
  account: string;
  region: string;
  /** Access keys that sign as roles: our own functions. Their sessions count as issued at the moment of each call. */
  callers?: WorldCaller[];
  secrets?: WorldSecret[];
  users?: WorldUser[];
  roles?: WorldRole[];
  kmsKeys?: WorldKmsKey[];
  trail?: WorldTrailEvent[];
}

export interface WorldCaller {
  accessKeyId: string;
  secretAccessKey: string;
  roleName: string;
  sessionName?: string;
}

export interface WorldSecret {
  name: string;
  value: string;
  description?: string;
  tags?: Record<string, string>;
  kmsKeyId?: string;
  rotation?: { functionArn: string; enabled?: boolean };
  /** The AWS service that manages it, for instance `rds`. */
  owningService?: string;
  /** A managed external secret's type. */
  type?: string;
  /** Its value cannot be read by anybody: KMS denies. */
  unreadable?: boolean;
  /** Regions to which it is replicated. */
  replicas?: string[];
  /** A version on which AWSPENDING got stuck; without a value it is empty. */
  pending?: { value?: string };
  createdDate?: string;
}

export interface WorldUser {
  name: string;
  tags?: Record<string, string>;
  keys?: { id: string; secret: string; status: 'Active' | 'Inactive' | 'Expired'; createDate?: string }[];
  inlinePolicies?: Record<string, object>;
  /** ARNs of managed policies. */
  attachedPolicies?: string[];
  groups?: string[];
  serviceCredentials?: { id: string; service: string; status: 'Active' | 'Inactive' }[];
  /** Sessions minted from a key of this user before the world began. */
  sessions?: WorldSession[];
  createDate?: string;
}

export interface WorldRole {
  name: string;
  /** Begins and ends with a slash; absent: `/`. */
  path?: string;
  tags?: Record<string, string>;
  createDate?: string;
  /** Seconds; absent: an hour. */
  maxSessionDuration?: number;
  inlinePolicies?: Record<string, object>;
  attachedPolicies?: string[];
  sessions?: (WorldSession & { sessionName: string })[];
}

export interface WorldSession {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  issuedAt: string;
  expiresAt?: string;
  /** The long-lived key that minted it. */
  byKey?: string;
}

export interface WorldKmsKey {
  id: string;
  /** With or without `alias/`. */
  alias?: string;
  usage: 'ENCRYPT_DECRYPT' | 'GENERATE_VERIFY_MAC';
  /** The key's bytes, base64. */
  material: string;
  enabled?: boolean;
}

export interface WorldTrailEvent {
  eventId?: string;
  eventName: string;
  eventTime: string;
  username?: string;
  accessKeyId?: string;
  resources?: { ResourceType: string; ResourceName: string }[];
  cloudTrailEvent?: Record<string, unknown>;
}

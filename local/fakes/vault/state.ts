import type { VaultEngineRole } from './world.ts';

/** Times are milliseconds since 1970, durations are seconds; a namespace is '' or ends in a slash. */
export interface StoredToken {
  value: string;
  accessor: string;
  type: 'service' | 'batch';
  policies: string[];
  path: string;
  displayName: string;
  meta: Record<string, string> | null;
  /** The value of the token that it dies with. */
  parent?: string;
  entity: string;
  namespace: string;
  issuedAt: number;
  /** Null: never. */
  expiresAt: number | null;
  ttl: number;
  period: number;
  explicitMaxTtl: number;
  renewable: boolean;
  /** How many requests it is still good for; absent: any number. */
  uses?: number;
  renewedAt?: number;
  revokedAt?: number;
}

export interface StoredLease {
  id: string;
  path: string;
  namespace: string;
  /** Key of the mount that gave it out. */
  mount: string;
  /** The value of the token that it dies with. */
  owner?: string;
  issuedAt: number;
  expiresAt: number;
  ttl: number;
  maxTtl: number;
  renewable: boolean;
  renewedAt?: number;
  /** When somebody asked for its end. */
  endAskedAt?: number;
  attempts: number;
  nextAttemptAt?: number;
  /** Why it could not be revoked, after the last attempt. */
  irrevocable?: string;
  /** Vault knows it no more. */
  gone: boolean;
  /** The credential behind it still opens its door. */
  alive: boolean;
}

export interface StoredRole {
  mount: string;
  role: string;
  roleId: string;
  policies: string[];
  tokenTtl: number;
  tokenType: 'service' | 'batch';
  secretIdTtl: number;
  secretIdUses: number;
}

export interface StoredSecretId {
  /** Key of the mount, such as `auth/approle`. */
  mount: string;
  role: string;
  value: string;
  accessor: string;
  metadata: Record<string, string>;
  createdAt: number;
  expiresAt: number | null;
  ttl: number;
  /** 0: any number. */
  uses: number;
  destroyed: boolean;
}

export interface StoredEntity {
  id: string;
  name: string;
  namespace: string;
  disabled: boolean;
  policies: string[];
  metadata: Record<string, string> | null;
  createdAt: number;
  updatedAt: number;
}

export interface StoredAlias {
  id: string;
  name: string;
  entity: string;
  mount: string;
  createdAt: number;
}

export interface StoredMount {
  /** With its namespace and, for an auth method, `auth/`: `team-a/auth/approle`. */
  key: string;
  path: string;
  namespace: string;
  isAuth: boolean;
  type: string;
  accessor: string;
  roles: Record<string, VaultEngineRole>;
  revocationFails: boolean;
}

export interface StoredUser {
  mount: string;
  name: string;
  password: string;
  policies: string[];
  tokenTtl: number;
}

export interface StoredNamespace {
  path: string;
  id: string;
  uuid: string;
}

/** All that the server knows, each table by its key; what is dead stays, so that a truth list can name it. */
export interface VaultTables {
  /** By value. */
  tokens: Record<string, StoredToken>;
  /** Accessor to value. */
  accessors: Record<string, string>;
  leases: Record<string, StoredLease>;
  /** By `<mount key> <role>`. */
  roles: Record<string, StoredRole>;
  /** By accessor. */
  secretIds: Record<string, StoredSecretId>;
  entities: Record<string, StoredEntity>;
  aliases: Record<string, StoredAlias>;
  mounts: Record<string, StoredMount>;
  users: Record<string, StoredUser>;
  namespaces: Record<string, StoredNamespace>;
}

export interface VaultState extends VaultTables {
  sealed: boolean;
  /** The id of its cluster: that of another world has another. */
  cluster: string;
}

export type VaultChange =
  | { [Table in keyof VaultTables]: { op: 'put'; table: Table; key: string; row: VaultTables[Table][string] } }[keyof VaultTables]
  | { [Table in keyof VaultTables]: { op: 'patch'; table: Table; key: string; fields: Partial<VaultTables[Table][string]> } }[keyof VaultTables]
  | { op: 'remove'; table: keyof VaultTables; key: string }
  | { op: 'seal'; sealed: boolean };

/** The row of a table, and never what every object inherits. */
export const rowOf = <Row>(table: Record<string, Row>, key: string | undefined): Row | undefined => (key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined);

/** Makes one change in place; making it again changes nothing. */
export const applyVaultChange = (state: VaultState, change: VaultChange): void => {
  if (change.op === 'seal') {
    state.sealed = change.sealed;
    return;
  }
  const table = state[change.table] as Record<string, unknown>;
  if (change.op === 'put') Object.defineProperty(table, change.key, { value: structuredClone(change.row), enumerable: true, writable: true, configurable: true });
  else if (change.op === 'remove') delete table[change.key];
  else if (Object.hasOwn(table, change.key)) Object.assign(table[change.key] as object, change.fields);
  if (change.op === 'put' && change.table === 'tokens' && change.row.accessor !== '') state.accessors[change.row.accessor] = change.key;
};

export const emptyVault = (): VaultState => ({ tokens: {}, accessors: {}, leases: {}, roles: {}, secretIds: {}, entities: {}, aliases: {}, mounts: {}, users: {}, namespaces: {}, sealed: false, cluster: '' });

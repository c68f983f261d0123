/** A token that exists when the world begins. `default` is added to its policies unless it is a root token. */
export interface VaultTokenSeed {
  /** Its name for people, and what `parent` and leases call it. */
  id: string;
  value: string;
  /** Empty for a batch token: they have none. */
  accessor: string;
  policies: string[];
  /** The id of another seed; it dies with it. Absent: an orphan. */
  parent?: string;
  orphan?: boolean;
  type?: 'service' | 'batch';
  /** Absent: for ever for a root token, 32 days for any other. */
  ttlSeconds?: number;
  periodSeconds?: number;
  meta?: Record<string, string>;
  displayName?: string;
  /** The name or id of an entity. */
  entity?: string;
  /** Such as `team-a`; absent: the root. */
  namespace?: string;
}

/** A secrets engine that gives leased credentials under `<mount>/creds/<role>`. */
export interface VaultEngineSeed {
  mount: string;
  namespace?: string;
  /** What `sys/mounts` calls it; `database` unless told. */
  type?: string;
  roles: Record<string, VaultEngineRole>;
  /** `fails`: what it gave out cannot be taken back behind it, so its leases become irrevocable. */
  revocation?: 'works' | 'fails';
}

export interface VaultEngineRole {
  /** An hour unless told. */
  ttlSeconds?: number;
  /** A day unless told. */
  maxTtlSeconds?: number;
  /** True unless told. */
  renewable?: boolean;
}

/** A credential that an engine has given out already. */
export interface VaultLeaseSeed {
  /** The whole lease id: `<mount>/creds/<role>/<random>`. */
  id: string;
  /** The id of the token seed that asked for it; absent: nobody's, it ends by itself. */
  token?: string;
  ttlSeconds?: number;
  maxTtlSeconds?: number;
  renewable?: boolean;
  namespace?: string;
}

export interface VaultSecretIdSeed {
  value: string;
  accessor: string;
  metadata?: Record<string, string>;
  ttlSeconds?: number;
  /** How many logins it is good for; 0 or absent: any number. */
  uses?: number;
}

export interface VaultAppRoleSeed {
  role: string;
  roleId: string;
  /** `approle` unless told. */
  mount?: string;
  namespace?: string;
  policies?: string[];
  tokenTtlSeconds?: number;
  tokenType?: 'service' | 'batch';
  secretIdTtlSeconds?: number;
  secretIds?: VaultSecretIdSeed[];
}

export interface VaultEntitySeed {
  name: string;
  id?: string;
  disabled?: boolean;
  policies?: string[];
  metadata?: Record<string, string>;
  namespace?: string;
  /** Who it is at an auth mount (`approle`, `userpass`): a role id or a user's name. */
  aliases?: { name: string; mount: string }[];
}

/** A person who logs in with a password under `auth/<mount>/login/<name>`. */
export interface VaultUserSeed {
  name: string;
  password: string;
  /** `userpass` unless told. */
  mount?: string;
  namespace?: string;
  policies?: string[];
  tokenTtlSeconds?: number;
}

/** What exists at an OpenBao or HashiCorp Vault server when the world begins. */
export interface VaultWorld {
  tokens: VaultTokenSeed[];
  /** Policy to path (with `*` at the end and `+` for a segment) to capabilities; `root` and `default` are built in. */
  policies?: Record<string, Record<string, string[]>>;
  namespaces?: string[];
  engines?: VaultEngineSeed[];
  leases?: VaultLeaseSeed[];
  approles?: VaultAppRoleSeed[];
  entities?: VaultEntitySeed[];
  users?: VaultUserSeed[];
  sealed?: boolean;
  /** HashiCorp's community edition: it has no namespaces, ignores the one that it is asked in, and says so. */
  isCommunity?: boolean;
  /** What `sys/unseal` wants to hear; absent: it stays as it is. */
  unsealKey?: string;
  /** How ends of leases are worked off: after how long (0.2 s), how long until the second try (10 s, doubling), how many tries until irrevocable (6). */
  revocation?: { queueSeconds?: number; retrySeconds?: number; attempts?: number };
}

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Behaviours } from '../behaviour.ts';
import type { LayeredState } from '../platform/layers.ts';
import { Layers } from '../platform/layers.ts';
import type { PlainAnswer, PlainRequest } from '../platform/plain-http.ts';
import { jsonObject, startPlain } from '../platform/plain-http.ts';
import { inFile, inMemory } from '../state.ts';
import { isSecretIdAlive } from './approle.ts';
import type { BackendAnswer } from './answers.ts';
import { refuse, textOf } from './answers.ts';
import { decideVault } from './decide.ts';
import { initialVault } from './initial.ts';
import { settledLeases } from './lease-ends.ts';
import { isUsable } from './life.ts';
import { takeList } from './list-method.ts';
import type { StoredLease, VaultChange, VaultState } from './state.ts';
import { applyVaultChange, rowOf } from './state.ts';
import type { VaultWorld } from './world.ts';

export type { VaultAppRoleSeed, VaultEngineSeed, VaultEntitySeed, VaultLeaseSeed, VaultTokenSeed, VaultUserSeed, VaultWorld } from './world.ts';
export type VaultStored = LayeredState<VaultState, VaultChange>;

export interface VaultOptions {
  world: VaultWorld;
  clock: Clock;
  behaviours: Behaviours;
  /** Where `vault.json` keeps what the server knows; absent: in memory. */
  folder?: string;
  port?: number;
  onCall?: (call: { service: string; operation: string; status: number }) => void;
}

export interface Vault {
  url: string;
  /**
   * What opens its door at this moment: `token/<accessor>`, `batch/<display name or hash>`, `lease/<lease id>` (alive at the
   * database behind), `secret-id/<mount>/<role>/<accessor>`, `entity/<id>` (not disabled), each with `@<namespace>` behind it
   * where that is not the root. Holds no values.
   */
  credentials(): { id: string; alive: boolean }[];
  /** Whether the token of that value is accepted at this moment. */
  alive(tokenValue: string): boolean;
  close(): Promise<void>;
}

/** What a request is about besides its path: behaviours may name the accessor, the lease or the secret-id's accessor. */
const subjectOf = (path: string, body: Buffer): string => {
  const fields = jsonObject(body) ?? {};
  return [path, fields.accessor, fields.lease_id, fields.secret_id_accessor].map(textOf).filter((one) => one !== '').join(' ');
};

const batchId = (displayName: string, value: string): string => (displayName === 'token' || displayName === '' ? createHash('sha256').update(value).digest('hex').slice(0, 16) : displayName);

const named = (id: string, namespace: string): string => (namespace === '' ? id : `${id}@${namespace.slice(0, -1)}`);

/**
 * Starts an OpenBao or HashiCorp Vault server on a loopback port. Behaviours of service `vault` hold for requests
 * (`POST /v1/auth/token/revoke-accessor`), those of `vault:<mount>` for what it asks of the database behind a mount
 * (`REVOKE <lease path>`): `refuse` and `down` make the revocation fail, `lie` has the database say done and keep the login.
 */
export const startVault = async (options: VaultOptions): Promise<Vault> => {
  const { world, clock, behaviours } = options;
  const store = options.folder === undefined ? inMemory<VaultStored>() : inFile<VaultStored>(join(options.folder, 'vault.json'));
  const layers = new Layers({ initial: initialVault(world, clock.now()), apply: applyVaultChange, clock, store });
  let staleReads = 0;

  const backend = (lease: StoredLease): BackendAnswer => {
    const mount = rowOf(layers.control().mounts, lease.mount);
    const effects = behaviours.of({ service: `vault:${mount?.path ?? lease.mount}`, operation: `REVOKE ${lease.path}`, resource: lease.id });
    const bad = effects.find(({ effect }) => ['refuse', 'down', 'drop', 'throttle'].includes(effect));
    if (bad !== undefined) return { error: bad.message ?? 'the database does not answer' };
    if (mount?.revocationFails === true) return { error: 'dial tcp 10.0.0.5:5432: connect: connection refused' };
    return effects.some(({ effect }) => effect === 'lie') ? 'lied' : 'done';
  };
  const settle = (leases?: readonly StoredLease[]): void => {
    const state = layers.control();
    if (!state.sealed) layers.commit(settledLeases(leases ?? Object.values(state.leases), state, clock.now().getTime(), world.revocation, backend));
  };
  /** The leases that a request may tell of: looking at all of them for each would cost more the more there are. */
  const concerned = ({ path, body }: PlainRequest): readonly StoredLease[] | undefined => {
    if (!path.includes('/leases') && /\/(auth|identity)\//.test(path)) return [];
    const id = jsonObject(body)?.lease_id;
    const lease = typeof id === 'string' ? rowOf(layers.control().leases, id) : undefined;
    return lease === undefined ? undefined : [lease];
  };

  const answer = (request: PlainRequest): PlainAnswer => {
    settle(concerned(request));
    const isRead = request.method === 'GET' || request.method === 'LIST' || /\/lookup(-self|-accessor)?$/.test(request.path);
    const stale = isRead ? request.effects.find(({ effect }) => effect === 'stale') : undefined;
    if (stale !== undefined) staleReads += 1;
    const seen = stale !== undefined && staleReads % 2 === 1 ? layers.seenBefore(stale.seconds ?? 1) : layers.seen();
    const decision = decideVault(request, { control: layers.control(), seen, world, now: clock.now().getTime(), backend });
    layers.commit(decision.used);
    layers.commit(decision.changes, request.effects);
    return { ...decision.answer, headers: { 'cache-control': 'no-store', ...decision.answer.headers } };
  };

  const server = await startPlain({
    service: 'vault',
    behaviours,
    clock,
    port: options.port,
    onCall: options.onCall,
    answer,
    subject: subjectOf,
    tune: takeList,
    throttled: () => ({ ...refuse(429, 'request path "sys": rate limit quota exceeded').answer, headers: { 'retry-after': '1' } }),
    refused: (status, _code, message) => refuse(status, message).answer,
  });

  return {
    url: server.url,
    credentials: () => {
      settle();
      const state = layers.seen();
      const now = clock.now().getTime();
      return [
        ...Object.values(state.tokens).map((token) => ({ id: named(token.type === 'batch' ? `batch/${batchId(token.displayName, token.value)}` : `token/${token.accessor}`, token.namespace), alive: isUsable(token, state, now) })),
        ...Object.values(state.leases).map(({ id, namespace, alive }) => ({ id: named(`lease/${id}`, namespace), alive })),
        ...Object.values(state.secretIds).map((one) => {
          const [, namespace = '', mount = ''] = /^(.*?)auth\/(.*)$/.exec(one.mount) ?? [];
          return { id: named(`secret-id/${mount}/${one.role}/${one.accessor}`, namespace), alive: isSecretIdAlive(one, state, now) };
        }),
        ...Object.values(state.entities).map(({ id, namespace, disabled }) => ({ id: named(`entity/${id}`, namespace), alive: !disabled })),
      ];
    },
    alive: (value) => {
      const state = layers.seen();
      const token = rowOf(state.tokens, value);
      return token !== undefined && isUsable(token, state, clock.now().getTime());
    },
    close: () => server.close(),
  };
};

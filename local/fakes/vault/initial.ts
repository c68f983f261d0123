import { createHash, randomUUID } from 'node:crypto';
import { SYSTEM_TTL_SECONDS } from './durations.ts';
import { applyVaultChange, emptyVault } from './state.ts';
import type { StoredMount, VaultState } from './state.ts';
import { namespaceOf, newMount } from './system.ts';
import { cleanPolicies } from './tokens.ts';
import type { VaultTokenSeed, VaultWorld } from './world.ts';

const slashed = (namespace = ''): string => (namespace.replace(/^\/+|\/+$/g, '') === '' ? '' : `${namespace.replace(/^\/+|\/+$/g, '')}/`);

/** A namespace's id is the end of every accessor and lease id in it: those of the world say what it is. */
const idOfNamespace = ({ tokens, leases = [] }: VaultWorld, path: string): string | undefined =>
  [...tokens.map(({ accessor, namespace }) => ({ id: accessor, namespace })), ...leases].filter(({ namespace }) => slashed(namespace) === path).flatMap(({ id }) => /\.([A-Za-z0-9]+)$/.exec(id)?.[1] ?? [])[0];

const idFrom = (text: string): string => createHash('sha256').update(text).digest('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

const ttlOf = ({ policies, ttlSeconds, periodSeconds }: VaultTokenSeed): number => ttlSeconds ?? periodSeconds ?? (policies.includes('root') ? 0 : SYSTEM_TTL_SECONDS);

/** The state that a world begins with. Throws where a seed names another that is not there. */
export const initialVault = (world: VaultWorld, at: Date): VaultState => {
  const state = emptyVault();
  const now = at.getTime();
  state.sealed = world.sealed ?? false;
  // the same after a kill before anything was kept
  state.cluster = idFrom(`cluster ${JSON.stringify(world)}`);
  const add = (change: Parameters<typeof applyVaultChange>[1]): void => applyVaultChange(state, change);
  for (const path of (world.namespaces ?? []).map(slashed)) add({ op: 'put', table: 'namespaces', key: path, row: namespaceOf(path, idOfNamespace(world, path)) });
  const home = (namespace: string | undefined): string => {
    const path = slashed(namespace);
    if (path !== '' && !Object.hasOwn(state.namespaces, path)) throw new Error(`the world has no namespace ${path}`);
    return path;
  };
  const mount = (made: Pick<StoredMount, 'path' | 'namespace' | 'isAuth' | 'type'> & Partial<StoredMount>): string => {
    const row = newMount(made);
    if (!Object.hasOwn(state.mounts, row.key)) add({ op: 'put', table: 'mounts', key: row.key, row });
    return row.key;
  };
  for (const { mount: path, namespace, type = 'database', roles, revocation } of world.engines ?? []) mount({ path, namespace: home(namespace), isAuth: false, type, roles, revocationFails: revocation === 'fails' });
  for (const role of world.approles ?? []) {
    const key = mount({ path: role.mount ?? 'approle', namespace: home(role.namespace), isAuth: true, type: 'approle' });
    const name = role.role.toLowerCase();
    add({ op: 'put', table: 'roles', key: `${key} ${name}`, row: { mount: key, role: name, roleId: role.roleId, policies: role.policies ?? [], tokenTtl: role.tokenTtlSeconds ?? 0, tokenType: role.tokenType ?? 'service', secretIdTtl: role.secretIdTtlSeconds ?? 0, secretIdUses: 0 } });
    for (const one of role.secretIds ?? []) {
      const ttl = one.ttlSeconds ?? role.secretIdTtlSeconds ?? 0;
      add({ op: 'put', table: 'secretIds', key: one.accessor, row: { mount: key, role: name, value: one.value, accessor: one.accessor, metadata: one.metadata ?? {}, createdAt: now, expiresAt: ttl > 0 ? now + ttl * 1000 : null, ttl, uses: one.uses ?? 0, destroyed: false } });
    }
  }
  for (const user of world.users ?? []) {
    const key = mount({ path: user.mount ?? 'userpass', namespace: home(user.namespace), isAuth: true, type: 'userpass' });
    add({ op: 'put', table: 'users', key: `${key} ${user.name.toLowerCase()}`, row: { mount: key, name: user.name.toLowerCase(), password: user.password, policies: user.policies ?? [], tokenTtl: user.tokenTtlSeconds ?? 0 } });
  }
  for (const { name, id, disabled, policies, metadata, namespace, aliases } of world.entities ?? []) {
    const entity = id ?? idFrom(`entity ${namespace ?? ''} ${name}`);
    add({ op: 'put', table: 'entities', key: entity, row: { id: entity, name, namespace: home(namespace), disabled: disabled ?? false, policies: policies ?? [], metadata: metadata ?? null, createdAt: now, updatedAt: now } });
    for (const alias of aliases ?? []) {
      const key = `${home(namespace)}auth/${alias.mount}`;
      if (!Object.hasOwn(state.mounts, key)) throw new Error(`the world has no auth mount ${key} for an alias of ${name}`);
      const row = { id: randomUUID(), name: alias.name, entity, mount: key, createdAt: now };
      add({ op: 'put', table: 'aliases', key: row.id, row });
    }
  }
  const valueOf = (id: string): string => {
    const seed = world.tokens.find((one) => one.id === id);
    if (seed === undefined) throw new Error(`the world has no vault token ${id}`);
    return seed.value;
  };
  for (const seed of world.tokens) {
    const isBatch = seed.type === 'batch';
    const ttl = ttlOf(seed);
    const parent = seed.parent !== undefined && seed.orphan !== true ? valueOf(seed.parent) : undefined;
    const entity = seed.entity === undefined ? '' : Object.values(state.entities).find(({ id, name }) => id === seed.entity || name === seed.entity)?.id;
    if (entity === undefined) throw new Error(`the world has no vault entity ${seed.entity ?? ''}`);
    add({
      op: 'put',
      table: 'tokens',
      key: seed.value,
      row: {
        value: seed.value,
        accessor: isBatch ? '' : seed.accessor,
        type: seed.type ?? 'service',
        policies: cleanPolicies(seed.policies, true),
        path: parent === undefined ? (ttl === 0 ? 'auth/token/root' : 'auth/token/create-orphan') : 'auth/token/create',
        displayName: seed.displayName ?? (ttl === 0 ? 'root' : 'token'),
        meta: seed.meta ?? null,
        ...(parent === undefined ? {} : { parent }),
        entity,
        namespace: home(seed.namespace),
        issuedAt: now,
        expiresAt: ttl === 0 ? null : now + ttl * 1000,
        ttl,
        period: seed.periodSeconds ?? 0,
        explicitMaxTtl: 0,
        renewable: !isBatch && ttl !== 0,
      },
    });
  }
  for (const { id, token, ttlSeconds = 3600, maxTtlSeconds = 86_400, renewable = true, namespace } of world.leases ?? []) {
    const path = id.replace(/\/[^/]+$/, '');
    const within = Object.values(state.mounts).find((one) => !one.isAuth && one.namespace === home(namespace) && path.startsWith(`${one.path}/`));
    if (within === undefined) throw new Error(`the world has no engine for the lease ${id}`);
    add({ op: 'put', table: 'leases', key: id, row: { id, path, namespace: home(namespace), mount: within.key, ...(token === undefined ? {} : { owner: valueOf(token) }), issuedAt: now, expiresAt: now + ttlSeconds * 1000, ttl: ttlSeconds, maxTtl: maxTtlSeconds, renewable, attempts: 0, gone: false, alive: true } });
  }
  return state;
};

import { randomUUID } from 'node:crypto';
import type { Answered, Route, VaultCall } from './answers.ts';
import { refuse, say, textOf } from './answers.ts';
import { SYSTEM_TTL_SECONDS } from './durations.ts';
import type { StoredAlias, StoredEntity, StoredMount, VaultChange } from './state.ts';
import { rowOf } from './state.ts';
import { authOf, cleanPolicies, newToken, putToken } from './tokens.ts';

/** The mount that a route's path lies under; routes of mounts are only reached where there is one. */
export const mountOf = ({ control, namespace, path }: VaultCall): StoredMount | undefined => {
  const here = Object.values(control.mounts).filter((mount) => mount.namespace === namespace && (path === mountPath(mount) || path.startsWith(`${mountPath(mount)}/`)));
  return here.sort((a, b) => b.path.length - a.path.length)[0];
};

/** As it is in a request: `auth/approle`, `database`. */
export const mountPath = (mount: StoredMount): string => `${mount.isAuth ? 'auth/' : ''}${mount.path}`;

interface Login {
  mount: StoredMount;
  /** Who it is at the mount: the name of the entity's alias. */
  alias: string;
  displayName: string;
  meta: Record<string, string>;
  policies: string[];
  ttl: number;
  type: 'service' | 'batch';
  /** What else changes by a login. */
  changes?: VaultChange[];
}

const entityOf = ({ control, namespace, now }: VaultCall, { mount, alias }: Login): { entity: StoredEntity; changes: VaultChange[] } => {
  const known = Object.values(control.aliases).find((one) => one.name === alias && one.mount === mount.key);
  const existing = rowOf(control.entities, known?.entity);
  if (existing !== undefined) return { entity: existing, changes: [] };
  const id = randomUUID();
  const entity: StoredEntity = { id, name: `entity_${id.slice(0, 8)}.${namespace === '' ? 'root' : (rowOf(control.namespaces, namespace)?.id ?? '')}`, namespace, disabled: false, policies: [], metadata: null, createdAt: now, updatedAt: now };
  const made: StoredAlias = { id: randomUUID(), name: alias, entity: id, mount: mount.key, createdAt: now };
  return { entity, changes: [{ op: 'put', table: 'entities', key: id, row: entity }, { op: 'put', table: 'aliases', key: made.id, row: made }] };
};

/** Gives somebody who proved who it is a token, as an orphan, with the entity that it belongs to. */
export const logIn = (call: VaultCall, login: Login): Answered => {
  const { entity, changes } = entityOf(call, login);
  if (entity.disabled) return refuse(403, 'permission denied');
  const isBatch = login.type === 'batch';
  const token = newToken(call, {
    type: login.type,
    policies: cleanPolicies(login.policies, true),
    path: call.path,
    displayName: login.displayName,
    meta: login.meta,
    entity: entity.id,
    ttl: Math.min(login.ttl || SYSTEM_TTL_SECONDS, SYSTEM_TTL_SECONDS),
    expires: true,
    renewable: !isBatch,
  });
  const entityPolicies = entity.policies.filter((name) => !token.policies.includes(name));
  return say({ auth: authOf(token, { value: token.value, entityPolicies }) }, [...(login.changes ?? []), ...changes, putToken(token)]);
};

/** `auth/<userpass>/login/<name>`: a person and a password. */
export const userpassLogin: Route = (call) => {
  const mount = mountOf(call);
  const name = (call.parts[0] ?? '').toLowerCase();
  const user = mount === undefined ? undefined : rowOf(call.control.users, `${mount.key} ${name}`);
  const password = textOf(call.body.password);
  if (password === '') return refuse(400, 'missing password');
  if (mount === undefined || user === undefined || user.password !== password) return refuse(400, 'invalid username or password');
  return logIn(call, { mount, alias: name, displayName: `${mount.path.replaceAll('/', '-')}-${name}`, meta: { username: name }, policies: user.policies, ttl: user.tokenTtl, type: 'service' });
};

import type { Route } from './answers.ts';
import { listed, randomId, refuse, say } from './answers.ts';
import { mountOf } from './logins.ts';
import type { StoredLease } from './state.ts';
import { rowOf } from './state.ts';

const HOUR = 3600;

/** `<mount>/creds/<role>`: a new pair at the database, alive until its lease ends. */
export const giveCredentials: Route = (call) => {
  const { caller, namespace, control, now, path } = call;
  const mount = mountOf(call);
  const name = call.parts[0] ?? '';
  const role = mount === undefined ? undefined : rowOf(mount.roles, name);
  if (mount === undefined || role === undefined || caller === undefined) return refuse(400, `unknown role: ${name}`);
  const maxTtl = role.maxTtlSeconds ?? 24 * HOUR;
  const suffix = namespace === '' ? '' : `.${rowOf(control.namespaces, namespace)?.id ?? ''}`;
  const wanted = now + Math.min(role.ttlSeconds ?? HOUR, maxTtl) * 1000;
  // what a batch token asked for cannot outlive it; what others asked for dies with them
  const expiresAt = caller.type === 'batch' ? Math.min(wanted, caller.expiresAt ?? wanted) : wanted;
  const lease: StoredLease = {
    id: `${path}/${randomId()}${suffix}`,
    path,
    namespace,
    mount: mount.key,
    owner: caller.value,
    issuedAt: now,
    expiresAt,
    ttl: role.ttlSeconds ?? HOUR,
    maxTtl,
    renewable: role.renewable ?? true,
    attempts: 0,
    gone: false,
    alive: true,
  };
  return say(
    {
      lease: { id: lease.id, renewable: lease.renewable, ttl: Math.round((expiresAt - now) / 1000) },
      data: { username: `v-${caller.displayName.slice(0, 8)}-${name.slice(0, 8)}-${randomId(20)}-${Math.floor(now / 1000)}`, password: randomId(20) },
    },
    [{ op: 'put', table: 'leases', key: lease.id, row: lease }],
  );
};

export const listEngineRoles: Route = (call) => listed(Object.keys(mountOf(call)?.roles ?? {}).sort());

export const readEngineRole: Route = (call) => {
  const role = rowOf(mountOf(call)?.roles ?? {}, call.parts[0]);
  return role === undefined ? refuse(404) : say({ data: { db_name: 'fake', default_ttl: role.ttlSeconds ?? HOUR, max_ttl: role.maxTtlSeconds ?? 24 * HOUR } });
};

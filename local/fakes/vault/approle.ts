import { randomUUID } from 'node:crypto';
import type { Answered, Route, VaultCall } from './answers.ts';
import { done, listOf, listed, mapOf, refuse, refuseWrapped, say, textOf } from './answers.ts';
import { secondsOf, timeOf } from './durations.ts';
import { logIn, mountOf } from './logins.ts';
import type { StoredRole, StoredSecretId, VaultState } from './state.ts';
import { rowOf } from './state.ts';

const keyOf = (call: VaultCall): string => `${mountOf(call)?.key ?? ''} ${(call.parts[0] ?? '').toLowerCase()}`;

/** Whether the role that the path names exists: writing to it is then an update and no creation. */
export const isRole = (call: VaultCall): boolean => rowOf(call.control.roles, keyOf(call)) !== undefined;

const isLiving = (one: StoredSecretId, now: number): boolean => !one.destroyed && (one.expiresAt === null || one.expiresAt > now);

/** Whether the secret-id still opens the login. */
export const isSecretIdAlive = (one: StoredSecretId, state: VaultState, now: number): boolean => isLiving(one, now) && rowOf(state.roles, `${one.mount} ${one.role}`) !== undefined;

const noRole = ({ parts }: VaultCall): string => `role "${parts[0] ?? ''}" does not exist`;

/** Calls with the role that the path names, or refuses as `refusal` does. */
const withRole = (refusal: (text: string) => Answered, route: (call: VaultCall, role: StoredRole) => Answered): Route => (call) => {
  const role = rowOf(call.control.roles, keyOf(call));
  return role === undefined ? refusal(noRole(call)) : route(call, role);
};
const orBad = (text: string): Answered => refuse(400, text);
const orFault = (text: string): Answered => refuseWrapped(500, text);

const secretIdsOf = (state: VaultState, role: StoredRole, now: number): StoredSecretId[] => Object.values(state.secretIds).filter((one) => one.mount === role.mount && one.role === role.role && isLiving(one, now));

export const writeRole: Route = (call) => {
  const { control, body } = call;
  const existing = rowOf(control.roles, keyOf(call));
  const seconds = (name: string, before: number): number => (body[name] === undefined ? before : (secondsOf(body[name]) ?? 0));
  const role: StoredRole = {
    mount: mountOf(call)?.key ?? '',
    role: (call.parts[0] ?? '').toLowerCase(),
    roleId: textOf(body.role_id) || (existing?.roleId ?? randomUUID()),
    policies: body.token_policies === undefined && body.policies === undefined ? (existing?.policies ?? []) : listOf(body.token_policies ?? body.policies),
    tokenTtl: seconds('token_ttl', existing?.tokenTtl ?? 0),
    tokenType: body.token_type === 'batch' ? 'batch' : (existing?.tokenType ?? 'service'),
    secretIdTtl: seconds('secret_id_ttl', existing?.secretIdTtl ?? 0),
    secretIdUses: seconds('secret_id_num_uses', existing?.secretIdUses ?? 0),
  };
  return done({ op: 'put', table: 'roles', key: keyOf(call), row: role });
};

export const readRole = withRole(() => refuse(404), (_call, role) =>
  say({ data: { bind_secret_id: true, secret_id_ttl: role.secretIdTtl, secret_id_num_uses: role.secretIdUses, secret_id_bound_cidrs: null, token_policies: role.policies, token_ttl: role.tokenTtl, token_max_ttl: 0, token_period: 0, token_type: role.tokenType, token_num_uses: 0, token_no_default_policy: false, token_explicit_max_ttl: 0, token_bound_cidrs: [], local_secret_ids: false } }),
);

/** Its secret-ids are gone with it; tokens they opened live on. */
export const deleteRole: Route = (call) => (isRole(call) ? done({ op: 'remove', table: 'roles', key: keyOf(call) }, ...Object.values(call.control.secretIds).filter((one) => `${one.mount} ${one.role}` === keyOf(call)).map((one) => ({ op: 'patch' as const, table: 'secretIds' as const, key: one.accessor, fields: { destroyed: true } }))) : done());

export const listRoles: Route = (call) => listed(Object.values(call.seen.roles).filter(({ mount }) => mount === mountOf(call)?.key).map(({ role }) => role).sort());

export const readRoleId = withRole(() => refuse(404), (_call, role) => say({ data: { role_id: role.roleId } }));

export const createSecretId = withRole(orBad, ({ body, now }, role) => {
  let metadata: Record<string, string> | null = mapOf(body.metadata);
  if (typeof body.metadata === 'string' && body.metadata !== '') {
    try {
      metadata = mapOf(JSON.parse(body.metadata));
    } catch {
      return refuse(400, 'failed to parse metadata');
    }
  }
  const [ttl, uses] = [body.ttl === undefined ? role.secretIdTtl : secondsOf(body.ttl), body.num_uses === undefined ? role.secretIdUses : secondsOf(body.num_uses)];
  if (ttl === undefined || uses === undefined || uses < 0) return refuse(400, 'num_uses cannot be negative');
  const row: StoredSecretId = { mount: role.mount, role: role.role, value: randomUUID(), accessor: randomUUID(), metadata: metadata ?? {}, createdAt: now, expiresAt: ttl > 0 ? now + ttl * 1000 : null, ttl, uses, destroyed: false };
  return say({ data: { secret_id: row.value, secret_id_accessor: row.accessor, secret_id_num_uses: uses, secret_id_ttl: ttl } }, [{ op: 'put', table: 'secretIds', key: row.accessor, row }]);
});

export const listSecretIds = withRole(orBad, ({ seen, now }, role) => listed(secretIdsOf(seen, role, now).map(({ accessor }) => accessor)));

const shown = (one: StoredSecretId): object => ({
  cidr_list: [],
  creation_time: timeOf(one.createdAt),
  expiration_time: one.expiresAt === null ? '0001-01-01T00:00:00Z' : timeOf(one.expiresAt),
  last_updated_time: timeOf(one.createdAt),
  metadata: one.metadata,
  secret_id_accessor: one.accessor,
  secret_id_num_uses: one.uses,
  secret_id_ttl: one.ttl,
  token_bound_cidrs: [],
});

const missing = (accessor: string): string => `failed to find accessor entry for secret_id_accessor: ${JSON.stringify(accessor)}`;

export const lookupSecretIdAccessor = withRole(orFault, ({ seen, now, body }, role) => {
  const accessor = textOf(body.secret_id_accessor);
  if (accessor === '') return refuse(400, 'missing secret_id_accessor');
  const found = secretIdsOf(seen, role, now).find((one) => one.accessor === accessor);
  if (found !== undefined) return say({ data: shown(found) });
  // unlike other errors this one comes in the envelope of an answer
  const { answer, changes } = say({ data: { error: missing(accessor) } });
  return { answer: { ...answer, status: 404 }, changes };
});

const destroy = (one: StoredSecretId): Answered => done({ op: 'patch', table: 'secretIds', key: one.accessor, fields: { destroyed: true } });

export const destroySecretIdAccessor = withRole(orFault, ({ control, now, body }, role) => {
  const accessor = textOf(body.secret_id_accessor);
  if (accessor === '') return refuse(400, 'missing secret_id_accessor');
  const found = secretIdsOf(control, role, now).find((one) => one.accessor === accessor);
  return found === undefined ? refuseWrapped(500, missing(accessor)) : destroy(found);
});

export const lookupSecretId = withRole(orFault, ({ seen, now, body }, role) => {
  if (textOf(body.secret_id) === '') return refuse(400, 'missing secret_id');
  const found = secretIdsOf(seen, role, now).find((one) => one.value === body.secret_id);
  return found === undefined ? done() : say({ data: shown(found) });
});

export const destroySecretId = withRole(orFault, ({ control, now, body }, role) => {
  if (textOf(body.secret_id) === '') return refuse(400, 'missing secret_id');
  const found = secretIdsOf(control, role, now).find((one) => one.value === body.secret_id);
  return found === undefined ? done() : destroy(found);
});

export const approleLogin: Route = (call) => {
  const { seen, now, body } = call;
  const mount = mountOf(call);
  const role = Object.values(seen.roles).find((one) => one.mount === mount?.key && one.roleId === textOf(body.role_id));
  if (textOf(body.role_id) === '') return refuse(400, 'missing role_id');
  const secret = role === undefined ? undefined : secretIdsOf(seen, role, now).find((one) => one.value === body.secret_id);
  if (mount === undefined || role === undefined || secret === undefined) return refuse(400, 'invalid role or secret ID');
  const left = secret.uses === 0 ? [] : [{ op: 'patch' as const, table: 'secretIds' as const, key: secret.accessor, fields: secret.uses === 1 ? { destroyed: true } : { uses: secret.uses - 1 } }];
  return logIn(call, { mount, alias: role.roleId, displayName: mount.path.replaceAll('/', '-'), meta: { ...secret.metadata, role_name: role.role }, policies: role.policies, ttl: role.tokenTtl, type: role.tokenType, changes: left });
};

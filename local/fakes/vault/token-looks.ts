import type { Answered, Route, VaultCall } from './answers.ts';
import { done, listed, refuse, refuseWrapped, say, textOf } from './answers.ts';
import { secondsUntil, timeOf, cappedTtl, secondsOf } from './durations.ts';
import { deathOf, isAlive, livingToken } from './life.ts';
import { policiesOf } from './policies.ts';
import type { StoredToken, VaultState } from './state.ts';
import { rowOf } from './state.ts';
import { authOf } from './tokens.ts';

const shown = (call: VaultCall, token: StoredToken, id: string): object => {
  const { seen, now } = call;
  const more = policiesOf(token, seen).filter((name) => !token.policies.includes(name));
  return {
    accessor: token.accessor,
    creation_time: Math.floor(token.issuedAt / 1000),
    creation_ttl: token.ttl,
    display_name: token.displayName,
    entity_id: token.entity,
    expire_time: token.expiresAt === null ? null : timeOf(token.expiresAt),
    explicit_max_ttl: token.explicitMaxTtl,
    id,
    issue_time: timeOf(token.issuedAt),
    ...(token.renewedAt === undefined ? {} : { last_renewal: timeOf(token.renewedAt), last_renewal_time: Math.floor(token.renewedAt / 1000) }),
    meta: token.meta,
    ...(token.namespace === '' ? {} : { namespace_path: token.namespace }),
    num_uses: token.uses ?? 0,
    orphan: token.parent === undefined,
    path: token.path,
    ...(token.period === 0 ? {} : { period: token.period }),
    policies: token.policies,
    renewable: token.renewable,
    ttl: token.expiresAt === null ? 0 : secondsUntil(token.expiresAt, now),
    type: token.type,
    ...(more.length === 0 ? {} : { identity_policies: more, external_namespace_policies: {} }),
  };
};

/** The living token that an accessor names, or the refusal; undefined for one that names none. */
const byAccessor = ({ body, namespace }: VaultCall, state: VaultState, now: number): StoredToken | Answered | undefined => {
  const accessor = textOf(body.accessor);
  if (accessor === '') return refuseWrapped(400, 'missing accessor');
  const token = rowOf(state.tokens, rowOf(state.accessors, accessor));
  const suffix = /\.([^.]+)$/.exec(accessor)?.[1];
  const home = token?.namespace ?? (suffix === undefined ? '' : (Object.values(state.namespaces).find(({ id }) => id === suffix)?.path ?? namespace));
  if (home !== namespace) return refuseWrapped(500, 'cannot lookup token in different namespace');
  return token !== undefined && isAlive(token, state, now) ? token : undefined;
};

const isAnswer = (one: StoredToken | Answered | undefined): one is Answered => one !== undefined && 'answer' in one;

/** A token by value; one of another namespace that is not below this one is not there. */
const byValue = ({ namespace, now }: VaultCall, state: VaultState, value: string): StoredToken | undefined => {
  const token = livingToken(state, value, now);
  return token?.namespace.startsWith(namespace) ? token : undefined;
};

export const lookup: Route = (call) => {
  const value = textOf(call.body.token) || textOf(call.query.get('token')) || (call.caller?.value ?? '');
  const token = byValue(call, call.seen, value);
  return token === undefined ? refuse(403, 'bad token') : say({ data: shown(call, token, token.value) });
};

export const lookupSelf: Route = (call) => {
  const token = call.caller;
  return token === undefined ? refuse(403, 'bad token') : say({ data: shown(call, token, token.value) });
};

export const lookupAccessor: Route = (call) => {
  const token = byAccessor(call, call.seen, call.now);
  if (isAnswer(token)) return token;
  return token === undefined ? refuseWrapped(400, 'invalid accessor') : say({ data: shown(call, token, '') });
};

export const listAccessors: Route = ({ seen, now, namespace }) =>
  listed(Object.values(seen.tokens).filter((token) => token.accessor !== '' && token.namespace === namespace && isAlive(token, seen, now)).map(({ accessor }) => accessor));

const renew = (call: VaultCall, token: StoredToken | undefined, value: (token: StoredToken) => string): Answered => {
  const { now, seen } = call;
  if (token === undefined) return refuse(400, 'token not found');
  if (token.type === 'batch') return refuse(400, 'batch tokens cannot be renewed');
  if (token.namespace !== call.namespace) return refuseWrapped(500, 'cannot renew a token across namespaces');
  if (!token.renewable) return refuse(400, 'lease is not renewable');
  const increment = secondsOf(call.body.increment);
  if (increment === undefined) return refuse(400, 'error converting input for field "increment"');
  const capped = cappedTtl({ increment, ttl: token.ttl, period: token.period, explicitMaxTtl: token.explicitMaxTtl }, token.issuedAt, now);
  if (capped === undefined) return refuseWrapped(500, 'past the max TTL, cannot renew');
  const entityPolicies = policiesOf(token, seen).filter((name) => !token.policies.includes(name));
  return say({ auth: authOf(token, { value: value(token), ttl: capped.ttl, entityPolicies }), warnings: capped.warnings }, [
    { op: 'patch', table: 'tokens', key: token.value, fields: { expiresAt: now + capped.ttl * 1000, renewedAt: now } },
  ]);
};

export const renewToken: Route = (call) => {
  const value = textOf(call.body.token);
  return value === '' ? refuse(400, 'missing token ID') : renew(call, byValue(call, call.control, value), (token) => token.value);
};

export const renewSelf: Route = (call) => renew(call, byValue(call, call.control, call.caller?.value ?? ''), (token) => token.value);

export const renewAccessor: Route = (call) => {
  const token = byAccessor(call, call.control, call.now);
  if (isAnswer(token)) return token;
  return token === undefined ? refuseWrapped(400, 'invalid accessor') : renew(call, token, () => '');
};

const end = (token: StoredToken | undefined, now: number): Answered => {
  if (token === undefined) return done();
  if (token.type === 'batch') return refuse(400, 'batch tokens cannot be revoked');
  // its children, and the leases of all of them, hang on it and die with it
  return done({ op: 'patch', table: 'tokens', key: token.value, fields: { revokedAt: now } });
};

export const revokeToken: Route = (call) => {
  const value = textOf(call.body.token);
  return value === '' ? refuse(400, 'missing token ID') : end(byValue(call, call.control, value), call.now);
};

export const revokeSelf: Route = (call) => end(byValue(call, call.control, call.caller?.value ?? ''), call.now);

export const revokeAccessor: Route = (call) => {
  const token = byAccessor(call, call.control, call.now);
  if (isAnswer(token)) return token;
  return token === undefined ? say({ warnings: ['No token found with this accessor'] }) : end(token, call.now);
};

/** Kills one token; those it made become orphans, but for batch tokens, which look for their parent at every use. */
export const revokeOrphan: Route = (call) => {
  const { control, now } = call;
  const value = textOf(call.body.token);
  if (value === '') return refuse(400, 'missing token ID');
  const token = byValue(call, control, value);
  if (token === undefined) return refuse(400, 'token to revoke not found');
  if (token.type === 'batch') return refuse(400, 'batch tokens cannot be revoked');
  const children = Object.values(control.tokens).filter((one) => one.parent === token.value && one.type === 'service' && deathOf(one, control) > now);
  const freed = children.map((one) => ({ op: 'patch' as const, table: 'tokens' as const, key: one.value, fields: { parent: undefined } }));
  return done(...freed, { op: 'patch', table: 'tokens', key: token.value, fields: { revokedAt: now } });
};

import { randomBytes } from 'node:crypto';
import type { Answered, Route, VaultCall } from './answers.ts';
import { isTrue, listOf, mapOf, randomId, refuse, say, textOf } from './answers.ts';
import { cappedTtl, secondsOf } from './durations.ts';
import { hasSudo, isPolicy } from './policies.ts';
import type { StoredToken, VaultChange } from './state.ts';
import { rowOf } from './state.ts';

/** What of a new token is not made up. */
export type NewToken = Pick<StoredToken, 'type' | 'policies' | 'path' | 'displayName' | 'meta' | 'entity' | 'ttl' | 'renewable'> &
  Partial<Pick<StoredToken, 'value' | 'parent' | 'period' | 'explicitMaxTtl' | 'uses'>> & { expires: boolean };

/** A new token in the namespace of the call. */
export const newToken = ({ namespace, control, now }: Pick<VaultCall, 'namespace' | 'control' | 'now'>, { expires, value, ...made }: NewToken): StoredToken => {
  const isBatch = made.type === 'batch';
  const id = rowOf(control.namespaces, namespace)?.id;
  const suffix = id === undefined ? '' : `.${id}`;
  const issuedAt = isBatch ? Math.floor(now / 1000) * 1000 : now;
  const accessor = isBatch ? '' : `${randomId()}${suffix}`;
  return {
    ...made,
    value: value ?? (isBatch ? `b.${randomBytes(120).toString('base64url')}` : `s.${randomId()}`) + suffix,
    accessor,
    namespace,
    issuedAt,
    expiresAt: expires ? issuedAt + made.ttl * 1000 : null,
    period: made.period ?? 0,
    explicitMaxTtl: made.explicitMaxTtl ?? 0,
  };
};

/** The `auth` of an answer that gives or renews a token. */
export const authOf = (token: StoredToken, shown: { value: string; ttl?: number; entityPolicies?: string[] }): object => {
  const more = shown.entityPolicies ?? [];
  return {
    client_token: shown.value,
    accessor: token.accessor,
    policies: [...new Set([...token.policies, ...more])].sort(),
    token_policies: token.policies,
    ...(more.length === 0 ? {} : { identity_policies: more }),
    metadata: token.meta,
    lease_duration: shown.ttl ?? token.ttl,
    renewable: token.renewable,
    entity_id: token.entity,
    token_type: token.type,
    orphan: token.parent === undefined,
    mfa_requirement: null,
    num_uses: token.uses ?? 0,
  };
};

export const putToken = (token: StoredToken): VaultChange => ({ op: 'put', table: 'tokens', key: token.value, row: token });

/** Sorted, without doubles, with `default` unless it is unwanted; `root` stands alone. */
export const cleanPolicies = (names: string[], withDefault: boolean): string[] => {
  const clean = new Set(names.map((name) => name.toLowerCase()));
  if (clean.has('root')) return ['root'];
  if (withDefault) clean.add('default');
  return [...clean].sort();
};

/** Makes tokens under `auth/token/create` and `create-orphan`. */
export const createToken: Route = (call): Answered => {
  const { body, caller, control, now, world } = call;
  const parent = rowOf(control.tokens, caller?.value);
  if (parent === undefined) return refuse(400, 'parent token lookup failed: no parent found');
  if (parent.type === 'batch') return refuse(400, 'batch tokens cannot create more tokens');
  if (parent.uses !== undefined) return refuse(400, 'restricted use token cannot generate child tokens');
  const isSudo = hasSudo(call, parent, call.path);
  const asked = listOf(body.policies);
  if (call.namespace !== parent.namespace) {
    if (!isSudo) return refuse(400, 'root or sudo privileges required to directly generate a token in a child namespace');
    if (asked.includes('root')) return refuse(400, 'root tokens may not be created from a parent namespace');
  }
  const type = textOf(body.type) || 'service';
  if (type !== 'service' && type !== 'batch') return refuse(400, "invalid 'token_type' value");
  const [ttl, period, explicitMaxTtl, uses] = [secondsOf(body.ttl ?? body.lease), secondsOf(body.period), secondsOf(body.explicit_max_ttl), secondsOf(body.num_uses)];
  if (explicitMaxTtl === undefined) return refuse(400, "'explicit_max_ttl' value could not be parsed");
  if (period === undefined) return refuse(400, "'period' value could not be parsed");
  if (ttl === undefined || ttl < 0) return refuse(400, 'ttl must be positive');
  if (uses === undefined || uses < 0) return refuse(400, 'number of uses cannot be negative');
  if (explicitMaxTtl < 0 || period < 0) return refuse(400, period < 0 ? 'period must be positive' : 'explicit_max_ttl must be positive');
  if (type === 'batch') {
    const bad = explicitMaxTtl !== 0 ? 'explicit_max_ttl' : uses !== 0 ? 'num_uses' : period !== 0 ? 'period' : undefined;
    if (bad !== undefined) return refuse(400, `batch tokens cannot have "${bad}" set`);
  }
  if (textOf(body.id) !== '') {
    if (!isSudo) return refuse(400, 'root or sudo privileges required to specify token id');
    if (call.namespace !== '') return refuse(400, 'token IDs can only be manually specified in the root namespace');
    if (/^[sb]\.|[.,\s]/.test(textOf(body.id)) || rowOf(control.tokens, textOf(body.id)) !== undefined) return refuse(400, 'cannot create a token with a duplicate or reserved ID');
  }
  const policies = cleanPolicies(asked.length === 0 ? parent.policies : asked, !isTrue(body.no_default_policy));
  if (!isSudo && !parent.policies.includes('root') && policies.some((name) => !cleanPolicies(parent.policies, !isTrue(body.no_default_policy)).includes(name))) return refuse(400, 'child policies must be subset of parent');
  const isRoot = policies.includes('root');
  if (isRoot && !parent.policies.includes('root')) return refuse(400, 'root tokens may not be created without parent token being root');
  if (isRoot && type === 'batch') return refuse(400, 'batch tokens cannot be root tokens');
  const isOrphan = call.path.endsWith('create-orphan') || isTrue(body.no_parent);
  if (isTrue(body.no_parent) && !isSudo && !call.path.endsWith('create-orphan')) return refuse(400, 'root or sudo privileges required to create orphan token');
  if (period > 0 && !isSudo) return refuse(400, 'root or sudo privileges required to create periodic token');
  const expires = !isRoot || ttl > 0 || period > 0 || explicitMaxTtl > 0;
  if (!expires && parent.expiresAt !== null) return refuse(400, 'expiring root tokens cannot create non-expiring root tokens');
  const capped = expires ? cappedTtl({ ttl, period, explicitMaxTtl }, now, now) : undefined;
  const display = textOf(body.display_name).replace(/[^a-zA-Z0-9-]/g, '-').replace(/-$/, '');
  const token = newToken(call, {
    type,
    policies,
    path: call.path,
    displayName: display === '' ? 'token' : `token-${display}`,
    meta: mapOf(body.meta),
    ...(textOf(body.id) === '' ? {} : { value: textOf(body.id) }),
    ...(isOrphan ? {} : { parent: parent.value }),
    entity: isOrphan ? '' : parent.entity,
    ttl: capped?.ttl ?? 0,
    expires,
    period,
    explicitMaxTtl,
    renewable: type === 'service' && expires && (body.renewable === undefined || isTrue(body.renewable)),
    ...(uses === 0 ? {} : { uses }),
  });
  const unknown = policies.filter((name) => !isPolicy(name, world.policies)).map((name) => `Policy "${name}" does not exist`);
  const custom = textOf(body.id) === '' ? [] : ['Supplying a custom ID for the token uses the weaker SHA1 hashing instead of the more secure SHA2-256 HMAC for token obfuscation. SHA1 hashed tokens on the wire leads to less secure lookups.'];
  return say({ auth: authOf(token, { value: token.value }), warnings: [...(capped?.warnings ?? []), ...custom, ...unknown] }, [putToken(token)]);
};

/** Under a role there is nothing: this server has none. */
export const createAgainstRole: Route = (call) => refuse(400, `unknown role ${call.parts[0] ?? ''}`);

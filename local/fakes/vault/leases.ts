import { createHash } from 'node:crypto';
import type { Answered, Route, VaultCall } from './answers.ts';
import { done, isTrue, listed, queuedUp, refuse, say, textOf } from './answers.ts';
import { cappedTtl, secondsOf, secondsUntil, timeOf } from './durations.ts';
import { isAlive } from './life.ts';
import { gone, ofEngine } from './lease-ends.ts';
import type { StoredLease, StoredToken, VaultChange, VaultState } from './state.ts';
import { rowOf } from './state.ts';

const leaseOf = (state: VaultState, id: string, namespace: string): StoredLease | undefined => {
  const lease = rowOf(state.leases, id);
  return lease !== undefined && !lease.gone && lease.namespace === namespace ? lease : undefined;
};

/** A token has a lease of its own, under the path that made it. */
const leaseIdOf = (token: StoredToken): string => `${token.path}/h${createHash('sha256').update(token.value).digest('hex')}${/\.[^.]+$/.exec(token.accessor)?.[0] ?? ''}`;

const tokensOf = (state: VaultState, namespace: string, now: number, under: string): StoredToken[] =>
  under.startsWith('auth/') || under === ''
    ? Object.values(state.tokens).filter((token) => token.type === 'service' && token.namespace === namespace && token.expiresAt !== null && leaseIdOf(token).startsWith(under) && isAlive(token, state, now))
    : [];

const idOf = ({ body, parts }: VaultCall): string => textOf(body.lease_id) || textOf(parts[0]);

export const lookupLease: Route = (call) => {
  const { seen, namespace, now } = call;
  const id = idOf(call);
  if (id === '') return refuse(400, 'lease_id must be specified');
  const lease = leaseOf(seen, id, namespace);
  const token = lease === undefined ? tokensOf(seen, namespace, now, id)[0] : undefined;
  const one = lease ?? token;
  if (one === undefined) return refuse(400, 'invalid lease');
  const endsAt = Math.min(one.expiresAt ?? 0, lease?.endAskedAt ?? Infinity);
  return say({
    data: {
      expire_time: timeOf(endsAt),
      id,
      issue_time: timeOf(one.issuedAt),
      last_renewal: one.renewedAt === undefined ? null : timeOf(one.renewedAt),
      path: one.path,
      renewable: one.renewable && endsAt > now && lease?.irrevocable === undefined,
      ttl: secondsUntil(endsAt, now),
    },
  });
};

/** The next segments of the lease ids under a prefix. */
export const listLeases: Route = ({ seen, namespace, now, parts }) => {
  const prefix = parts[0] === undefined || parts[0] === '' ? '' : `${parts[0]}/`;
  const ids = [...Object.values(seen.leases).filter((lease) => !lease.gone && lease.namespace === namespace).map(({ id }) => id), ...tokensOf(seen, namespace, now, prefix).map(leaseIdOf)];
  const under = ids.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length));
  return listed([...new Set(under.map((rest) => (rest.includes('/') ? `${rest.split('/')[0] ?? ''}/` : rest)))].sort());
};

export const renewLease: Route = (call) => {
  const { control, namespace, now, body } = call;
  const id = idOf(call);
  if (id === '') return refuse(400, 'lease_id must be specified');
  const lease = leaseOf(control, id, namespace);
  if (lease === undefined) return refuse(400, tokensOf(control, namespace, now, id).length > 0 ? 'tokens cannot be renewed through this endpoint' : 'lease not found');
  if (lease.irrevocable !== undefined) return refuse(400, 'lease is expired and has failed previous revocation attempts');
  if (Math.min(lease.expiresAt, lease.endAskedAt ?? Infinity) <= now) return refuse(400, 'lease expired');
  if (!lease.renewable) return refuse(400, 'lease is not renewable');
  const increment = secondsOf(body.increment);
  if (increment === undefined) return refuse(400, 'error converting input for field "increment"');
  const capped = cappedTtl({ increment, ttl: lease.ttl, maxTtl: lease.maxTtl }, lease.issuedAt, now);
  if (capped === undefined) return refuse(400, 'past the max TTL, cannot renew');
  return say({ lease: { id, renewable: true, ttl: capped.ttl }, warnings: capped.warnings }, [{ op: 'patch', table: 'leases', key: id, fields: { expiresAt: now + capped.ttl * 1000, renewedAt: now } }]);
};

const endToken = (token: StoredToken, now: number): VaultChange => ({ op: 'patch', table: 'tokens', key: token.value, fields: { revokedAt: now } });
/** The server waits for the end unless it is told not to. */
const isAwaited = ({ body, query }: VaultCall): boolean => isTrue(body.sync ?? query.get('sync') ?? true);
const queued = (lease: StoredLease, now: number): VaultChange[] => (lease.endAskedAt === undefined ? [{ op: 'patch', table: 'leases', key: lease.id, fields: { endAskedAt: now } }] : []);

/** Asks the backend for each at once; stops at the first that fails, unless `force` forgets it. */
const atOnce = (call: VaultCall, leases: StoredLease[], how: { force: boolean; error: (lease: StoredLease, index: number, why: string) => string }): Answered => {
  const changes: VaultChange[] = [];
  for (const [index, lease] of leases.entries()) {
    const answer = call.backend(lease);
    if (typeof answer === 'object' && !how.force) return { ...refuse(400, how.error(lease, index, `${ofEngine}${answer.error}`)), changes };
    changes.push(gone(lease, answer));
  }
  return done(...changes);
};

export const revokeLease: Route = (call) => {
  const { control, namespace, now } = call;
  const id = idOf(call);
  if (id === '') return refuse(400, 'lease_id must be specified');
  const lease = leaseOf(control, id, namespace);
  const said = isAwaited(call) ? done : queuedUp;
  if (lease === undefined) return said(...tokensOf(control, namespace, now, id).map((token) => endToken(token, now)));
  return isAwaited(call) ? atOnce(call, [lease], { force: false, error: (_lease, _index, why) => why }) : said(...queued(lease, now));
};

const revokeUnder = (call: VaultCall, force: boolean): Answered => {
  const { control, namespace, now } = call;
  const prefix = textOf(call.parts[0]);
  const exact = leaseOf(control, prefix, namespace);
  const leases = exact !== undefined ? [exact] : Object.values(control.leases).filter((lease) => !lease.gone && lease.namespace === namespace && lease.id.startsWith(`${prefix}/`));
  const tokens = tokensOf(control, namespace, now, `${prefix}/`).map((token) => endToken(token, now));
  if (!force && !isAwaited(call)) return queuedUp(...leases.flatMap((lease) => queued(lease, now)), ...tokens);
  const answered = atOnce(call, leases, { force, error: ({ id }, index, why) => (exact !== undefined ? `failed to revoke "${id}": ${why}` : `failed to revoke "${id}" (${index + 1} / ${leases.length}): ${why}`) });
  return { ...answered, changes: [...answered.changes, ...tokens] };
};

export const revokePrefix: Route = (call) => revokeUnder(call, false);

/** Forgets what the backend will not take back; the credential may live on behind it. */
export const revokeForce: Route = (call) => revokeUnder(call, true);

const irrevocable = ({ seen, namespace, query }: VaultCall): StoredLease[] => {
  const below = isTrue(query.get('include_child_namespaces'));
  return Object.values(seen.leases).filter((lease) => !lease.gone && lease.irrevocable !== undefined && (below ? lease.namespace.startsWith(namespace) : lease.namespace === namespace));
};

const accessorOf = (state: VaultState, lease: StoredLease): string => rowOf(state.mounts, lease.mount)?.accessor ?? 'mount-accessor-not-found';
const asksIrrevocable = ({ query }: VaultCall): boolean => query.get('type')?.toLowerCase() === 'irrevocable';

export const countLeases: Route = (call) => {
  if (!asksIrrevocable(call)) return refuse(404);
  const found = irrevocable(call);
  const counts: Record<string, number> = {};
  for (const lease of found) counts[accessorOf(call.seen, lease)] = (counts[accessorOf(call.seen, lease)] ?? 0) + 1;
  return say({ data: { counts, lease_count: found.length } });
};

export const listIrrevocable: Route = (call) => {
  if (!asksIrrevocable(call)) return refuse(404);
  const found = irrevocable(call);
  return say({ data: { lease_count: found.length, leases: found.map((lease) => ({ lease_id: lease.id, mount_id: accessorOf(call.seen, lease), error: lease.irrevocable })) } });
};

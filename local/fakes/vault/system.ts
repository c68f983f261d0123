import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Answered, Route, VaultCall } from './answers.ts';
import { done, listed, refuse, refuseWrapped, say, textOf } from './answers.ts';
import { gone } from './lease-ends.ts';
import { mountPath } from './logins.ts';
import { capabilitiesAt, reachesUnder } from './policies.ts';
import type { StoredMount, StoredNamespace, VaultChange, VaultState } from './state.ts';
import { rowOf } from './state.ts';

const VERSION = '2.0.0-HEAD';
const clusterOf = ({ cluster }: VaultState): object => ({ cluster_name: 'vault-cluster-1f7ef1ee', cluster_id: cluster });

const plain = (status: number, body: object, changes: VaultChange[] = []): Answered => ({ answer: { status, body }, changes });

export const health: Route = ({ seen, world, now, query }) => {
  const { sealed } = seen;
  const replication = sealed ? 'unknown' : 'disabled';
  const status = Number(query.get(sealed ? 'sealedcode' : 'activecode')) || (sealed ? 503 : 200);
  return plain(status, { initialized: true, sealed, standby: sealed, replication_performance_mode: replication, replication_dr_mode: replication, server_time_utc: Math.floor(now / 1000), version: VERSION, ...(world.isCommunity ? { enterprise: false } : {}), ...(sealed ? {} : clusterOf(seen)) });
};

const sealStatus = (state: VaultState, sealed = state.sealed): object => ({ type: 'shamir', initialized: true, sealed, t: 1, n: 1, progress: 0, nonce: '', version: VERSION, build_date: '2026-08-21T00:00:00Z', migration: false, recovery_seal: false, storage_type: 'inmem', ...(sealed ? {} : clusterOf(state)) });

export const readSealStatus: Route = ({ seen }) => plain(200, sealStatus(seen));

export const seal: Route = ({ namespace }) => (namespace === '' ? done({ op: 'seal', sealed: true }) : refuseWrapped(404, 'unsupported path'));

export const unseal: Route = ({ body, world, control }) => {
  if (textOf(body.key) === '') return refuse(400, "'key' must be specified in request body as JSON, or 'reset' set to true");
  if (!control.sealed) return plain(200, sealStatus(control, false));
  if (world.unsealKey === undefined || body.key !== world.unsealKey) return refuse(400, 'failed to unseal: invalid key');
  return plain(200, sealStatus(control, false), [{ op: 'seal', sealed: false }]);
};

/** A namespace as it is stored; ids as the server makes them, the same for the same path unless told. */
export const namespaceOf = (path: string, id = createHash('sha256').update(path).digest('base64').replace(/[^A-Za-z0-9]/g, '').slice(0, 6)): StoredNamespace => ({ path, id, uuid: randomUUID() });

const shownNamespace = ({ id, path, uuid }: StoredNamespace): object => ({ custom_metadata: {}, id, locked: false, path, tainted: false, uuid });
const pathOf = ({ namespace, parts }: VaultCall): string => `${namespace}${parts[0] ?? ''}/`;

export const createNamespace: Route = (call) => {
  const existing = rowOf(call.control.namespaces, pathOf(call));
  if (existing !== undefined) return say({ data: shownNamespace(existing) });
  if (!/^[\w-]+\/$/.test(pathOf(call).slice(call.namespace.length))) return refuse(400, `parent namespace ${JSON.stringify(pathOf(call).replace(/[^/]+\/$/, ''))} does not exist`);
  const row = namespaceOf(pathOf(call));
  return say({ data: shownNamespace(row) }, [{ op: 'put', table: 'namespaces', key: row.path, row }]);
};

export const readNamespace: Route = (call) => {
  const found = rowOf(call.seen.namespaces, pathOf(call));
  return found === undefined ? refuse(404) : say({ data: shownNamespace(found) });
};

export const listNamespaces: Route = ({ seen, namespace }) =>
  listed(Object.keys(seen.namespaces).filter((path) => path.startsWith(namespace) && path !== namespace && !path.slice(namespace.length, -1).includes('/')).map((path) => path.slice(namespace.length)));

const described = (mount: Pick<StoredMount, 'accessor' | 'type'>): object => ({
  accessor: mount.accessor,
  config: { default_lease_ttl: 0, force_no_cache: false, max_lease_ttl: 0 },
  description: '',
  external_entropy_access: false,
  local: false,
  options: null,
  seal_wrap: false,
  type: mount.type,
  uuid: '',
});

const listMounts = (isAuth: boolean, builtIn: Record<string, Pick<StoredMount, 'accessor' | 'type'>>): Route => ({ seen, namespace }) => {
  const mounts = Object.values(seen.mounts).filter((mount) => mount.isAuth === isAuth && mount.namespace === namespace);
  const data = Object.fromEntries([...Object.entries(builtIn), ...mounts.map((mount) => [`${mount.path}/`, mount] as const)].map(([path, mount]) => [path, described(mount)]));
  const answered = say({ data });
  // the same is said twice: in `data`, and beside it as in the first versions
  return { ...answered, answer: { ...answered.answer, body: { ...(answered.answer.body as object), ...data } } };
};

export const listAuths = listMounts(true, { 'token/': { accessor: 'auth_token_00000000', type: 'token' } });
export const listEngines = listMounts(false, { 'sys/': { accessor: 'system_00000000', type: 'system' }, 'identity/': { accessor: 'identity_00000000', type: 'identity' }, 'cubbyhole/': { accessor: 'cubbyhole_00000000', type: 'cubbyhole' } });

/** A mount as it is stored. */
export const newMount = (mount: Pick<StoredMount, 'path' | 'namespace' | 'isAuth' | 'type'> & Partial<StoredMount>): StoredMount => ({
  key: `${mount.namespace}${mount.isAuth ? 'auth/' : ''}${mount.path}`,
  accessor: `${mount.isAuth ? 'auth_' : ''}${mount.type}_${randomBytes(4).toString('hex')}`,
  roles: {},
  revocationFails: false,
  ...mount,
});

/** Whether a mount is there, for whoever may do anything under it. */
export const showMount: Route = (call) => {
  const { seen, namespace, caller, world, parts } = call;
  const path = parts[0] ?? '';
  const mount = Object.values(seen.mounts).find((one) => one.namespace === namespace && `${path}/`.startsWith(`${mountPath(one)}/`));
  if (caller === undefined) return refuse(403, 'permission denied');
  if (mount === undefined || !reachesUnder({ world, seen, namespace }, caller, `${mountPath(mount)}/`)) return refuse(403, `preflight capability check returned 403, please ensure client's policies grant access to path ${JSON.stringify(`${path}/`)}`);
  return say({ data: { ...described(mount), path: `${mountPath(mount)}/` } });
};

const enable = (isAuth: boolean): Route => ({ parts, namespace, body, control }) => {
  const type = textOf(body.type);
  const path = (parts[0] ?? '').replace(/\/+$/, '');
  if (type === '') return refuse(400, 'backend type must be specified as a string');
  if (isAuth && type !== 'approle' && type !== 'userpass') return refuse(400, `plugin not found in the catalog: ${type}`);
  const mount = newMount({ path, namespace, isAuth, type });
  if (rowOf(control.mounts, mount.key) !== undefined || (isAuth && path === 'token')) return refuse(400, `path is already in use at ${path}/`);
  return done({ op: 'put', table: 'mounts', key: mount.key, row: mount });
};
export const enableAuth = enable(true);
export const enableEngine = enable(false);

/** What was given out under a mount dies with it. */
const disable = (isAuth: boolean): Route => (call) => {
  const { control, namespace, now } = call;
  const mount = rowOf(control.mounts, `${namespace}${isAuth ? 'auth/' : ''}${(call.parts[0] ?? '').replace(/\/+$/, '')}`);
  if (mount === undefined) return done();
  const under = `${mountPath(mount)}/`;
  const leases = Object.values(control.leases).filter((lease) => !lease.gone && lease.mount === mount.key).map((lease) => ({ lease, answer: call.backend(lease) }));
  const failed = leases.find(({ answer }) => typeof answer === 'object');
  if (failed !== undefined) return refuse(400, `failed to revoke "${failed.lease.id}"`);
  const tokens = Object.values(control.tokens).filter((token) => token.namespace === namespace && token.path.startsWith(under) && token.type === 'service' && token.revokedAt === undefined);
  return done(...leases.map(({ lease, answer }) => gone(lease, answer)), ...tokens.map((token) => ({ op: 'patch' as const, table: 'tokens' as const, key: token.value, fields: { revokedAt: now } })), { op: 'remove', table: 'mounts', key: mount.key });
};
export const disableAuth = disable(true);
export const disableEngine = disable(false);

export const capabilitiesSelf: Route = (call) => {
  const { body, caller } = call;
  const paths = Array.isArray(body.paths) ? body.paths.map(textOf) : [textOf(body.path)];
  const at = Object.fromEntries(paths.map((path) => [path, caller === undefined ? [] : [...new Set(capabilitiesAt(call, caller, path))].sort()]));
  const shown = Object.fromEntries(Object.entries(at).map(([path, has]) => [path, has.length === 0 ? ['deny'] : has]));
  return say({ data: paths.length === 1 ? { ...shown, capabilities: shown[paths[0] ?? ''] } : shown });
};

import type { PlainRequest } from '../platform/plain-http.ts';
import { jsonObject } from '../platform/plain-http.ts';
import type { Answered, BackendAnswer, VaultCall } from './answers.ts';
import { refuse, refuseWrapped } from './answers.ts';
import { isUsable } from './life.ts';
import { mountOf, mountPath } from './logins.ts';
import { mayDo } from './policies.ts';
import type { Path } from './routes.ts';
import { identityPaths, pathsOfMount, systemPaths, tokenPaths } from './routes.ts';
import type { StoredLease, VaultChange, VaultState } from './state.ts';
import { rowOf } from './state.ts';
import type { VaultWorld } from './world.ts';

/** What a request is decided upon. */
export interface VaultView {
  control: VaultState;
  seen: VaultState;
  world: VaultWorld;
  now: number;
  backend(lease: StoredLease): BackendAnswer;
}

/** `used` is what the use of the token itself changes, whatever becomes of the request. */
export interface Decided extends Answered {
  used: VaultChange[];
}

const operationOf = ({ method, query }: PlainRequest): VaultCall['operation'] | undefined => {
  if (method === 'LIST' || (method === 'GET' && query.get('list') === 'true')) return 'list';
  if (method === 'GET' || method === 'HEAD') return 'read';
  return method === 'POST' || method === 'PUT' ? 'update' : method === 'DELETE' ? 'delete' : undefined;
};

/** The header's namespace and the one that the path begins with, and what is left of the path. */
const placed = (given: string, path: string, namespaces: VaultState['namespaces']): { namespace: string; path: string } | undefined => {
  let namespace = given === '' || given === 'root' ? '' : `${given}/`;
  if (namespace !== '' && !Object.hasOwn(namespaces, namespace)) return undefined;
  let rest = path;
  for (let next = /^([^/]+\/)(.*)$/.exec(rest); next !== null && Object.hasOwn(namespaces, `${namespace}${next[1] ?? ''}`); next = /^([^/]+\/)(.*)$/.exec(rest)) {
    namespace += next[1] ?? '';
    rest = next[2] ?? '';
  }
  return { namespace, path: rest };
};

const pathsFor = (call: VaultCall): { paths: Path[]; tail: string } | undefined => {
  for (const [prefix, paths] of [['sys/', systemPaths], ['auth/token/', tokenPaths], ['identity/', identityPaths]] as const) {
    if (call.path.startsWith(prefix)) return { paths, tail: call.path.slice(prefix.length) };
  }
  const mount = mountOf(call);
  return mount === undefined ? undefined : { paths: pathsOfMount(mount.type, mount.isAuth), tail: call.path.slice(mountPath(mount).length + 1) };
};

const CAPABILITY = { read: 'read', list: 'list', update: 'update', delete: 'delete' } as const;

const decided = (answered: Answered, used: VaultChange[] = []): Decided => ({ ...answered, used });
const denied = (): Decided => decided(refuse(403, 'permission denied'));

/** What the server answers to a request and what changes by it; pure but for new ids and values. */
export const decideVault = (request: PlainRequest, view: VaultView): Decided => {
  const { seen, control, now } = view;
  const raw = /^\/v1\/(.+)$/.exec(request.path)?.[1];
  if (raw === undefined) return decided(refuse(404));
  let decoded: string;
  try {
    decoded = decodeURIComponent(raw).replace(/\/+$/, '');
  } catch {
    return decided(refuse(400, 'the path cannot be read'));
  }
  const isStatus = /^sys\/(health|seal-status|unseal)$/.test(decoded);
  if (seen.sealed && !isStatus) return decided(refuse(503, 'Vault is sealed'));
  const operation = operationOf(request);
  if (operation === undefined) return decided(refuse(405));
  const body = request.body.length === 0 ? {} : jsonObject(request.body);
  if (body === undefined) return decided(refuse(400, 'failed to parse JSON input: invalid character in the body'));
  const place = placed(view.world.isCommunity ? '' : (request.headers['x-vault-namespace'] ?? '').replace(/^\/+|\/+$/g, ''), decoded, seen.namespaces);
  if (place === undefined) return decided(refuse(404, `no handler for route "${decoded}". route entry not found.`));
  const call: VaultCall = { ...view, operation, ...place, parts: [], body, query: request.query };
  const offered = pathsFor(call);
  const found = offered?.paths.find(({ pattern }) => pattern.test(offered.tail));
  call.parts = found?.pattern.exec(offered?.tail ?? '')?.slice(1) ?? [];

  const used: VaultChange[] = [];
  const value = request.headers['x-vault-token'] ?? /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const caller = rowOf(seen.tokens, value);
  if (caller !== undefined && isUsable(caller, seen, now)) call.caller = caller;
  if (found?.open !== true) {
    if (caller === undefined || call.caller === undefined) return denied();
    if (caller.uses !== undefined) used.push({ op: 'patch', table: 'tokens', key: caller.value, fields: caller.uses <= 1 ? { uses: 0, revokedAt: now } : { uses: caller.uses - 1 } });
    const capability = operation === 'update' && found?.exists?.(call) === false ? 'create' : CAPABILITY[operation];
    if (!call.namespace.startsWith(caller.namespace)) return { ...denied(), used };
    if (!mayDo(call, caller, capability)) return decided(refuseWrapped(403, 'permission denied'), used);
  }
  if (offered === undefined) return decided(refuse(404, `no handler for route "${call.path}". route entry not found.`), used);
  if (found === undefined) return decided(refuseWrapped(404, 'unsupported path'), used);
  const route = found.on[operation];
  if (route === undefined) return decided(refuseWrapped(405, 'unsupported operation'), used);
  return decided(route({ ...call, control }), used);
};

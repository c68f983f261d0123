import type { VaultState, StoredToken } from './state.ts';
import { rowOf } from './state.ts';
import type { VaultCall } from './answers.ts';

type Rules = Record<string, string[]>;

/** What the server's own `default` policy allows. */
const DEFAULT: Rules = {
  'auth/token/lookup-self': ['read'],
  'auth/token/renew-self': ['update'],
  'auth/token/revoke-self': ['update'],
  'sys/capabilities-self': ['update'],
  'sys/internal/ui/resultant-acl': ['read'],
  'sys/renew': ['update'],
  'sys/leases/renew': ['update'],
  'sys/leases/lookup': ['update'],
  'cubbyhole/*': ['create', 'read', 'update', 'delete', 'list'],
  'sys/wrapping/wrap': ['update'],
  'sys/wrapping/lookup': ['update'],
  'sys/wrapping/unwrap': ['update'],
  'sys/tools/hash': ['update'],
  'sys/tools/hash/*': ['update'],
};

/** Paths that want `sudo` besides the capability of the operation. */
const ROOT_PATHS = [
  'auth/token/accessors*', 'auth/token/revoke-orphan', 'sys/auth/*', 'sys/seal', 'sys/leases', 'sys/leases/lookup/*', 'sys/leases/revoke-prefix/*', 'sys/leases/revoke-force/*', 'sys/revoke-prefix/*', 'sys/revoke-force/*',
];

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const patterns = new Map<string, RegExp>();

const matches = (pattern: string, path: string): boolean => {
  let known = patterns.get(pattern);
  if (known === undefined) {
    const isPrefix = pattern.endsWith('*');
    const segments = (isPrefix ? pattern.slice(0, -1) : pattern).split('/').map((segment) => (segment === '+' ? '[^/]+' : escaped(segment)));
    patterns.set(pattern, (known = new RegExp(`^${segments.join('/')}${isPrefix ? '' : '$'}`)));
  }
  return known.test(path);
};

/** Whether the first pattern is the more specific: later wildcard, no `*` at its end, fewer `+`, longer, later in the alphabet. */
const isMoreSpecific = (one: string, other: string): boolean => {
  const first = (pattern: string) => (pattern.search(/[+*]/) < 0 ? Infinity : pattern.search(/[+*]/));
  const rank = (pattern: string) => [first(pattern), pattern.endsWith('*') ? 0 : 1, -(pattern.match(/\+/g)?.length ?? 0), pattern.length];
  const [left, right] = [rank(one), rank(other)];
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return (left[index] ?? 0) > (right[index] ?? 0);
  return one > other;
};

const capabilitiesIn = (policies: Rules[], path: string): string[] => {
  let best: string | undefined;
  for (const rules of policies) for (const pattern of Object.keys(rules)) if (matches(pattern, path) && (best === undefined || isMoreSpecific(pattern, best))) best = pattern;
  if (best === undefined) return [];
  const pattern = best;
  const all = policies.flatMap((rules) => (Object.hasOwn(rules, pattern) ? (rules[pattern] ?? []) : []));
  return all.includes('deny') ? [] : all;
};

/** The policies that a token has by itself and through its entity. */
export const policiesOf = (token: StoredToken, state: VaultState): string[] => [...new Set([...token.policies, ...(rowOf(state.entities, token.entity)?.policies ?? [])])];

/** Whether the server knows a policy of that name. */
export const isPolicy = (name: string, policies: Record<string, Rules> = {}): boolean => name === 'root' || name === 'default' || Object.hasOwn(policies, name);

/** What the token may do at a path of the namespace in which it is asked; `root` may do everything. */
export const capabilitiesAt = ({ world, seen, namespace }: Pick<VaultCall, 'world' | 'seen' | 'namespace'>, token: StoredToken, path: string): string[] => {
  const names = policiesOf(token, seen);
  // a token reaches its own namespace and those below it; its policies are written as seen from its own
  if (!namespace.startsWith(token.namespace)) return [];
  if (names.includes('root')) return ['root'];
  const rules = names.map((name) => (name === 'default' && !Object.hasOwn(world.policies ?? {}, 'default') ? DEFAULT : Object.hasOwn(world.policies ?? {}, name) ? (world.policies?.[name] ?? {}) : {}));
  return capabilitiesIn(rules, `${namespace.slice(token.namespace.length)}${path}`);
};

/** Whether the token may do anything at all at or under that path, which ends in a slash. */
export const reachesUnder = (call: Pick<VaultCall, 'world' | 'seen' | 'namespace'>, token: StoredToken, path: string): boolean => {
  if (!call.namespace.startsWith(token.namespace)) return false;
  const full = `${call.namespace.slice(token.namespace.length)}${path}`;
  const literal = (pattern: string): string => pattern.replace(/[+*].*$/, '');
  return policiesOf(token, call.seen).some(
    (name) => name === 'root' || Object.entries((Object.hasOwn(call.world.policies ?? {}, name) ? call.world.policies?.[name] : undefined) ?? {}).some(([pattern, has]) => has.length > 0 && !has.includes('deny') && (literal(pattern).startsWith(full) || (pattern !== literal(pattern) && full.startsWith(literal(pattern))))),
  );
};

/** Whether the token has `sudo` (or everything) at that path. */
export const hasSudo = (call: Pick<VaultCall, 'world' | 'seen' | 'namespace'>, token: StoredToken, path: string): boolean => capabilitiesAt(call, token, path).some((one) => one === 'sudo' || one === 'root');

/** Whether the token may do this; `capability` is that of the operation. */
export const mayDo = (call: VaultCall, token: StoredToken, capability: string): boolean => {
  // a list asks for `path/`, and a rule without the slash holds for it too
  const paths = call.operation === 'list' ? [`${call.path}/`, call.path] : [call.path];
  const needsSudo = ROOT_PATHS.some((pattern) => paths.some((path) => matches(pattern, path)));
  return paths.some((path) => {
    const has = capabilitiesAt(call, token, path);
    return has.includes('root') || (has.includes(capability) && (!needsSudo || has.includes('sudo')));
  });
};

/** One credential of a vault, by what the vault calls it. `namespace` is without slashes at its ends; '' is the root. */
export type VaultName =
  | { kind: 'token'; accessor: string; namespace: string }
  | { kind: 'lease'; lease: string; namespace: string }
  | { kind: 'prefix'; prefix: string; namespace: string }
  | { kind: 'secret-id'; mount: string; role: string; accessor: string; namespace: string }
  | { kind: 'entity'; entity: string; namespace: string };

const longest = 1_024;
const isDots = (segment: string): boolean => /^\.+$/.test(segment);
const isId = (text: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$/.test(text);
const isSegment = (text: string): boolean => /^[A-Za-z0-9._~+=:@-]{1,255}$/.test(text) && !isDots(text);
const isPath = (text: string, atLeast: number): boolean => {
  const segments = text.split('/');
  return segments.length >= atLeast && segments.every(isSegment);
};
const isNamespace = (text: string): boolean => text.split('/').every((segment) => /^[A-Za-z0-9_.-]{1,128}$/.test(segment) && !isDots(segment));

/** The namespace as a header takes it: without slashes at its ends; `root` is ''. Undefined where it cannot be one. */
export const namespaceOf = (text: string | undefined): string | undefined => {
  if (text === undefined || ['', '/', 'root', 'root/'].includes(text)) return '';
  const bare = text.replace(/^\/|\/$/g, '');
  return isNamespace(bare) ? bare : undefined;
};

const forms = 'token/<accessor>, lease/<lease id>, prefix/<lease prefix>, secret-id/<mount>/<role>/<accessor> or entity/<entity id>, each with @<namespace> behind it if need be';

/**
 * Reads the part of a credential's id behind `vault:`. What stands behind the last `@` is the namespace (`@root` says that it
 * is the root). Nothing passes that could lead a request to another path.
 */
export const vaultNameOf = (text: string, preset: string | undefined): VaultName | { refused: string } => {
  if (text === '') return { refused: 'no id: nothing matches' };
  if (text.length > longest) return { refused: `the id is longer than ${longest} characters` };
  const at = text.lastIndexOf('@');
  const namespace = namespaceOf(at === -1 ? preset : text.slice(at + 1));
  if (namespace === undefined) return { refused: 'what stands behind the @ of the id (or as the namespace in the configuration) cannot be a namespace' };
  const whole = at === -1 ? text : text.slice(0, at);
  const slash = whole.indexOf('/');
  const kind = whole.slice(0, Math.max(0, slash));
  const rest = whole.slice(slash + 1);
  if (kind === 'token' && isId(rest)) return { kind, accessor: rest, namespace };
  if (kind === 'entity' && isId(rest)) return { kind, entity: rest, namespace };
  if (kind === 'lease' && isPath(rest, 2)) return { kind, lease: rest, namespace };
  if (kind === 'prefix' && isPath(rest, 1)) return { kind, prefix: rest, namespace };
  if (kind === 'secret-id' && isPath(rest, 3)) {
    const segments = rest.split('/');
    const [accessor = '', role = ''] = [segments.at(-1), segments.at(-2)];
    const mount = segments.slice(0, -2).join('/');
    if (isId(accessor) && isId(role) && segments[0] !== 'auth') return { kind, mount, role, accessor, namespace };
  }
  return { refused: `a vault has no such id: write ${forms}` };
};

const wholeOf = (name: VaultName): string => {
  switch (name.kind) {
    case 'token':
      return name.accessor;
    case 'lease':
      return name.lease;
    case 'prefix':
      return name.prefix;
    case 'entity':
      return name.entity;
    case 'secret-id':
      // a vault does not tell the case of a role's name apart
      return `${name.mount}/${name.role.toLowerCase()}/${name.accessor}`;
  }
};

/** The one spelling of a name, which reads as the same name: the preset namespace is left out, any other is said. */
export const spellingOf = (name: VaultName, preset: string | undefined): string => {
  const whole = `${name.kind}/${wholeOf(name)}`;
  // what stands behind the last @ is read as the namespace
  const isPlain = name.namespace === namespaceOf(preset) && !whole.includes('@');
  return isPlain ? whole : `${whole}@${name.namespace === '' ? 'root' : name.namespace}`;
};

/** A path made of segments that were checked, each encoded all the same. */
export const pathOf = (...parts: readonly string[]): string => parts.flatMap((part) => part.split('/')).map(encodeURIComponent).join('/');

/** What stands behind `vault:` for a secret-id or an entity, its namespace included. */
export const behind = (name: Extract<VaultName, { kind: 'secret-id' | 'entity' }>): string => {
  const own = name.kind === 'entity' ? name.entity : `${name.mount}/${name.role}/${name.accessor}`;
  return `${name.kind}/${own}${name.namespace === '' ? '' : `@${name.namespace}`}`;
};

/** A namespace for a person. */
export const namespaceName = (namespace: string): string => (namespace === '' ? 'the root namespace' : `the namespace ${namespace}`);

/**
 * Why the namespace cannot be the credential's: what belongs to a namespace ends in `.` and that namespace's id, what belongs
 * to the root does not. Asked in a wrong namespace, a vault may know nothing of what lives elsewhere.
 */
export const namespaceDoubt = (id: string, namespace: string): string | undefined => {
  const isSuffixed = (id.split('/').at(-1) ?? '').includes('.');
  if (isSuffixed === (namespace !== '')) return undefined;
  return isSuffixed ? 'its id ends in the id of a namespace, and it was looked for in the root: say which namespace, with @<namespace>' : `its id is one of the root namespace, and it was looked for in ${namespace}: write @root behind it`;
};

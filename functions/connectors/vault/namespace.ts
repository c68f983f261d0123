import { isElsewhere, meaningOf, textOf, VaultFailed } from './answer.ts';
import { namespaceName, pathOf } from './names.ts';
import type { Visit } from './visit.ts';

const suffixOf = (id: string): string | undefined => /\.([^./]+)$/.exec(id)?.[1];

/**
 * The id of a namespace at this moment, '' for the root. One that was deleted and made again has another, and the login that an
 * engine of the old one gave out may live. Throws `VaultFailed` where it cannot be seen.
 */
export const namespaceIdOf = async (namespace: string, visit: Visit): Promise<string> => {
  if (namespace === '') return '';
  const own = await visit.own();
  const ofOwn = own?.namespace === namespace ? suffixOf(own.accessor) : undefined;
  if (ofOwn !== undefined) return ofOwn;
  const segments = namespace.split('/');
  const answer = await visit.shared({ method: 'GET', path: `sys/namespaces/${pathOf(segments.at(-1) ?? '')}`, namespace: segments.slice(0, -1).join('/') });
  const id = answer.status === 200 ? textOf(answer.data?.id) : undefined;
  if (id !== undefined) return id;
  const why = answer.status === 404 || isElsewhere(answer) ? 'the vault has no such namespace' : `${meaningOf(answer)}; let our token read sys/namespaces/+ above it`;
  throw new VaultFailed(`${namespaceName(namespace)} could not be looked up (status ${answer.status}): ${why}`, answer.status);
};

/** Whether what has that id belongs to the namespace as it is now: the id ends in the namespace's. */
export const isOfNamespace = async (id: string, namespace: string, visit: Visit): Promise<boolean> => namespace === '' || suffixOf(id) === (await namespaceIdOf(namespace, visit));

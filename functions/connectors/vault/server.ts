import { textOf, type Answer } from './answer.ts';
import type { Asked } from './ask.ts';

/** Which server answers at the address, by its own word. */
export interface Server {
  /** The id of its cluster; undefined where it does not say. */
  cluster?: string;
  /** A community edition of HashiCorp's, which ignores the namespace that it is asked in. */
  isWithoutNamespaces: boolean;
}

/** The question, which needs no rights. A standby knows its cluster as well. */
export const whoAnswers: Asked = { method: 'GET', path: 'sys/health?standbyok=true&perfstandbyok=true', namespace: '' };

/** Reads its answer. */
export const serverOf = ({ status, body }: Answer): Server => ({
  cluster: status === 200 ? textOf(body?.cluster_id) : undefined,
  isWithoutNamespaces: status === 200 && body?.enterprise === false,
});

/**
 * Why this server cannot be asked about a credential of that namespace, which was seen in that cluster: an empty vault, or
 * another one in whose secret our token is as well, knows nothing of it and finds our own token. Undefined where it can.
 */
export const serverDoubt = ({ cluster, isWithoutNamespaces }: Server, namespace: string, seenIn: string | undefined): string | undefined => {
  if (isWithoutNamespaces && namespace !== '') return `this vault has no namespaces and would look in its root: leave @${namespace} out`;
  if (seenIn === undefined || cluster === seenIn) return undefined;
  return cluster === undefined ? 'which cluster answers could not be seen (sys/health)' : `it was seen in the cluster ${seenIn}, and at that address answers another one now (${cluster})`;
};

import { textOf, type Answer } from './answer.ts';
import type { Asked } from './ask.ts';

/** Which server answers at the address, by its own word. */
export interface Server {
  /** The id of its cluster; undefined where it does not say. */
  cluster?: string;
  /** A community edition of HashiCorp's, which ignores the namespace that it is asked in. */
  isWithoutNamespaces: boolean;
  /** Headers with which it lets the active node answer, where it could answer itself and be behind. */
  toActive: Record<string, string>;
  /** It answers itself, and may not know yet what the active node knows: what it does not know proves nothing. */
  isBehind: boolean;
}

/** The question, which needs no rights. A standby knows its cluster as well. */
export const whoAnswers: Asked = { method: 'GET', path: 'sys/health?standbyok=true&perfstandbyok=true', namespace: '' };

/**
 * OpenBao's standby nodes answer what can be read themselves, a moment behind, or for ever behind where they are cut off. From
 * 2.7 on they hand on what asks for a state that they have not reached: the highest there can be. The active node minds neither header.
 */
const ofActive = (cluster: string): Record<string, string> => ({
  'x-vault-index': Buffer.from(JSON.stringify({ cluster, value: '18446744073709551615' })).toString('base64'),
  'x-vault-inconsistent': 'forward-active-node',
});

/** Reads its answer. */
export const serverOf = ({ status, body }: Answer): Server => {
  if (status !== 200 || !body) return { isWithoutNamespaces: false, toActive: {}, isBehind: false };
  const cluster = textOf(body.cluster_id);
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(textOf(body.version) ?? '') ?? [];
  // HashiCorp's say which edition they are, from 1.16 on; their community edition's standbys hand everything on
  const isHashiCorps = body.enterprise !== undefined || major === '1';
  const isObeyed = !isHashiCorps && cluster !== undefined && (Number(major) > 2 || (major === '2' && Number(minor) >= 7));
  return {
    cluster,
    isWithoutNamespaces: body.enterprise === false,
    toActive: isObeyed ? ofActive(cluster) : {},
    isBehind: body.performance_standby === true || (!isHashiCorps && !isObeyed && body.standby === true),
  };
};

/** Said of what a node does not know that may be behind. */
export const behind = 'the node that answered is a standby, whose record may be behind: put the address of the active node into the configuration';

/** What a credential was bound to when it was lent: the cluster, and the id of the mount or namespace that it hangs on, where that can be moved or made anew. */
export const boundTo = (account: string | undefined): { cluster?: string; place?: string } => {
  const [cluster, place] = account?.split('/') ?? [];
  return { cluster, place };
};

/** The other way round; undefined where the server does not say who it is. */
export const accountOf = ({ cluster }: Server, place: string | undefined): string | undefined => (cluster === undefined ? undefined : [cluster, ...(place === undefined ? [] : [place])].join('/'));

/**
 * Why this server cannot be asked about a credential of that namespace, which was seen in that cluster: an empty vault, or
 * another one in whose secret our token is as well, knows nothing of it and finds our own token. Undefined where it can.
 */
export const serverDoubt = ({ cluster, isWithoutNamespaces }: Server, namespace: string, seenIn: string | undefined): string | undefined => {
  if (isWithoutNamespaces && namespace !== '') return `this vault has no namespaces and would look in its root: leave @${namespace} out`;
  if (seenIn === undefined || cluster === seenIn) return undefined;
  return cluster === undefined ? 'which cluster answers could not be seen (sys/health)' : `it was seen in the cluster ${seenIn}, and at that address answers another one now (${cluster})`;
};

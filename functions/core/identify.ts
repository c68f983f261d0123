import type { Configuration } from './configuration.ts';
import { bindingOfSecret } from './configuration.ts';
import type { Binding, Copy, Credential } from './connector.ts';

/** One place where a fingerprint was met, as the registry keeps it. */
export interface Leaf {
  fingerprint: string;
  place: string;
  name: string;
  path: string;
  version: string;
  current: boolean;
  /** Ids of credentials named beside it in the same object (`aws-iam-key:AKIA...`). */
  names: string[];
}

/** How many characters of a fingerprint name a credential that has no other name. */
const shortLength = 16;

export const shortFingerprint = (fingerprint: string): string => fingerprint.replace(/^[^:]*:/, '').slice(0, shortLength);

/** The copy that a leaf is, as the configuration sees its place. */
export const copyOf = (leaf: Leaf, configuration: Configuration): Copy => {
  const binding = bindingOfSecret(configuration, leaf.name);
  return { place: leaf.place, name: leaf.name, path: leaf.path, version: leaf.version, current: leaf.current, bound: binding !== undefined, owner: binding?.owner };
};

const splitId = (id: string): [string, string] => {
  const colon = id.indexOf(':');
  return [id.slice(0, colon), id.slice(colon + 1)];
};

/** A credential that a value leads to. `certain` only where a place that the configuration vouches for says which one it is. */
export interface Identified {
  credential: Credential;
  certain: boolean;
}

/**
 * Which credentials a fingerprint's leaves are copies of. A key id beside the value names its issuer; else the
 * configuration's declared probe does; else nobody does, and it is `unknown:`. No leaves, no credentials. What stands
 * beside the value in a place that nobody vouched for may have been put there to make us act on somebody else's key.
 */
export const identify = (leaves: readonly Leaf[], configuration: Configuration): Identified[] => {
  const first = leaves[0];
  if (!first) return [];
  const bound = leaves.filter(({ name }) => bindingOfSecret(configuration, name) !== undefined);
  const vouched = namesIn(bound);
  const named = vouched.length > 0 ? vouched : bound.length > 0 ? [] : namesIn(leaves);
  if (named.length > 0) {
    const certain = vouched.length === 1;
    return named.map((id) => ({ certain, credential: credentialOf(id, leaves.filter(({ names }) => names.includes(id) || !names.some((other) => named.includes(other))), configuration) }));
  }
  const probe = bound.map(({ name }) => bindingOfSecret(configuration, name)?.probe).find((declared) => declared !== undefined);
  const short = shortFingerprint(first.fingerprint);
  return [{ certain: true, credential: credentialOf(probe ? `declared-probe:${probe}/${short}` : `unknown:${short}`, leaves, configuration) }];
};

const namesIn = (leaves: readonly Leaf[]): string[] => [...new Set(leaves.flatMap(({ names }) => names))];

/** A credential by its id with the copies that the leaves are. */
export const credentialOf = (id: string, leaves: readonly Leaf[], configuration: Configuration, known: { principal?: string; account?: string } = {}): Credential => {
  const [issuer, name] = splitId(id);
  const copies = leaves.map((leaf) => copyOf(leaf, configuration)).sort((a, b) => a.name.localeCompare(b.name) || a.path.localeCompare(b.path));
  return { id, issuer, name, copies, principal: known.principal, account: known.account, owner: ownerOf(copies, known.principal, configuration) };
};

const ownerOf = (copies: readonly Copy[], principal: string | undefined, configuration: Configuration): string | undefined =>
  configuration.users.find(({ user }) => user === principal)?.owner ?? copies.find(({ owner }) => owner)?.owner;

/** What the configuration says about acting on a credential. */
export const bindingOf = (credential: Credential, configuration: Configuration): { binding: Binding; approval: boolean } => {
  const user = configuration.users.find((candidate) => candidate.user === credential.principal);
  const secrets = credential.copies.flatMap(({ name }) => bindingOfSecret(configuration, name) ?? []);
  const rotation = secrets.find((secret) => secret.rotation)?.rotation;
  return {
    binding: {
      owner: credential.owner,
      probe: credential.issuer === 'declared-probe' ? credential.name.split('/')[0] : undefined,
      rotation,
      newKeyFirst: user?.newKeyFirst,
      deleteProvenDead: user?.deleteProvenDead,
    },
    approval: user?.approval === true || secrets.some(({ approval }) => approval === true),
  };
};

const versionOf = (fingerprint: string): string => fingerprint.slice(0, fingerprint.indexOf(':'));

/** The fingerprints of a report apart by the value that they are of: each value has one for every version of the key, in the same order. */
export const byValue = (fingerprints: readonly string[]): string[][] => {
  const groups: string[][] = [];
  for (const fingerprint of fingerprints) {
    const last = groups.at(-1);
    if (last && !last.some((one) => versionOf(one) === versionOf(fingerprint))) last.push(fingerprint);
    else groups.push([fingerprint]);
  }
  return groups;
};

/** How a password that is spelled in two ways in one text is told apart there; it is one secret all the same. */
const spotOf = ({ place, path }: Leaf): string => `${place}#${path.replace(/:encoded$/, '')}`;

/** Joins the leaves of values that stand in the very same spot: two spellings of one secret. Groups without leaves are dropped. */
export const bySecret = (groups: readonly (readonly Leaf[])[]): Leaf[][] => {
  const secrets: Leaf[][] = [];
  for (const leaves of groups) {
    if (leaves.length === 0) continue;
    const spots = new Set(leaves.map(spotOf));
    const same = secrets.find((secret) => secret.some((leaf) => spots.has(spotOf(leaf))));
    if (same) same.push(...leaves);
    else secrets.push([...leaves]);
  }
  return secrets;
};

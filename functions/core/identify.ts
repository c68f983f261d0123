import type { Configuration } from './configuration.ts';
import { bindingOfSecret } from './configuration.ts';
import type { Binding, Copy, Credential } from './connector.ts';
import { plainPath } from './leaves.ts';

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
  /** Whether it is the first secret-like leaf of its text. */
  first?: boolean;
  /** Set where it is only how a password is spelled in its text: the fingerprint of the password itself. */
  spells?: string;
}

/** How many characters of a fingerprint name a credential that has no other name. */
const shortLength = 16;

export const shortFingerprint = (fingerprint: string): string => fingerprint.replace(/^[^:]*:/, '').slice(0, shortLength);

/** The version of the key under which a fingerprint was made. */
export const keyVersionOf = (fingerprint: string): string => fingerprint.slice(0, fingerprint.indexOf(':'));

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
 * Which credentials a value's leaves are copies of. A key id beside the value names its issuer; else the declared
 * probe does for whose leaf the value is kept, each if there are several; else nobody does, and it is `unknown:`. No leaves, no credentials. What stands
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
  const probes = [...new Set(bound.flatMap((leaf) => probeOf(leaf, configuration) ?? []))];
  const short = shortFingerprint(secretOf(first));
  // a value that is kept for two doors opens two doors, and its death at one says nothing about the other
  const ids = probes.length > 0 ? probes.map((probe) => `declared-probe:${probe}/${short}`) : [`unknown:${short}`];
  return ids.map((id) => ({ certain: true, credential: credentialOf(id, leaves, configuration) }));
};

/** The declared probe whose door a leaf is for. Another leaf of the same secret is not its business: it would be refused there, and would pass for dead. */
const probeOf = ({ name, path, first }: Leaf, configuration: Configuration): string | undefined => {
  const binding = bindingOfSecret(configuration, name);
  const isIts = binding?.leaf === undefined ? first === true : plainPath(path) === binding.leaf;
  return isIts ? binding?.probe : undefined;
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
      probe: credential.issuer === 'declared-probe' ? credential.name.slice(0, credential.name.lastIndexOf('/')) : undefined,
      rotation,
      newKeyFirst: user?.newKeyFirst,
      deleteProvenDead: user?.deleteProvenDead,
    },
    approval: user?.approval === true || secrets.some(({ approval }) => approval === true),
  };
};

/** The fingerprints of a report apart by the value that they are of: each value has one for every version of the key, in the same order. */
export const byValue = (fingerprints: readonly string[]): string[][] => {
  const groups: string[][] = [];
  for (const fingerprint of fingerprints) {
    const last = groups.at(-1);
    if (last && !last.some((one) => keyVersionOf(one) === keyVersionOf(fingerprint))) last.push(fingerprint);
    else groups.push([fingerprint]);
  }
  return groups;
};

/** The fingerprint of the secret that a leaf holds, however it is spelled there. */
export const secretOf = ({ fingerprint, spells }: Leaf): string => spells ?? fingerprint;

/**
 * Sorts what was met by the secret that it holds. Two spellings of one password are one secret; two values are two, even
 * in the very same place: the one before a rotation and the one after. `values` are the fingerprints that were looked
 * up, apart by value; leaves are given newest key first, and a place that is known under two keys is named once.
 */
export const bySecret = (met: readonly Leaf[], values: readonly (readonly string[])[]): Leaf[][] => {
  const secrets = new Map<string, Leaf[]>();
  for (const leaf of met) {
    const fingerprint = secretOf(leaf);
    const secret = values.find((ofOne) => ofOne.includes(fingerprint))?.[0] ?? fingerprint;
    const leaves = secrets.get(secret) ?? [];
    if (!leaves.some(({ place, path }) => place === leaf.place && path === leaf.path)) leaves.push(leaf);
    secrets.set(secret, leaves);
  }
  return [...secrets.values()];
};

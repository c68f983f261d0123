import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Configuration } from '../core/configuration.ts';
import type { Issuer } from '../core/connector.ts';
import { credentialIdOf } from '../core/connector.ts';
import { identify, keyVersionOf, secretOf, type Leaf } from '../core/identify.ts';
import { leavesOf, plainPath } from '../core/leaves.ts';
import { paired } from '../core/pairing.ts';
import type { ClientOf } from './clients.ts';
import { fingerprintsOf, type FingerprintKey } from './fingerprints.ts';
import type { Ledger } from './ledger.ts';
import { errorName, type Count, type Log } from './log.ts';
import { enqueue } from './queue.ts';
import type { Registry, SecretState } from './registry.ts';

export interface IndexDeps {
  configuration: Configuration;
  registry: Registry;
  ledger: Ledger;
  clientOf: ClientOf;
  issuers: ReadonlyMap<string, Issuer>;
  fingerprintKeys: readonly FingerprintKey[];
  deliveriesQueue: string;
  indexQueue: string;
  now: () => Date;
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  log: Log;
  count: Count;
}

/** A secret as a list shows it; without `versions` it is described first. */
export interface Listed {
  place: string;
  name?: string;
  versions?: Record<string, string[]>;
}

const mostVersions = 10;
const goneErrors = ['ResourceNotFoundException', 'InvalidRequestException'];

/**
 * Reads the versions of a secret that are new to the registry, and only those; all of them once where the fingerprint
 * key has changed. Returns whether anything changed.
 */
export const indexSecret = async (listed: Listed, deps: IndexDeps, signal: AbortSignal): Promise<boolean> => {
  const { registry } = deps;
  const { version: key } = newestOf(deps);
  const [known, seen] = await Promise.all([registry.secret(listed.place), listed.versions ? listed : described(listed.place, deps, signal)]);
  if (!seen?.versions) return false;
  // of what was read under an older key every version is read again
  const read = known?.key === key ? known : undefined;
  if (read && !read.unreadable && sameVersions(read.versions, seen.versions)) return false;
  const name = seen.name ?? known?.name ?? listed.place;
  const labelled = Object.entries(seen.versions).filter(([, labels]) => labels.length > 0);
  const kept = (known?.leaves ?? []).filter(({ version }) => version in (known?.versions ?? {}));
  const isIndexed = (version: string): boolean => read !== undefined && (kept.some((leaf) => leaf.version === version) || (!read.unreadable && version in read.versions));
  // Secrets Manager still has most of the versions that have lost their labels
  const unlabelled = read ? [] : kept.map(({ version }) => version).filter((version) => !(version in Object.fromEntries(labelled)));
  const made: Fingerprinted[] = [];
  let unreadable: string | undefined;
  for (const version of new Set([...unlabelled, ...labelled.map(([version]) => version).filter((version) => !isIndexed(version))])) {
    const text = await textOf(listed.place, version, deps, signal);
    if ('error' in text) unreadable = text.error;
    else made.push(...(await fingerprinted(text.text, version, deps)));
  }
  // what could not be read again stays known as it was
  const latest = [...new Set([...kept, ...made.map(({ leaf }) => leaf)].map(({ version }) => version))].slice(-mostVersions);
  const leaves = latest.flatMap((version): SecretState['leaves'] => {
    const again = made.filter(({ leaf }) => leaf.version === version).map(({ leaf }) => leaf);
    return again.length > 0 ? again : kept.filter((leaf) => leaf.version === version);
  });
  const versions = Object.fromEntries([...Object.entries(known?.versions ?? {}).filter(([version]) => latest.includes(version)).map(([version]): [string, string[]] => [version, []]), ...labelled]);
  const isWhole = unreadable === undefined && leaves.every(({ version, fingerprint }) => versions[version]?.length === 0 || keyVersionOf(fingerprint) === key);
  const state: SecretState = { place: listed.place, name, versions, leaves, key: isWhole ? key : known?.key, unreadable };
  const placed = leaves.map((leaf) => ({ ...leaf, place: listed.place, name, current: (state.versions[leaf.version] ?? []).includes('AWSCURRENT') }));
  // of two versions that name the same credential in the same spot, the last one written is remembered: the one that consumers read
  await registry.putLeaves(placed.sort((a, b) => Number(a.current) - Number(b.current)));
  // a crash before the last line only makes the index do it all again
  await introduce(made, listed.place, name, deps);
  await registry.putSecret(state);
  if (unreadable) {
    deps.count('SecretUnreadable');
    deps.log.warn('secret could not be read', { secret: name, error: unreadable });
  }
  return true;
};

const described = async (place: string, { clientOf }: IndexDeps, signal: AbortSignal): Promise<Listed | undefined> => {
  try {
    const secret = await clientOf(SecretsManagerClient).send(new DescribeSecretCommand({ SecretId: place }), { abortSignal: signal });
    return { place: secret.ARN ?? place, name: secret.Name, versions: secret.VersionIdsToStages ?? {} };
  } catch (error) {
    if (goneErrors.includes(errorName(error))) return undefined;
    throw error;
  }
};

const textOf = async (place: string, version: string, { clientOf }: IndexDeps, signal: AbortSignal): Promise<{ text: string } | { error: string }> => {
  try {
    const { SecretString } = await clientOf(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: place, VersionId: version }), { abortSignal: signal });
    return { text: SecretString ?? '' };
  } catch (error) {
    // an empty pending version answers like this, and so does a secret deleted meanwhile
    if (goneErrors.includes(errorName(error))) return { text: '' };
    if (['AccessDeniedException', 'DecryptionFailure', 'KMSAccessDeniedException'].includes(errorName(error))) return { error: errorName(error) };
    throw error;
  }
};

/** A leaf as it is kept, and its fingerprints under the older keys: reports may be waiting for those. */
interface Fingerprinted {
  leaf: SecretState['leaves'][number];
  older: string[];
}

const fingerprinted = async (text: string, version: string, { clientOf, fingerprintKeys }: IndexDeps): Promise<Fingerprinted[]> => {
  const leaves = paired(leavesOf(text));
  const made = await Promise.all(leaves.map(({ value }) => fingerprintsOf(clientOf, fingerprintKeys, value)));
  const newest = new Map(leaves.map(({ path }, index) => [path, made[index]?.[0]]));
  return leaves.map(({ path, names }, index) => {
    const [fingerprint = '', ...older] = made[index] ?? [];
    const plain = plainPath(path);
    return {
      leaf: { path, version, names: names.map(credentialIdOf), fingerprint, first: plain === leaves[0]?.path ? true : undefined, spells: plain === path ? undefined : newest.get(plain) },
      older,
    };
  });
};

const newestOf = ({ fingerprintKeys: [newest] }: IndexDeps): FingerprintKey => {
  if (!newest) throw new Error('no fingerprint key is configured');
  return newest;
};

const sameVersions = (a: Record<string, string[]>, b: Record<string, string[]>): boolean => {
  const text = (versions: Record<string, string[]>) =>
    JSON.stringify(Object.entries(versions).filter(([, labels]) => labels.length > 0).map(([version, labels]) => [version, [...labels].sort()]).sort());
  return text(a) === text(b);
};

/** Makes new leaves known as credentials, and calls back the reports that were waiting for them. */
const introduce = async (made: readonly Fingerprinted[], place: string, name: string, { registry, configuration, clientOf, deliveriesQueue }: IndexDeps): Promise<void> => {
  for (const { leaf, older } of made) {
    const whole: Leaf = { ...leaf, place, name, current: true };
    for (const { credential } of identify([whole], configuration)) {
      if (!(await registry.knows(credential.id))) await registry.putCredential(credential, leaf.names.includes(credential.id) ? undefined : secretOf(whole));
    }
    for (const fingerprint of [leaf.fingerprint, ...older]) {
      for (const report of await registry.watched(fingerprint)) await enqueue(clientOf, deliveriesQueue, { kind: 'met', report, fingerprint });
    }
  }
};

import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Configuration } from '../core/configuration.ts';
import type { Issuer } from '../core/connector.ts';
import { credentialIdOf } from '../core/connector.ts';
import { identify, type Leaf } from '../core/identify.ts';
import { leavesOf } from '../core/leaves.ts';
import { paired } from '../core/pairing.ts';
import type { ClientOf } from './clients.ts';
import { fingerprintOf, type FingerprintKey } from './fingerprints.ts';
import { errorName, type Count, type Log } from './log.ts';
import { enqueue } from './queue.ts';
import type { Registry, SecretState } from './registry.ts';

export interface IndexDeps {
  configuration: Configuration;
  registry: Registry;
  clientOf: ClientOf;
  issuers: ReadonlyMap<string, Issuer>;
  fingerprintKeys: readonly FingerprintKey[];
  deliveriesQueue: string;
  indexQueue: string;
  now: () => Date;
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

/** Reads the versions of a secret that are new to the registry, and only those. Returns whether anything changed. */
export const indexSecret = async (listed: Listed, deps: IndexDeps, signal: AbortSignal): Promise<boolean> => {
  const { registry } = deps;
  const [known, seen] = await Promise.all([registry.secret(listed.place), listed.versions ? listed : described(listed.place, deps, signal)]);
  if (!seen?.versions) return false;
  if (known && !known.unreadable && sameVersions(known.versions, seen.versions)) return false;
  const name = seen.name ?? known?.name ?? listed.place;
  const labelled = Object.entries(seen.versions).filter(([, labels]) => labels.length > 0);
  const kept = (known?.leaves ?? []).filter(({ version }) => version in (known?.versions ?? {}));
  const read: SecretState['leaves'] = [];
  let unreadable: string | undefined;
  for (const [version] of labelled) {
    if (kept.some((leaf) => leaf.version === version) || (known && !known.unreadable && version in known.versions)) continue;
    const text = await textOf(listed.place, version, deps, signal);
    if ('error' in text) unreadable = text.error;
    else read.push(...(await fingerprinted(text.text, version, deps)));
  }
  const latest = new Set([...new Set([...kept, ...read].map(({ version }) => version))].slice(-mostVersions));
  const leaves = [...kept, ...read].filter(({ version }) => latest.has(version));
  const state: SecretState = { place: listed.place, name, versions: Object.fromEntries([...Object.entries(known?.versions ?? {}).filter(([version]) => latest.has(version)).map(([version]): [string, string[]] => [version, []]), ...labelled]), leaves, unreadable };
  const placed = leaves.map((leaf) => ({ ...leaf, place: listed.place, name, current: (state.versions[leaf.version] ?? []).includes('AWSCURRENT') }));
  // of two versions that name the same credential in the same spot, the last one written is remembered: the one that consumers read
  await registry.putSecret(state, placed.sort((a, b) => Number(a.current) - Number(b.current)));
  if (unreadable) {
    deps.count('SecretUnreadable');
    deps.log.warn('secret could not be read', { secret: name, error: unreadable });
  }
  await introduce(read, listed.place, name, deps);
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

const fingerprinted = async (text: string, version: string, { clientOf, fingerprintKeys }: IndexDeps): Promise<SecretState['leaves']> => {
  const [newest] = fingerprintKeys;
  if (!newest) throw new Error('no fingerprint key is configured');
  return Promise.all(
    paired(leavesOf(text)).map(async ({ path, value, names }) => ({ path, version, names: names.map(credentialIdOf), fingerprint: await fingerprintOf(clientOf, newest, value) })),
  );
};

const sameVersions = (a: Record<string, string[]>, b: Record<string, string[]>): boolean => {
  const text = (versions: Record<string, string[]>) =>
    JSON.stringify(Object.entries(versions).filter(([, labels]) => labels.length > 0).map(([version, labels]) => [version, [...labels].sort()]).sort());
  return text(a) === text(b);
};

/** Makes new leaves known as credentials, and calls back the reports that were waiting for them. */
const introduce = async (leaves: SecretState['leaves'], place: string, name: string, { registry, configuration, clientOf, deliveriesQueue }: IndexDeps): Promise<void> => {
  for (const leaf of leaves) {
    const whole: Leaf = { ...leaf, place, name, current: true };
    for (const { credential } of identify([whole], configuration)) {
      if (!(await registry.knows(credential.id))) await registry.putCredential(credential);
    }
    for (const report of await registry.watched(leaf.fingerprint)) await enqueue(clientOf, deliveriesQueue, { kind: 'met', report, fingerprint: leaf.fingerprint });
  }
};

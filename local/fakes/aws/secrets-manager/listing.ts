import type { House, Operation, Run } from '../operations.ts';
import type { Secret } from '../state.ts';
import { badParameter, exists, invalid, labels, parametersOf, replicationOf, secretAsked, seconds } from './secret.ts';
import { AwsError } from '../errors.ts';

interface Asked {
  SecretId?: string;
  MaxResults?: number;
  NextToken?: string;
  Filters?: { Key: string; Values: string[] }[];
  SortBy?: string;
  SortOrder?: 'asc' | 'desc';
  IncludePlannedDeletion?: boolean;
  IncludeDeprecated?: boolean;
}

const DAY_S = 86_400;

const shownTags = (secret: Secret) => Object.entries(secret.tags).map(([Key, Value]) => ({ Key, Value }));

const metadata = (secret: Secret) => {
  const { rotation } = secret;
  const days = rotation?.rules?.AutomaticallyAfterDays;
  const last = seconds(rotation?.rotatedAt) ?? seconds(secret.changedAt) ?? 0;
  return {
    ARN: secret.arn, Name: secret.name, Type: secret.type, Description: secret.description, KmsKeyId: secret.kmsKeyId,
    RotationEnabled: rotation?.enabled, RotationLambdaARN: rotation?.functionArn, RotationRules: rotation?.rules,
    LastRotatedDate: seconds(rotation?.rotatedAt), LastChangedDate: seconds(secret.changedAt), LastAccessedDate: seconds(secret.accessedAt),
    DeletedDate: seconds(secret.deletedAt), NextRotationDate: rotation?.enabled && days !== undefined ? last + days * DAY_S : undefined,
    Tags: shownTags(secret), OwningService: secret.owningService, CreatedDate: seconds(secret.createdAt),
  };
};

const startsWith = (value: string | undefined, prefix: string) => value?.startsWith(prefix) ?? false;

const hasPrefix: Record<string, (secret: Secret, prefix: string) => boolean> = {
  name: (secret, prefix) => secret.name.startsWith(prefix),
  description: (secret, prefix) => startsWith(secret.description?.toLowerCase(), prefix.toLowerCase()),
  'tag-key': (secret, prefix) => Object.keys(secret.tags).some((key) => key.startsWith(prefix)),
  'tag-value': (secret, prefix) => Object.values(secret.tags).some((value) => value.startsWith(prefix)),
  'owning-service': (secret, prefix) => startsWith(secret.owningService, prefix),
  'primary-region': () => false,
  all: (secret, prefix) =>
    [secret.name, secret.description, ...Object.keys(secret.tags), ...Object.values(secret.tags)].some((text) => text?.toLowerCase().includes(prefix.toLowerCase())),
};

const matcher = (filters: NonNullable<Asked['Filters']>) => {
  const tests = filters.map(({ Key, Values }) => {
    const test = hasPrefix[Key];
    if (!test || !Array.isArray(Values) || Values.length === 0) throw badParameter('A filter needs a known key and values.');
    return (secret: Secret) => Values.some((value) => (value.startsWith('!') ? !test(secret, value.slice(1)) : test(secret, value)));
  });
  return (secret: Secret) => tests.every((test) => test(secret));
};

const SORTS: Record<string, (secret: Secret) => string> = {
  'created-date': (secret) => secret.createdAt,
  'last-accessed-date': (secret) => secret.accessedAt ?? '',
  'last-changed-date': (secret) => secret.changedAt,
  name: (secret) => secret.name,
};

const keyOf = (sortBy: string, secret: Secret) => `${SORTS[sortBy]?.(secret)}\n${secret.name}`;

const sorted = new WeakMap<House, { epoch: number; keys: string[] }>();

/** Sort keys of all secrets, each ending with the name; kept between calls for the usual order, so that a walk over many pages stays cheap. */
const keysFor = (run: Run, sortBy: string): string[] => {
  const isUsual = sortBy === 'created-date' && run.view === run.house.state;
  const kept = sorted.get(run.house);
  if (isUsual && kept?.epoch === run.house.secretsEpoch) return kept.keys;
  const keys = Object.values(run.view.secrets).map((secret) => keyOf(sortBy, secret)).sort();
  if (isUsual) sorted.set(run.house, { epoch: run.house.secretsEpoch, keys });
  return keys;
};

const firstAfter = (keys: string[], key: string): number => {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') <= key) low = middle + 1;
    else high = middle;
  }
  return low;
};

const tokenKey = (token: string): string => {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith('after\n')) throw new AwsError('InvalidNextTokenException', 'The NextToken value is invalid.');
  return text.slice('after\n'.length);
};

/** One page of names that match. The token says after which secret it ended, so that nothing is skipped when others come or go. */
export const select = (run: Run, asked: Asked): { names: string[]; next: string | undefined } => {
  const { MaxResults: size = 100, NextToken, Filters = [], SortBy = 'created-date', SortOrder = 'asc' } = asked;
  if (!Number.isInteger(size) || size < 1 || size > 100) throw badParameter('MaxResults must be between 1 and 100.');
  if (!SORTS[SortBy]) throw badParameter('SortBy is unknown.');
  const matches = matcher(Filters);
  const keys = keysFor(run, SortBy);
  const last = NextToken === undefined ? undefined : tokenKey(NextToken);
  const step = SortOrder === 'desc' ? -1 : 1;
  const start = step === 1 ? (last === undefined ? 0 : firstAfter(keys, last)) : last === undefined ? keys.length - 1 : firstAfter(keys, last) - 2;
  const names: string[] = [];
  let end = '';
  for (let at = start; at >= 0 && at < keys.length; at += step) {
    const key = keys[at] as string;
    const secret = run.view.secrets[key.slice(key.lastIndexOf('\n') + 1)];
    if (!secret || !exists(secret, run.now) || (secret.deletedAt !== undefined && !asked.IncludePlannedDeletion) || !matches(secret)) continue;
    if (names.length === size) return { names, next: Buffer.from(`after\n${end}`).toString('base64url') };
    names.push(secret.name);
    end = key;
  }
  return { names, next: undefined };
};

const list = (run: Run) => {
  const { names, next } = select(run, parametersOf<Asked>(run));
  const entry = (secret: Secret) => ({ ...metadata(secret), SecretVersionsToStages: labels(secret) });
  return { SecretList: names.map((name) => entry(run.view.secrets[name] as Secret)), NextToken: next };
};

const listVersions = (run: Run) => {
  const { SecretId, IncludeDeprecated, MaxResults: size = 100, NextToken } = parametersOf<Asked>(run);
  const secret = secretAsked(run, SecretId, { orDeleted: true });
  const all = Object.entries(secret.versions).filter(([, { stages }]) => IncludeDeprecated || stages.length > 0);
  const start = NextToken === undefined ? 0 : Number(tokenKey(NextToken));
  if (!Number.isInteger(start)) throw invalid('The NextToken value is invalid.');
  return {
    ARN: secret.arn, Name: secret.name,
    Versions: all.slice(start, start + size).map(([VersionId, version]) => ({
      VersionId, VersionStages: version.stages, CreatedDate: seconds(version.createdAt), LastAccessedDate: seconds(version.accessedAt), KmsKeyIds: ['DefaultEncryptionKey'],
    })),
    NextToken: start + size < all.length ? Buffer.from(`after\n${start + size}`).toString('base64url') : undefined,
  };
};

/** What exists, without its values. */
export const listing: Record<string, Operation> = {
  ListSecrets: { kind: 'read', run: list },
  DescribeSecret: { kind: 'read', run: (run) => {
    const secret = secretAsked(run, parametersOf<Asked>(run).SecretId, { orDeleted: true });
    return { ...metadata(secret), VersionIdsToStages: labels(secret), ReplicationStatus: replicationOf(secret), PrimaryRegion: secret.replicas && run.state.region };
  } },
  ListSecretVersionIds: { kind: 'read', run: listVersions },
};

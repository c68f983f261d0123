import { AwsError } from '../errors.ts';
import type { Operation, Run } from '../operations.ts';
import { isPolicy } from '../policy.ts';
import { secretArn } from '../build-state.ts';
import { badParameter, changing, invalid, lookUp, parametersOf, record, replicationOf, secretAsked, seconds } from './secret.ts';
import { checkNotManaged } from './values.ts';

interface Given {
  SecretId?: string;
  RecoveryWindowInDays?: number;
  ForceDeleteWithoutRecovery?: boolean;
  Tags?: { Key: string; Value: string }[];
  TagKeys?: string[];
  ResourcePolicy?: string;
  BlockPublicPolicy?: boolean;
  RemoveReplicaRegions?: string[];
  PasswordLength?: number;
  ExcludeCharacters?: string;
  ExcludeNumbers?: boolean;
  ExcludePunctuation?: boolean;
  ExcludeUppercase?: boolean;
  ExcludeLowercase?: boolean;
  IncludeSpace?: boolean;
  RequireEachIncludedType?: boolean;
}

const DAY_MS = 86_400_000;
const MAX_TAGS = 50;

const remove = (run: Run) => {
  const { SecretId, RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force } = parametersOf<Given>(run);
  if (force && days !== undefined) throw badParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
  if (days !== undefined && (days < 7 || days > 30)) throw badParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
  const deletedAt = run.now.toISOString();
  if (force && SecretId !== undefined && lookUp(run.state, SecretId, run.now) === undefined)
    return { ARN: SecretId.startsWith('arn:') ? SecretId : secretArn(run.state.region, run.state.account, SecretId), Name: SecretId, DeletionDate: seconds(deletedAt) };
  const secret = secretAsked(run, SecretId, { orDeleted: force });
  checkNotManaged(secret);
  if (secret.replicas && secret.replicas.length > 0) throw badParameter(`You can't delete secret ${secret.name} that still has replica regions [${secret.replicas.join(', ')}]`);
  const purgeAt = force ? deletedAt : new Date(run.now.getTime() + (days ?? 30) * DAY_MS).toISOString();
  changing(run, secret);
  record(run, secret, { recoveryWindowInDays: days, forceDeleteWithoutRecovery: force });
  if (force) {
    delete run.state.secrets[secret.name];
    run.after(() => (run.house.secretsEpoch += 1));
  } else Object.assign(secret, { deletedAt, purgeAt });
  return { ARN: secret.arn, Name: secret.name, DeletionDate: seconds(purgeAt) };
};

const restore = (run: Run) => {
  const secret = secretAsked(run, parametersOf<Given>(run).SecretId, { orDeleted: true });
  changing(run, secret);
  delete secret.deletedAt;
  delete secret.purgeAt;
  record(run, secret, {});
  return { ARN: secret.arn, Name: secret.name };
};

const unreplicate = (run: Run) => {
  const { SecretId, RemoveReplicaRegions: regions = [] } = parametersOf<Given>(run);
  const secret = secretAsked(run, SecretId);
  if (regions.length === 0) throw badParameter('RemoveReplicaRegions must name at least one Region.');
  const unknown = regions.filter((region) => !secret.replicas?.includes(region));
  if (unknown.length > 0) throw badParameter(`The secret is not replicated to ${unknown.join(', ')}.`);
  changing(run, secret).replicas = secret.replicas?.filter((region) => !regions.includes(region));
  record(run, secret, { removeReplicaRegions: regions });
  return { ARN: secret.arn, ReplicationStatus: replicationOf(secret) };
};

const tag = (run: Run) => {
  const { SecretId, Tags = [] } = parametersOf<Given>(run);
  const secret = secretAsked(run, SecretId);
  const tags = { ...secret.tags, ...Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])) };
  if (Object.keys(tags).some((key) => key.startsWith('aws:'))) throw badParameter('Tag keys that begin with aws: are reserved.');
  if (Object.keys(tags).length > MAX_TAGS) throw new AwsError('LimitExceededException', 'A secret has at most 50 tags.');
  changing(run, secret).tags = tags;
  record(run, secret, { tags: Tags });
  return {};
};

const untag = (run: Run) => {
  const { SecretId, TagKeys = [] } = parametersOf<Given>(run);
  const secret = secretAsked(run, SecretId);
  changing(run, secret).tags = Object.fromEntries(Object.entries(secret.tags).filter(([key]) => !TagKeys.includes(key)));
  record(run, secret, { tagKeys: TagKeys });
  return {};
};

const putPolicy = (run: Run) => {
  const { SecretId, ResourcePolicy = '', BlockPublicPolicy } = parametersOf<Given>(run);
  const secret = secretAsked(run, SecretId);
  if (!isPolicy(ResourcePolicy)) throw new AwsError('MalformedPolicyDocumentException', 'This resource policy contains a syntax error.');
  const isPublic = /"Effect"\s*:\s*"Allow"/.test(ResourcePolicy) && /"Principal"\s*:\s*("\*"|\{\s*"AWS"\s*:\s*"\*")/.test(ResourcePolicy);
  if (BlockPublicPolicy && isPublic) throw new AwsError('PublicPolicyException', 'You can\'t use this policy because it grants broad access to the secret.');
  changing(run, secret).policy = ResourcePolicy;
  record(run, secret, { resourcePolicy: ResourcePolicy });
  return { ARN: secret.arn, Name: secret.name };
};

const deletePolicy = (run: Run) => {
  const secret = secretAsked(run, parametersOf<Given>(run).SecretId, { orDeleted: true });
  delete changing(run, secret).policy;
  record(run, secret, {});
  return { ARN: secret.arn, Name: secret.name };
};

const getPolicy = (run: Run) => {
  const secret = secretAsked(run, parametersOf<Given>(run).SecretId, { orDeleted: true });
  return { ARN: secret.arn, Name: secret.name, ResourcePolicy: secret.policy };
};

const password = (run: Run) => {
  const given = parametersOf<Given>(run);
  const length = given.PasswordLength ?? 32;
  if (!Number.isInteger(length) || length < 1 || length > 4096) throw badParameter('PasswordLength must be between 1 and 4096.');
  const kinds = [
    given.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
    given.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    given.ExcludeNumbers ? '' : '0123456789',
    given.ExcludePunctuation ? '' : '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
    given.IncludeSpace ? ' ' : '',
  ].map((kind) => [...kind].filter((c) => !(given.ExcludeCharacters ?? '').includes(c))).filter((kind) => kind.length > 0);
  const all = kinds.flat();
  if (all.length === 0) throw invalid('No characters are left to make a password of.');
  const pick = (from: string[]) => from[run.random(4).readUInt32BE() % from.length] as string;
  const letters = Array.from({ length }, () => pick(all));
  // One of each kind, at places of its own, as AWS does unless told otherwise.
  if ((given.RequireEachIncludedType ?? true) && length >= kinds.length) {
    const start = run.random(4).readUInt32BE() % length;
    kinds.forEach((kind, index) => (letters[(start + index) % length] = pick(kind)));
  }
  return { RandomPassword: letters.join('') };
};

/** Deleting, restoring, tags, resource policies, and random passwords. */
export const lifecycle: Record<string, Operation> = {
  DeleteSecret: { kind: 'write', run: remove },
  RestoreSecret: { kind: 'write', run: restore },
  RemoveRegionsFromReplication: { kind: 'write', run: unreplicate },
  TagResource: { kind: 'write', run: tag },
  UntagResource: { kind: 'write', run: untag },
  PutResourcePolicy: { kind: 'write', run: putPolicy },
  DeleteResourcePolicy: { kind: 'write', run: deletePolicy },
  GetResourcePolicy: { kind: 'read', run: getPolicy },
  GetRandomPassword: { kind: 'read', run: password },
};

import { AwsError, named } from '../errors.ts';
import type { Operation, Run } from '../operations.ts';
import type { Secret, SecretVersion } from '../state.ts';
import { secretArn } from '../build-state.ts';
import { select } from './listing.ts';
import {
  addVersion, badParameter, changing, invalid, label, lookUp, moveLabels, newVersionId, notFound, parametersOf, record, secretAsked, seconds, versionWith,
} from './secret.ts';

interface Given {
  SecretId?: string;
  Name?: string;
  Description?: string;
  KmsKeyId?: string;
  Tags?: { Key: string; Value: string }[];
  ClientRequestToken?: string;
  SecretString?: string;
  SecretBinary?: string;
  VersionStages?: string[];
  VersionId?: string;
  VersionStage?: string;
  Type?: string;
}

const MAX_VALUE_BYTES = 65_536;

const hasValue = ({ SecretString, SecretBinary }: Given) => SecretString !== undefined || SecretBinary !== undefined;

const checkValue = (given: Given) => {
  if (given.SecretString !== undefined && given.SecretBinary !== undefined)
    throw badParameter("You can't specify both a binary secret value and a string secret value in the same secret.");
  const bytes = given.SecretBinary === undefined ? Buffer.byteLength(given.SecretString ?? '') : Buffer.from(given.SecretBinary, 'base64').length;
  if (bytes > MAX_VALUE_BYTES) throw badParameter(`The secret value is larger than ${MAX_VALUE_BYTES} bytes.`);
};

const tokenOf = (run: Run, given: Given): string => {
  const token = given.ClientRequestToken;
  if (token === undefined) return newVersionId(run);
  if (token.length < 32 || token.length > 64) throw badParameter('ClientRequestToken must be 32-64 characters long.');
  return token;
};

const isSameValue = (version: SecretVersion, given: Given) => version.value === given.SecretString && version.binary === given.SecretBinary;
const isEmpty = (version: SecretVersion) => version.value === undefined && version.binary === undefined;

/** Puts a value under that version id. The same value again changes nothing; another value for a used id is an error. */
const putVersion = (run: Run, secret: Secret, token: string, given: Given, stages: readonly string[]): void => {
  const known = Object.hasOwn(secret.versions, token) ? secret.versions[token] : undefined;
  if (known && !isEmpty(known)) {
    if (isSameValue(known, given)) return;
    throw new AwsError('ResourceExistsException', `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${secret.arn}.`);
  }
  changing(run, secret);
  const value = { value: given.SecretString, binary: given.SecretBinary };
  if (known) Object.assign(known, value);
  else addVersion(secret, token, { ...value, createdAt: run.now.toISOString() }, run.now);
  moveLabels(run, secret, stages, token);
};

/** Throws for a secret that another service manages, unless its own rotation is at work. */
export const checkNotManaged = (secret: Secret): void => {
  if (secret.owningService !== undefined && secret.rotation?.running === undefined)
    throw invalid(`You can't modify this secret because it is managed by ${secret.owningService}.`);
};

const create = (run: Run) => {
  const given = parametersOf<Given>(run);
  const { Name: name = '' } = given;
  if (!/^[A-Za-z0-9/_+=.@!-]{1,512}$/.test(name))
    throw new AwsError('ValidationException', 'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!');
  checkValue(given);
  const token = tokenOf(run, given);
  const before = lookUp(run.state, name, run.now);
  if (before?.deletedAt !== undefined) throw invalid("You can't create this secret because a secret with this name is already scheduled for deletion.");
  if (before) {
    const version = before.versions[token];
    if (version && isSameValue(version, given)) return { ARN: before.arn, Name: name, VersionId: token };
    throw new AwsError('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);
  }
  const at = run.now.toISOString();
  const secret: Secret = {
    name, arn: secretArn(run.state.region, run.state.account, name), description: given.Description, kmsKeyId: given.KmsKeyId, type: given.Type,
    createdAt: at, changedAt: at, tags: Object.fromEntries((given.Tags ?? []).map(({ Key, Value }) => [Key, Value])), versions: {},
  };
  run.touch('secrets', name);
  if (hasValue(given)) {
    addVersion(secret, token, { value: given.SecretString, binary: given.SecretBinary, createdAt: at }, run.now);
    // The first labels do not move from anywhere, so EventBridge hears nothing.
    label(secret, 'AWSCURRENT', token);
  }
  run.state.secrets[name] = secret;
  run.after(() => (run.house.secretsEpoch += 1));
  record(run, secret, { name, clientRequestToken: token });
  return { ARN: secret.arn, Name: name, VersionId: hasValue(given) ? token : undefined };
};

const valueOf = (run: Run, secret: Secret, { VersionId, VersionStage }: Pick<Given, 'VersionId' | 'VersionStage'>) => {
  const stage = VersionStage ?? (VersionId === undefined ? 'AWSCURRENT' : undefined);
  const id = VersionId ?? versionWith(secret, stage ?? '');
  const version = id !== undefined && Object.hasOwn(secret.versions, id) ? secret.versions[id] : undefined;
  const what = VersionId === undefined ? `staging label: ${stage}` : `VersionId: ${VersionId}`;
  if (!version) throw notFound(`Secrets Manager can't find the specified secret value for ${what}`);
  if (stage !== undefined && !version.stages.includes(stage)) throw invalid('You provided a VersionStage that is not associated to the provided VersionId.');
  if (secret.unreadable) throw named.denied('json', 'Access to KMS is not allowed');
  if (isEmpty(version)) throw notFound(`Secrets Manager can't find the specified secret value for ${what}`);
  const truth = run.house.state.secrets[secret.name];
  const day = `${run.now.toISOString().slice(0, 10)}T00:00:00.000Z`;
  // Only the day is kept, and it is saved with the next change: losing it harms nobody.
  if (truth) truth.accessedAt = day;
  if (truth?.versions[id ?? '']) (truth.versions[id ?? ''] as SecretVersion).accessedAt = day;
  return {
    ARN: secret.arn, Name: secret.name, VersionId: id, SecretString: version.value, SecretBinary: version.binary,
    VersionStages: version.stages, CreatedDate: seconds(version.createdAt),
  };
};

const batch = (run: Run) => {
  const { SecretIdList: ids, ...filters } = parametersOf<{ SecretIdList?: string[]; Filters?: { Key: string; Values: string[] }[]; MaxResults?: number; NextToken?: string }>(run);
  if ((ids === undefined) === (filters.Filters === undefined)) throw invalid('You must provide either SecretIdList or Filters, and not both.');
  if (ids !== undefined && (ids.length < 1 || ids.length > 20)) throw badParameter('SecretIdList must name 1 to 20 secrets.');
  const page = ids === undefined ? select(run, { ...filters, MaxResults: filters.MaxResults ?? 20 }) : { names: ids, next: undefined };
  const SecretValues: object[] = [];
  const Errors: object[] = [];
  for (const id of page.names) {
    try {
      SecretValues.push(valueOf(run, secretAsked(run, id), {}));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Errors.push({ SecretId: id, ErrorCode: error.code, Message: error.message });
    }
  }
  return { SecretValues, Errors, NextToken: page.next };
};

const put = (run: Run) => {
  const given = parametersOf<Given>(run);
  const secret = secretAsked(run, given.SecretId);
  if (!hasValue(given)) throw invalid('You must provide either SecretString or SecretBinary.');
  checkValue(given);
  checkNotManaged(secret);
  const token = tokenOf(run, given);
  const stages = given.VersionStages ?? ['AWSCURRENT'];
  if (stages.length < 1 || stages.length > 20) throw badParameter('VersionStages must hold 1 to 20 labels.');
  // A secret's first value is current, whatever labels it was given.
  const first = versionWith(secret, 'AWSCURRENT') === undefined ? ['AWSCURRENT'] : [];
  putVersion(run, secret, token, given, [...new Set([...stages, ...first])]);
  record(run, secret, { clientRequestToken: token, versionStages: stages });
  return { ARN: secret.arn, Name: secret.name, VersionId: token, VersionStages: secret.versions[token]?.stages };
};

const update = (run: Run) => {
  const given = parametersOf<Given>(run);
  const secret = secretAsked(run, given.SecretId);
  checkValue(given);
  checkNotManaged(secret);
  const token = tokenOf(run, given);
  if (hasValue(given)) putVersion(run, secret, token, given, ['AWSCURRENT']);
  if (given.Description !== undefined || given.KmsKeyId !== undefined) {
    changing(run, secret);
    secret.description = given.Description ?? secret.description;
    secret.kmsKeyId = given.KmsKeyId ?? secret.kmsKeyId;
  }
  record(run, secret, { clientRequestToken: token });
  return { ARN: secret.arn, Name: secret.name, VersionId: hasValue(given) ? token : undefined };
};

/** Making, reading and writing values. */
export const values: Record<string, Operation> = {
  CreateSecret: { kind: 'write', run: create },
  GetSecretValue: { kind: 'read', run: (run) => {
    const given = parametersOf<Given>(run);
    return valueOf(run, secretAsked(run, given.SecretId), given);
  } },
  BatchGetSecretValue: { kind: 'read', run: batch },
  PutSecretValue: { kind: 'write', run: put },
  UpdateSecret: { kind: 'write', run: update },
};

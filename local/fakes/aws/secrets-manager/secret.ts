import { contextOf } from '../access.ts';
import { AwsError, named } from '../errors.ts';
import type { Run } from '../operations.ts';
import { denies } from '../policy.ts';
import type { AwsState, Secret, SecretVersion } from '../state.ts';
import { recordCall } from '../trail.ts';

const MAX_VERSIONS = 100;
const DAY_MS = 86_400_000;

/** The parameters of a request. */
export const parametersOf = <T>(run: Run): T => run.request.body as T;

export const invalid = (message: string) => new AwsError('InvalidRequestException', message);
export const badParameter = (message: string) => new AwsError('InvalidParameterException', message);
export const notFound = (message = "Secrets Manager can't find the specified secret.") => new AwsError('ResourceNotFoundException', message);

/** Seconds since 1970, as AWS JSON gives times; undefined stays undefined. */
export const seconds = (iso: string | undefined) => (iso === undefined ? undefined : Date.parse(iso) / 1000);

/** Whether it still exists: its recovery window has not run out. */
export const exists = (secret: Secret, now: Date): boolean => secret.purgeAt === undefined || Date.parse(secret.purgeAt) > now.getTime();

/** The secret by name, ARN, or ARN without its last seven characters; undefined when there is none. */
export const lookUp = (state: AwsState, id: string, now: Date): Secret | undefined => {
  const prefix = `arn:aws:secretsmanager:${state.region}:${state.account}:secret:`;
  const own = (name: string) => (Object.hasOwn(state.secrets, name) ? state.secrets[name] : undefined);
  const partial = id.startsWith(prefix) ? id.slice(prefix.length) : id;
  const withSuffix = own(partial.slice(0, -7));
  const found = own(id) ?? (id.startsWith(prefix) ? (withSuffix?.arn === id ? withSuffix : own(partial)) : undefined);
  return found && exists(found, now) ? found : undefined;
};

/** The secret that the request names, if the caller may touch it. Unless told otherwise it must not be marked for deletion. */
export const secretAsked = (run: Run, id: string | undefined, options: { orDeleted?: boolean } = {}): Secret => {
  if (typeof id !== 'string' || id === '') throw badParameter('You must provide a value for the SecretId parameter.');
  const secret = lookUp(run.view, id, run.now);
  if (!secret) throw notFound();
  const { caller, operation } = run.request;
  const action = `secretsmanager:${operation}`;
  if (secret.policy !== undefined && denies(secret.policy, contextOf(run.state, caller, action, [secret.arn], run.now)))
    throw named.denied('json', `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${secret.name} with an explicit deny in a resource-based policy`);
  if (secret.deletedAt !== undefined && !options.orDeleted)
    throw invalid("You can't perform this operation on the secret because it was marked for deletion.");
  return secret;
};

/** Where it is replicated to, as Secrets Manager shows it; undefined where it never was. */
export const replicationOf = ({ replicas }: Secret) => replicas?.map((Region) => ({ Region, Status: 'InSync', KmsKeyId: 'alias/aws/secretsmanager' }));

/** To be called before a secret changes: readers behind see it as it is now. */
export const changing = (run: Run, secret: Secret): Secret => {
  run.touch('secrets', secret.name);
  secret.changedAt = run.now.toISOString();
  return secret;
};

/** Records the call in the trail. Never hand it a value. */
export const record = (run: Run, secret: Secret, requestParameters: object): void =>
  recordCall(run, {
    requestParameters: { secretId: secret.arn, ...requestParameters },
    responseElements: { arn: secret.arn, name: secret.name },
    resources: [{ ResourceType: 'AWS::SecretsManager::Secret', ResourceName: secret.arn }],
  });

/** The id of the version that carries the label. */
export const versionWith = (secret: Secret, stage: string): string | undefined =>
  Object.entries(secret.versions).find(([, { stages }]) => stages.includes(stage))?.[0];

/** Each labelled version's labels; versions without any are left out. */
export const labels = (secret: Secret): Record<string, string[]> =>
  Object.fromEntries(Object.entries(secret.versions).filter(([, { stages }]) => stages.length > 0).map(([id, { stages }]) => [id, [...stages]]));

/** Adds a version without labels, dropping old unlabelled ones over the hundred. */
export const addVersion = (secret: Secret, id: string, version: Omit<SecretVersion, 'stages'>, now: Date): void => {
  const unlabelled = Object.entries(secret.versions)
    .filter(([, { stages, createdAt }]) => stages.length === 0 && Date.parse(createdAt) < now.getTime() - DAY_MS)
    .sort(([, a], [, b]) => (a.createdAt < b.createdAt ? -1 : 1));
  const over = Object.keys(secret.versions).length + 1 - MAX_VERSIONS;
  if (over > unlabelled.length) throw new AwsError('LimitExceededException', 'The secret has too many versions.');
  for (const [old] of unlabelled.slice(0, Math.max(0, over))) delete secret.versions[old];
  secret.versions[id] = { ...version, stages: [] };
};

const drop = (secret: Secret, stage: string) => {
  for (const version of Object.values(secret.versions)) version.stages = version.stages.filter((one) => one !== stage);
};

/** Puts the label on that version and nowhere else. AWSPREVIOUS follows AWSCURRENT. True when it moved. */
export const label = (secret: Secret, stage: string, versionId: string): boolean => {
  const before = versionWith(secret, stage);
  if (before === versionId) return false;
  drop(secret, stage);
  secret.versions[versionId]?.stages.push(stage);
  if (stage === 'AWSCURRENT' && before !== undefined) {
    drop(secret, 'AWSPREVIOUS');
    secret.versions[before]?.stages.push('AWSPREVIOUS');
  }
  return true;
};

/** Takes a label off wherever it is. */
export const unlabel = drop;

/** What EventBridge delivers when a label moved; undefined for those of which nobody is told. */
export const labelEvent = (state: AwsState, secret: Secret, stage: string, versionId: string, id: string, now: Date): object | undefined =>
  stage === 'AWSPENDING' || stage === 'AWSPREVIOUS'
    ? undefined
    : {
        version: '0', id, 'detail-type': 'Secret Label Updated', source: 'aws.secretsmanager', account: state.account,
        time: now.toISOString().replace(/\.\d+Z$/, 'Z'), region: state.region, resources: [secret.arn],
        detail: { name: secret.name, labelUpdated: stage, versionId },
      };

const uuidOf = (bytes: Buffer) => bytes.toString('hex').replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');

/** A fresh version id. */
export const newVersionId = (run: Run): string => uuidOf(run.random(16));

/** Moves labels to a version and tells EventBridge of those that moved. */
export const moveLabels = (run: Run, secret: Secret, stages: readonly string[], versionId: string): void => {
  for (const stage of stages) {
    const event = label(secret, stage, versionId) ? labelEvent(run.state, secret, stage, versionId, newVersionId(run), run.now) : undefined;
    if (event) run.after(() => run.house.emit(event));
  }
};

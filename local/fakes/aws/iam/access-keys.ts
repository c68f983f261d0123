import { iamId } from '../build-state.ts';
import { AwsError, named } from '../errors.ts';
import type { Operation, Run } from '../operations.ts';
import { paged, required } from '../query.ts';
import type { AccessKey } from '../state.ts';
import { recordCall } from '../trail.ts';
import { noSuch, userAsked } from './users.ts';

const KEYS_PER_USER = 2;

const keysOf = (keys: Record<string, AccessKey>, userName: string) => Object.values(keys).filter((key) => key.userName === userName);

/** The key that the request names; it must belong to the user that it names. */
const keyAsked = (run: Run): AccessKey => {
  const user = userAsked(run);
  const id = required(run, 'AccessKeyId');
  const key = Object.hasOwn(run.view.keys, id) ? run.view.keys[id] : undefined;
  if (!key || key.userName !== user.name) throw noSuch(`The Access Key with id ${id} cannot be found.`);
  return key;
};

const resourcesOf = (key: { id: string; userName: string }) => [
  { ResourceType: 'AWS::IAM::AccessKey', ResourceName: key.id },
  { ResourceType: 'AWS::IAM::User', ResourceName: key.userName },
];

const create = (run: Run) => {
  const user = userAsked(run);
  if (keysOf(run.state.keys, user.name).length >= KEYS_PER_USER)
    throw new AwsError('LimitExceeded', `Cannot exceed quota for AccessKeysPerUser: ${KEYS_PER_USER}`, 409);
  const id = iamId('AK' + 'IA', run.random(16));
  const key: AccessKey = { id, userName: user.name, secret: run.random(30).toString('base64'), status: 'Active', createdAt: run.now.toISOString() };
  run.touch('keys', id);
  run.state.keys[id] = key;
  run.state.everKeys.push(id);
  const shown = { UserName: user.name, AccessKeyId: id, Status: 'Active', CreateDate: new Date(key.createdAt) };
  recordCall(run, {
    requestParameters: { userName: user.name },
    responseElements: { accessKey: { userName: user.name, accessKeyId: id, status: 'Active', createDate: key.createdAt } },
    resources: resourcesOf(key),
  });
  return { AccessKey: { ...shown, SecretAccessKey: key.secret } };
};

const update = (run: Run) => {
  const status = required(run, 'Status');
  if (status !== 'Active' && status !== 'Inactive')
    throw new AwsError('ValidationError', `1 validation error detected: Value '${status}' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]`);
  const key = keyAsked(run);
  run.touch('keys', key.id);
  key.status = status;
  recordCall(run, { requestParameters: { userName: key.userName, accessKeyId: key.id, status }, resources: resourcesOf(key) });
  return {};
};

const remove = (run: Run) => {
  const key = keyAsked(run);
  run.touch('keys', key.id);
  delete run.state.keys[key.id];
  recordCall(run, { requestParameters: { userName: key.userName, accessKeyId: key.id }, resources: resourcesOf(key) });
  return {};
};

const lastUsed = (run: Run) => {
  const id = required(run, 'AccessKeyId');
  const key = Object.hasOwn(run.view.keys, id) ? run.view.keys[id] : undefined;
  if (!key && run.state.everKeys.includes(id)) throw noSuch(`The Access Key with id ${id} cannot be found.`);
  // Of keys that were never this account's, AWS does not even say whether they exist.
  if (!key) throw named.denied('query', `User: ${run.request.caller.arn} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key ${id}`);
  const { lastUsed: used } = key;
  return {
    UserName: key.userName,
    AccessKeyLastUsed: used
      ? { LastUsedDate: new Date(used.at), ServiceName: used.service, Region: used.region }
      : { ServiceName: 'N/A', Region: 'N/A' },
  };
};

/** Access keys: at most two per user, inactive ones included; the secret is shown once. */
export const accessKeys: Record<string, Operation> = {
  ListAccessKeys: { kind: 'read', run: (run) => {
    const user = userAsked(run);
    return { UserName: user.name, ...paged(run, 'AccessKeyMetadata', keysOf(run.view.keys, user.name), (key) => ({
      UserName: key.userName, AccessKeyId: key.id, Status: key.status, CreateDate: new Date(key.createdAt),
    })) };
  } },
  CreateAccessKey: { kind: 'write', run: create },
  UpdateAccessKey: { kind: 'write', run: update },
  DeleteAccessKey: { kind: 'write', run: remove },
  GetAccessKeyLastUsed: { kind: 'read', run: lastUsed },
};

import { iamId } from './build-state.ts';
import { AwsError, named } from './errors.ts';
import { serviceOf, type House, type Operation, type Run } from './operations.ts';
import { optional, queryAnswer, required, whole } from './query.ts';
import type { AwsService } from './server.ts';
import { arnOf, type Session } from './state.ts';
import { recordCall } from './trail.ts';

const HOUR = 3_600;

/** Mints a session. It lives on whatever becomes of the key that asked for it. */
const mint = (run: Run, kind: Session['kind'], principal: string, seconds: number, sessionName?: string, roleId?: string) => {
  const { caller } = run.request;
  const id = iamId('AS' + 'IA', run.random(16));
  const session: Session = {
    secretAccessKey: run.random(30).toString('base64'),
    sessionToken: run.random(180).toString('base64'),
    issuedAt: run.now.toISOString(),
    expiresAt: new Date(run.now.getTime() + seconds * 1000).toISOString(),
    kind, principal, sessionName, roleId,
    byKey: caller.accessKeyId,
  };
  run.touch('sessions', id);
  run.state.sessions[id] = session;
  return { id, session, credentials: {
    AccessKeyId: id, SecretAccessKey: session.secretAccessKey, SessionToken: session.sessionToken, Expiration: new Date(session.expiresAt),
  } };
};

/** The session's key as the trail tells it: no secret and no token. */
const recorded = (id: string, session: Session) => ({ accessKeyId: id, expiration: session.expiresAt });

const identity = (run: Run) => {
  const { caller } = run.request;
  return { Arn: caller.arn, UserId: caller.userId, Account: caller.account };
};

const sessionToken = (run: Run) => {
  const { caller } = run.request;
  if (caller.issuedAt !== undefined || caller.userName === undefined)
    throw named.denied('query', 'Cannot call GetSessionToken with session credentials');
  const seconds = whole(run, 'DurationSeconds', 900, 36 * HOUR, 12 * HOUR);
  const { id, session, credentials } = mint(run, 'user', caller.userName, seconds);
  recordCall(run, {
    requestParameters: { durationSeconds: seconds },
    responseElements: { credentials: recorded(id, session) },
    resources: [{ ResourceType: 'AWS::IAM::AccessKey', ResourceName: id }],
  });
  return { Credentials: credentials };
};

const federationToken = (run: Run) => {
  const { caller } = run.request;
  if (caller.issuedAt !== undefined || caller.userName === undefined)
    throw named.denied('query', 'Cannot call GetFederationToken with session credentials');
  const name = required(run, 'Name');
  if (!/^[\w+=,.@-]{2,32}$/.test(name)) throw new AwsError('ValidationError', 'The name of the federated user is invalid.');
  const seconds = whole(run, 'DurationSeconds', 900, 36 * HOUR, 12 * HOUR);
  const { id, session, credentials } = mint(run, 'federated', caller.userName, seconds, name);
  const FederatedUser = { FederatedUserId: `${caller.account}:${name}`, Arn: arnOf.federatedUser(run.state, name) };
  recordCall(run, {
    requestParameters: { name, durationSeconds: seconds },
    responseElements: { credentials: recorded(id, session), federatedUser: { federatedUserId: FederatedUser.FederatedUserId, arn: FederatedUser.Arn } },
    resources: [{ ResourceType: 'AWS::IAM::AccessKey', ResourceName: id }],
  });
  return { Credentials: credentials, FederatedUser, PackedPolicySize: 0 };
};

const assumeRole = (run: Run) => {
  const { caller } = run.request;
  const roleArn = required(run, 'RoleArn');
  const sessionName = required(run, 'RoleSessionName');
  const name = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  const role = Object.hasOwn(run.state.roles, name) ? run.state.roles[name] : undefined;
  if (!role || arnOf.role(run.state, name) !== roleArn)
    throw named.denied('query', `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`);
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) throw new AwsError('ValidationError', 'The role session name is invalid.');
  // A chained session lasts an hour at most. Worlds that say nothing of a role let it be assumed for as long as any.
  const seconds = whole(run, 'DurationSeconds', 900, caller.roleName === undefined ? (role.maxSessionDuration ?? 12 * HOUR) : HOUR, HOUR);
  const { id, session, credentials } = mint(run, 'role', name, seconds, sessionName, role.id);
  const assumed = { AssumedRoleId: `${role.id}:${sessionName}`, Arn: arnOf.assumedRole(run.state, name, sessionName) };
  recordCall(run, {
    requestParameters: { roleArn, roleSessionName: sessionName, durationSeconds: seconds },
    responseElements: { credentials: recorded(id, session), assumedRoleUser: { assumedRoleId: assumed.AssumedRoleId, arn: assumed.Arn } },
    resources: [
      { ResourceType: 'AWS::IAM::AccessKey', ResourceName: id },
      { ResourceType: 'AWS::STS::AssumedRole', ResourceName: assumed.Arn },
      { ResourceType: 'AWS::IAM::Role', ResourceName: roleArn },
    ],
  });
  return { Credentials: credentials, AssumedRoleUser: assumed, PackedPolicySize: optional(run, 'Policy') === undefined ? undefined : 1 };
};

const accessKeyInfo = (run: Run) => {
  const id = required(run, 'AccessKeyId');
  if (!/^[A-Z0-9]{16,128}$/.test(id)) throw new AwsError('ValidationError', `1 validation error detected: Value '${id}' at 'accessKeyId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w]*`);
  const isKnown = run.state.everKeys.includes(id) || Object.hasOwn(run.state.sessions, id) || Object.hasOwn(run.state.callers, id);
  if (!isKnown) throw named.denied('query', `Access denied: ${id} belongs to no account known here`);
  return { Account: run.state.account };
};

const operations: Record<string, Operation> = {
  GetCallerIdentity: { kind: 'read', run: identity },
  GetSessionToken: { kind: 'write', run: sessionToken },
  GetFederationToken: { kind: 'write', run: federationToken },
  AssumeRole: { kind: 'write', run: assumeRole },
  GetAccessKeyInfo: { kind: 'read', run: accessKeyInfo },
};

/** STS: who somebody is, and sessions minted from keys and roles. */
export const sts = (house: House): AwsService =>
  Object.assign(serviceOf(house, operations, queryAnswer), {
    // The key that signs is what an identity call is about.
    resourceOf: (request: Parameters<NonNullable<AwsService['resourceOf']>>[0]) => request.claim?.accessKeyId ?? '',
  });

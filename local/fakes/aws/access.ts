import { named } from './errors.ts';
import { seenBehind, visible } from './journal.ts';
import type { House } from './operations.ts';
import { denies, type PolicyContext } from './policy.ts';
import type { Caller, UnprovenRequest } from './server.ts';
import { signedWith } from './sigv4.ts';
import { arnOf, type AwsState, type Session } from './state.ts';

const DENY_ALL = 'arn:aws:iam::aws:policy/AWSDenyAll';
const denyAll = JSON.stringify({ Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] });

interface Identity {
  secret: string;
  sessionToken?: string;
  expiresAt?: string;
  caller: Omit<Caller, 'userAgent'>;
}

const ofSession = (state: AwsState, accessKeyId: string, session: Session): Identity | undefined => {
  const { account } = state;
  const { kind, principal, sessionName = principal, issuedAt, expiresAt, secretAccessKey: secret, sessionToken } = session;
  const shared = { accessKeyId, account, issuedAt };
  if (kind === 'role') {
    const role = state.roles[principal];
    // a session of a role that was deleted is not one of the role that was made under its name since
    if (session.roleId !== undefined && role?.id !== session.roleId) return undefined;
    return role && { secret, sessionToken, expiresAt, caller: {
      ...shared, roleName: principal, sessionName, userId: `${role.id}:${sessionName}`, arn: arnOf.assumedRole(state, principal, sessionName),
    } };
  }
  const user = state.users[principal];
  return user && { secret, sessionToken, expiresAt, caller: kind === 'user'
    ? { ...shared, userName: principal, userId: user.id, arn: arnOf.user(state, principal) }
    : { ...shared, userName: principal, sessionName, userId: `${account}:${sessionName}`, arn: arnOf.federatedUser(state, sessionName) } };
};

const identityOf = (state: AwsState, accessKeyId: string, now: Date): Identity | undefined => {
  const { account } = state;
  const caller = Object.hasOwn(state.callers, accessKeyId) ? state.callers[accessKeyId] : undefined;
  if (caller) {
    const { roleName, sessionName, secretAccessKey: secret } = caller;
    return { secret, caller: {
      accessKeyId, account, roleName, sessionName,
      issuedAt: now.toISOString(),
      userId: `${state.roles[roleName]?.id}:${sessionName}`,
      arn: arnOf.assumedRole(state, roleName, sessionName),
    } };
  }
  const session = Object.hasOwn(state.sessions, accessKeyId) ? state.sessions[accessKeyId] : undefined;
  if (session) return ofSession(state, accessKeyId, session);
  const key = Object.hasOwn(state.keys, accessKeyId) ? state.keys[accessKeyId] : undefined;
  if (!key || key.status !== 'Active') return undefined;
  return { secret: key.secret, caller: { accessKeyId, account, userName: key.userName, userId: state.users[key.userName]?.id ?? '', arn: arnOf.user(state, key.userName) } };
};

/** What conditions can ask about this caller and this request. */
export const contextOf = (state: AwsState, caller: Omit<Caller, 'userAgent'>, action: string, resources: string[], now: Date): PolicyContext => ({
  action,
  resources,
  keys: {
    'aws:tokenissuetime': caller.issuedAt,
    'aws:currenttime': now.toISOString(),
    'aws:userid': caller.userId,
    'aws:username': caller.roleName === undefined && caller.sessionName === undefined ? caller.userName : undefined,
    'aws:principalarn': caller.roleName === undefined ? caller.arn : arnOf.role(state, caller.roleName),
    'aws:calledarn': caller.arn,
    'aws:principalaccount': caller.account,
  },
});

/** Whether a policy of the caller's user or role denies the action explicitly. */
const isDenied = (state: AwsState, caller: Omit<Caller, 'userAgent'>, context: PolicyContext): boolean => {
  const owner = caller.roleName === undefined ? `user/${caller.userName}/` : `role/${caller.roleName}/`;
  const attached = (caller.roleName === undefined ? state.users[caller.userName ?? ''] : state.roles[caller.roleName])?.attachedPolicies ?? [];
  const inline = Object.entries(state.policies).filter(([name]) => name.startsWith(owner)).map(([, { document }]) => document);
  return [...inline, ...(attached.includes(DENY_ALL) ? [denyAll] : [])].some((document) => denies(document, context));
};

/** The door of all services: proves the signature, then asks the policies. Throws what AWS answers when it stays shut. */
export const doorOf = (house: House) => (request: UnprovenRequest): Caller => {
  const { claim, protocol } = request;
  if (claim === undefined) throw named.unsigned(protocol);
  const now = house.clock.now();
  const isDoorBehind = request.service === 'sts' && request.operation === 'GetCallerIdentity';
  // Who asks only for its own identity meets nothing but the door: there the door itself can be told to be a replica behind.
  const state = isDoorBehind ? seenBehind(house.state, now.getTime(), house.behindMs(request.effects)) : visible(house.state, now.getTime());
  const identity = identityOf(state, claim.accessKeyId, now);
  if (!identity || (identity.sessionToken ?? claim.sessionToken) !== claim.sessionToken) throw named.unknownKey(protocol);
  // A long-lived key with a session token is no key that AWS knows.
  if (claim.sessionToken !== undefined && identity.caller.issuedAt === undefined) throw named.unknownKey(protocol);
  if (!signedWith(identity.secret, request, claim)) throw named.wrongSignature(protocol);
  if (identity.expiresAt !== undefined && Date.parse(identity.expiresAt) <= now.getTime()) throw named.expired(protocol);
  const caller: Caller = { ...identity.caller, userAgent: request.headers['user-agent'] ?? '' };
  const key = house.state.keys[claim.accessKeyId];
  if (key) key.lastUsed = { at: now.toISOString(), service: request.service, region: request.region };
  if (isDoorBehind) return caller;
  const action = `${request.service}:${request.operation}`;
  if (isDenied(state, caller, contextOf(state, caller, action, request.resource.split(' '), now)))
    throw named.denied(protocol, `User: ${caller.arn} is not authorized to perform: ${action} with an explicit deny in an identity-based policy`);
  return caller;
};

/** Whether the key would open the door at this moment: it exists, is active, and that has reached everybody. */
export const isOpen = (house: House, accessKeyId: string): boolean => {
  const now = house.clock.now();
  const state = visible(house.state, now.getTime());
  const identity = identityOf(state, accessKeyId, now);
  if (!identity) return false;
  return identity.expiresAt === undefined || Date.parse(identity.expiresAt) > now.getTime();
};

/** Whether the session can still do anything but ask who it is: not expired, and no policy denies everything to it. */
export const isSessionAlive = (house: House, accessKeyId: string): boolean => {
  const now = house.clock.now();
  const state = visible(house.state, now.getTime());
  const session = state.sessions[accessKeyId];
  const identity = session && ofSession(state, accessKeyId, session);
  if (!identity || Date.parse(session.expiresAt) <= now.getTime()) return false;
  return !isDenied(state, identity.caller, contextOf(state, identity.caller, 'any:Action', [], now));
};

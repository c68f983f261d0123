import { createHash } from 'node:crypto';
import type { AwsState, Secret, Session } from './state.ts';
import type { AwsWorld, WorldRole, WorldSecret, WorldSession } from './world.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BASE62 = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const SESSION_HOURS = 12;

const letters = (bytes: Uint8Array, alphabet: string) => [...bytes].map((byte) => alphabet[byte % alphabet.length]).join('');
const digest = (text: string) => createHash('sha256').update(text).digest();

/** An IAM id with that prefix, the same for the same bytes: 16 letters and digits after it. */
export const iamId = (prefix: string, bytes: Uint8Array): string => prefix + letters(bytes.subarray(0, 16), BASE32);

/** The full ARN of a secret; its six characters are always the same for the same name. */
export const secretArn = (region: string, account: string, name: string): string =>
  `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${letters(digest(`secret ${name}`).subarray(0, 6), BASE62)}`;

/** A version id, the same for the same text. */
export const versionIdOf = (text: string): string => {
  const hex = digest(`version ${text}`).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

const secretOf = (world: AwsWorld, secret: WorldSecret, now: string): Secret => {
  const createdAt = secret.createdDate ?? now;
  const { name, description, kmsKeyId, owningService, type, unreadable, replicas, rotation } = secret;
  return {
    name, description, kmsKeyId, owningService, type, unreadable, replicas, createdAt,
    arn: secretArn(world.region, world.account, name),
    changedAt: createdAt,
    tags: { ...secret.tags },
    rotation: rotation && { functionArn: rotation.functionArn, enabled: rotation.enabled ?? true, rules: { AutomaticallyAfterDays: 30 } },
    versions: {
      [versionIdOf(`${name} 1`)]: { value: secret.value, stages: ['AWSCURRENT'], createdAt },
      ...(secret.pending && { [versionIdOf(`${name} pending`)]: { value: secret.pending.value, stages: ['AWSPENDING'], createdAt } }),
    },
  };
};

/** The id of a role that is there from the beginning. */
const roleIdOf = (name: string): string => iamId('AR' + 'OA', digest(`role ${name}`));

const sessionOf = (session: WorldSession, kind: Session['kind'], principal: string, now: Date, sessionName?: string): Session => ({
  secretAccessKey: session.secretAccessKey,
  sessionToken: session.sessionToken,
  issuedAt: session.issuedAt,
  // A world that names no end means a session that is still good, however long ago its file says that it began.
  expiresAt: session.expiresAt ?? new Date(Math.max(Date.parse(session.issuedAt), now.getTime()) + SESSION_HOURS * 3_600_000).toISOString(),
  kind, principal, sessionName,
  roleId: kind === 'role' ? roleIdOf(principal) : undefined,
  byKey: session.byKey,
});

/** The state with which a world begins. Pure: the same world at the same time gives the same state. */
export const buildState = (world: AwsWorld, now: Date): AwsState => {
  const at = now.toISOString();
  const users = world.users ?? [];
  const callers = world.callers ?? [];
  const known = world.roles ?? [];
  const implied: string[] = callers.map(({ roleName }) => roleName).filter((name) => !known.some((role) => role.name === name));
  const roles: WorldRole[] = [...known, ...[...new Set(implied)].map((name) => ({ name, inlinePolicies: {}, attachedPolicies: [], sessions: [] }))];
  const policies = [
    ...users.flatMap((user) => Object.entries(user.inlinePolicies ?? {}).map(([name, document]) => [`user/${user.name}/${name}`, document] as const)),
    ...roles.flatMap((role) => Object.entries(role.inlinePolicies ?? {}).map(([name, document]) => [`role/${role.name}/${name}`, document] as const)),
  ];
  const sessions = [
    ...users.flatMap((user) => (user.sessions ?? []).map((session) => [session.accessKeyId, sessionOf(session, 'user', user.name, now)] as const)),
    ...roles.flatMap((role) => (role.sessions ?? []).map((session) => [session.accessKeyId, sessionOf(session, 'role', role.name, now, session.sessionName)] as const)),
  ];
  const keys = users.flatMap((user) =>
    (user.keys ?? []).map(({ id, secret, status, createDate }) => ({ id, userName: user.name, secret, status, createdAt: createDate ?? at })));
  return {
    account: world.account,
    region: world.region,
    secrets: Object.fromEntries((world.secrets ?? []).map((secret) => [secret.name, secretOf(world, secret, at)])),
    users: Object.fromEntries(users.map(({ name, tags, attachedPolicies, groups, serviceCredentials, createDate }) => [name, {
      name,
      id: iamId('AI' + 'DA', digest(`user ${name}`)),
      createdAt: createDate ?? at,
      tags: { ...tags },
      attachedPolicies: [...(attachedPolicies ?? [])],
      groups: [...(groups ?? [])],
      serviceCredentials: [...(serviceCredentials ?? [])],
    }])),
    keys: Object.fromEntries(keys.map((key) => [key.id, key])),
    roles: Object.fromEntries(roles.map(({ name, path, tags, createDate, maxSessionDuration, attachedPolicies }) => [name, {
      name, id: roleIdOf(name), path, tags: { ...tags }, maxSessionDuration, createdAt: createDate ?? at, attachedPolicies: [...(attachedPolicies ?? [])],
    }])),
    policies: Object.fromEntries(policies.map(([name, document]) => [name, { document: JSON.stringify(document) }])),
    sessions: Object.fromEntries(sessions),
    kmsKeys: Object.fromEntries((world.kmsKeys ?? []).map(({ id, alias, usage, material, enabled }) => [id, {
      id, usage, material, createdAt: at, enabled: enabled ?? true,
      alias: alias === undefined || alias.startsWith('alias/') ? alias : `alias/${alias}`,
    }])),
    callers: Object.fromEntries(callers.map(({ accessKeyId, secretAccessKey, roleName, sessionName }) => [
      accessKeyId, { secretAccessKey, roleName, sessionName: sessionName ?? roleName },
    ])),
    trail: (world.trail ?? []).map((event, index) => ({
      id: event.eventId ?? versionIdOf(`trail ${index} ${event.eventName} ${event.eventTime}`),
      name: event.eventName,
      source: (event.cloudTrailEvent?.eventSource as string | undefined) ?? 'sts.amazonaws.com',
      at: event.eventTime,
      readOnly: (event.cloudTrailEvent?.readOnly as boolean | undefined) ?? false,
      username: event.username,
      accessKeyId: event.accessKeyId,
      resources: event.resources ?? [],
      record: JSON.stringify(event.cloudTrailEvent ?? { eventName: event.eventName, eventTime: event.eventTime }),
    })),
    journal: [],
    everKeys: keys.map(({ id }) => id),
  };
};

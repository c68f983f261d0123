import type { ConnectorModule } from '../functions/connectors/edges.ts';
import { ownNames, type Configuration } from '../functions/core/configuration.ts';
import type { Permission } from '../functions/core/connector.ts';
import { vouchedFor } from './secrets.ts';

/** A connector's permission, and whose it is. */
export type ConnectorPermission = Permission & Pick<ConnectorModule, 'name' | 'role'>;

/** How a connector writes that it may touch any secret; only the index ever may. */
const EVERY_SECRET = 'arn:${partition}:secretsmanager:${region}:${account}:secret:*';

/** How a connector writes that it may touch any role; the roles that it may really touch are named by the configuration. */
const EVERY_ROLE = 'arn:${partition}:iam::${account}:role/*';

const ROLE_SESSIONS = 'aws-role-session';
const SECRETS = 'aws-secrets-manager';

/** The ids of one connector's credentials that somebody may lease. */
const lentIds = ({ leases }: Configuration, connector: string): string[] =>
  (leases?.subjects ?? []).flatMap(({ may }) => may.filter((right) => right.connector === connector).map(({ id }) => id));

/** The connectors whose credentials may be lent, or end with the run that had them. Nothing of the others ever ends with a job. */
export const lentConnectors = (configuration: Configuration): ReadonlySet<string> => {
  const { subjects = [], jobRoles = [] } = configuration.leases ?? {};
  return new Set([...subjects.flatMap(({ may }) => may.map(({ connector }) => connector)), ...(jobRoles.length > 0 ? [ROLE_SESSIONS] : [])]);
};

/** `arn:aws:iam::111122223333:role/a/b` or `arn:aws:sts::111122223333:assumed-role/b/session`, with `*` anywhere behind the kind. */
const ofRole = /^(arn:[\w-]+):(?:iam|sts)::(\d{12}):(role|assumed-role)\/(.+)$/;

/** The time before which sessions end, at the end of an id: it says nothing about the role. */
const ofTime = /@\d{4}-\d\d-\d\dT.*$/;

/** The ARNs of the roles that an id can mean. A session names its role without the role's path; one that begins with `*` may mean any. */
const roleArnsOf = (id: string): string[] => {
  const [, start, account, kind, rest = ''] = ofRole.exec(id.replace(ofTime, '')) ?? [];
  if (start === undefined) return id.includes('*') ? [EVERY_ROLE] : [];
  const arnOf = (role: string): string => `${start}:iam::${account}:role/${role}`;
  // `@*` stands for any time, but a role's name may hold that sign as well
  if (kind === 'role') return [rest, rest.replace(/@\*$/, '')].map(arnOf);
  const [name = ''] = rest.split('/');
  return [name, `*/${name}`].map(arnOf);
};

/** Whether an IAM pattern covers all that another one covers: the other's `*` must meet one of its own. */
const covers = (pattern: string, other: string): boolean =>
  new RegExp(`^${pattern.split('*').map((part) => part.replaceAll(/[^\w]/g, '\\$&')).join('.*')}$`).test(other);

/** Each pattern that no other one makes superfluous, in order. */
const widest = (patterns: readonly string[]): string[] => {
  const unique = [...new Set(patterns)].sort();
  return unique.filter((pattern) => !unique.some((other) => other !== pattern && covers(other, pattern)));
};

/** ARN patterns of the roles whose sessions the configuration lets us end, as a connector writes them; none where it lets us end none. */
export const jobRolePatterns = (configuration: Configuration): string[] =>
  widest([...(configuration.leases?.jobRoles ?? []).map(({ role }) => role), ...lentIds(configuration, ROLE_SESSIONS)].flatMap(roleArnsOf));

/** Names or ARNs of the secrets that may be lent (`*` for any characters): of the ids `secret/<name or ARN>`. */
const lentSecrets = (configuration: Configuration): string[] =>
  widest(
    lentIds(configuration, SECRETS).flatMap((id) => {
      if (id.startsWith('secret/')) return [id.slice('secret/'.length)];
      return id.includes('*') && 'secret/'.startsWith(id.slice(0, id.indexOf('*'))) ? ['*'] : [];
    }),
  );

/** Names of the secrets that are ours, where any secret may be lent: a pattern may cover more than was meant. */
export const keptSecrets = (configuration: Configuration): string[] => (lentSecrets(configuration).length > 0 ? ownNames(configuration) : []);

/**
 * Names of the secrets (`*` for any characters) that a connector may touch for a verb, where it asks for all of them: what is
 * lent, for the issuer of secrets; its own token, for the vault; what is vouched for, for the others.
 */
const secretsFor = ({ name, role, verb }: ConnectorPermission, configuration: Configuration): string[] => {
  if (name === 'vault') return configuration.vault ? [configuration.vault.token] : [];
  if (name === SECRETS && role === 'issuer') return lentSecrets(configuration);
  return vouchedFor(role, verb, configuration);
};

/** What a connector's permission is about where the configuration has had its word: patterns as the connector writes them, and names of secrets. */
export const narrowed = (permission: ConnectorPermission, configuration: Configuration): { patterns: string[]; secrets: string[] } => ({
  patterns: permission.resources.flatMap((pattern) => (pattern === EVERY_SECRET ? [] : pattern === EVERY_ROLE ? jobRolePatterns(configuration) : [pattern])),
  secrets: permission.resources.includes(EVERY_SECRET) ? secretsFor(permission, configuration) : [],
});

const isLimited = ({ resources }: ConnectorPermission): boolean => resources.some((pattern) => pattern === EVERY_SECRET || pattern === EVERY_ROLE);

/**
 * The permissions that are about anything at all. Where a connector is limited to secrets or roles that the configuration
 * must name, and it names none, it gets nothing else for that verb either: it could do nothing with it.
 */
export const optedIn = (permissions: readonly ConnectorPermission[], configuration: Configuration): ConnectorPermission[] => {
  const groups = Map.groupBy(permissions, ({ name, role, verb }) => `${role} ${name} ${verb}`);
  return [...groups.values()].flatMap((group) => {
    const left = group.filter((permission) => Object.values(narrowed(permission, configuration)).some(({ length }) => length > 0));
    return group.some(isLimited) && !left.some(isLimited) ? [] : left;
  });
};

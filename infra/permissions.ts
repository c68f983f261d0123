import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { ConnectorModule } from '../functions/connectors/edges.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import type { Permission, Verb } from '../functions/core/connector.ts';
import { filledIn } from './filled-in.ts';
import { functionNames, grants, LOG_ACTIONS, queueReading, whyWildcard } from './grants.ts';
import type { FunctionName, Grant, ResourceName } from './grants.ts';
import { acceptWildcards } from './nag.ts';
import { lentConnectors, narrowed, optedIn } from './opted-in.ts';
import type { ConnectorPermission } from './opted-in.ts';
import { secretArns } from './secrets.ts';

/** What the stack reads of a connector: its name and what it needs. */
export type Permitted = Pick<ConnectorModule, 'name' | 'role' | 'permissions'>;

/** Which of the connectors' verbs each function performs. A stuck pending value is probed while it is rotated, by an issuer that can only be asked. */
export const verbsOf: Partial<Record<FunctionName, readonly Verb[]>> = {
  plan: ['find'],
  contain: ['contain'],
  rotate: ['rotate', 'probe'],
  revoke: ['revoke'],
  probe: ['probe'],
  index: ['list', 'watch'],
  release: ['revoke', 'probe'],
  leases: ['find'],
};

/** Functions that touch only what may be lent: a connector that lends nothing gives them nothing. */
const ofLeases: readonly FunctionName[] = ['release', 'leases'];

/** The ARNs behind each name; none where the installation's configuration names nothing of that kind. */
export type Arns = Record<ResourceName, readonly string[]>;

/** What a function's connectors may do in its name: of those that report (dispatch asks them for values) everything, else by verb. */
export const connectorPermissions = (name: FunctionName, connectors: readonly Permitted[]): ConnectorPermission[] =>
  connectors.flatMap(({ permissions, ...connector }) => {
    // what its issuer stops by itself is never rotated by the store that keeps it
    const acts = permissions.some(({ verb }) => verb === 'rotate' || verb === 'contain' || verb === 'revoke');
    return permissions
      .filter(({ verb }) => (connector.role === 'reporter' ? name === 'dispatch' : verbsOf[name]?.includes(verb) && !(name === 'rotate' && verb === 'probe' && acts)))
      .map((permission) => ({ name: connector.name, role: connector.role, ...permission }));
  });

/** What is left of those where the configuration has had its word (`opted-in.ts`); what lends nothing gives the functions of leases nothing. */
export const permissionsIn = (name: FunctionName, connectors: readonly Permitted[], configuration: Configuration): ConnectorPermission[] => {
  const lent = lentConnectors(configuration);
  const declared = connectorPermissions(name, connectors).filter((permission) => !ofLeases.includes(name) || lent.has(permission.name));
  return name === 'index' ? declared : optedIn(declared, configuration);
};

const conditionsIn = (scope: Construct, conditions: Permission['conditions']): Permission['conditions'] =>
  conditions && Object.fromEntries(
    Object.entries(conditions).map(([operator, keys]) => [
      operator,
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, typeof value === 'string' ? filledIn(scope, value) : value.map((each) => filledIn(scope, each))])),
    ]),
  );

/** What all roles are made from. */
export interface Granted {
  arns: Arns;
  connectors: readonly Permitted[];
  configuration: Configuration;
  /** The index reads only secrets with this tag. */
  indexTag?: { key: string; value: string };
}

interface Allowed {
  actions: string[];
  resources: string[];
  conditions?: Record<string, Record<string, string | string[]>>;
  /** Why its resources may hold a wildcard. */
  why?: string;
}

/** Actions on one secret, which can be limited by its tags; listing cannot. */
const ofOneSecret = new Set(['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds']);

/** Limits what reads a secret to those with the tag, and leaves the rest as it is. */
const limitedTo = ({ key, value }: { key: string; value: string }, { actions, ...rest }: Allowed): Allowed[] => {
  const tagged = { ...rest.conditions, StringEquals: { ...rest.conditions?.StringEquals, [`secretsmanager:ResourceTag/${key}`]: value } };
  return [
    { ...rest, actions: actions.filter((action) => ofOneSecret.has(action)), conditions: tagged },
    { ...rest, actions: actions.filter((action) => !ofOneSecret.has(action)) },
  ].filter((allowed) => allowed.actions.length > 0);
};

const byPlatform = ({ actions, resources, conditions }: Grant, { arns }: Granted): Allowed => ({
  actions,
  resources: resources.flatMap((resource) => arns[resource]),
  conditions,
  why: resources.flatMap((resource) => whyWildcard[resource] ?? []).join(' ') || undefined,
});

const byConnector = (by: FunctionName, permission: ConnectorPermission, scope: Construct, { configuration }: Granted): Allowed => {
  const { name, actions, resources, conditions } = permission;
  const { patterns, secrets } = by === 'index' ? { patterns: resources, secrets: [] } : narrowed(permission, configuration);
  return {
    actions,
    resources: [...patterns.map((pattern) => filledIn(scope, pattern)), ...secretArns(scope, secrets)],
    conditions,
    why: `The connector ${name} cannot know before what will leak or be lent, and some of its actions know no resource; the boundary keeps it from administrators and from ourselves.`,
  };
};

/** Allows a role all that its function needs, besides its log and its queue. */
export const allow = (role: Role, by: FunctionName, granted: Granted): void => {
  const { connectors, configuration, indexTag } = granted;
  const allowed = [...grants[by].map((grant) => byPlatform(grant, granted)), ...permissionsIn(by, connectors, configuration).map((permission) => byConnector(by, permission, role, granted))]
    .filter(({ actions, resources }) => actions.length > 0 && resources.length > 0)
    .flatMap((each) => (by === 'index' && indexTag ? limitedTo(indexTag, each) : [each]));
  for (const { actions, resources, conditions, why } of allowed) {
    role.addToPolicy(new PolicyStatement({ actions, resources, conditions: conditionsIn(role, conditions) }));
    if (why) acceptWildcards(role, resources, why);
  }
};

/** Every action that a function's own code and its connectors may call: what a test can hold against the calls really made. */
export const actionsOf = (name: FunctionName, connectors: readonly Permitted[], configuration: Configuration): string[] => [
  ...new Set([...grants[name], ...permissionsIn(name, connectors, configuration)].flatMap(({ actions }) => actions)),
];

/** Every action that any function is granted, or Lambda in its name: what the boundary lets through. */
export const everyAction = (connectors: readonly Permitted[], configuration: Configuration): string[] => [
  ...LOG_ACTIONS,
  ...queueReading,
  ...functionNames.flatMap((name) => actionsOf(name, connectors, configuration)),
];

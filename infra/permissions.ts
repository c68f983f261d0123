import { Stack } from 'aws-cdk-lib/core';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { ConnectorModule } from '../functions/connectors/edges.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import type { Permission, Verb } from '../functions/core/connector.ts';
import { functionNames, grants, LOG_ACTIONS, queueReading, whyWildcard } from './grants.ts';
import type { FunctionName, Grant, ResourceName } from './grants.ts';
import { acceptWildcards } from './nag.ts';
import { secretArns, vouchedFor } from './secrets.ts';

/** What the stack reads of a connector: its name and what it needs. */
export type Permitted = Pick<ConnectorModule, 'name' | 'role' | 'permissions'>;

/** Which of the connectors' verbs each function performs. A stuck pending value is probed while it is rotated, by an issuer that cannot rotate itself. */
export const verbsOf: Partial<Record<FunctionName, readonly Verb[]>> = {
  plan: ['find'],
  contain: ['contain'],
  rotate: ['rotate', 'probe'],
  revoke: ['revoke'],
  probe: ['probe'],
  index: ['list', 'watch'],
};

/** The ARNs behind each name; none where the installation's configuration names nothing of that kind. */
export type Arns = Record<ResourceName, readonly string[]>;

/** What a function's connectors may do in its name: of those that report (dispatch asks them for values) everything, else by verb. */
export const connectorPermissions = (name: FunctionName, connectors: readonly Permitted[]): (Permission & Pick<Permitted, 'name' | 'role'>)[] =>
  connectors.flatMap(({ permissions, ...connector }) => {
    const rotates = permissions.some(({ verb }) => verb === 'rotate');
    return permissions
      .filter(({ verb }) => (connector.role === 'reporter' ? name === 'dispatch' : verbsOf[name]?.includes(verb) && !(name === 'rotate' && verb === 'probe' && rotates)))
      .map((permission) => ({ name: connector.name, role: connector.role, ...permission }));
  });

/** A pattern with `${partition}`, `${region}` and `${account}` filled in. */
const filledIn = (scope: Construct, pattern: string): string => {
  const { partition, region, account } = Stack.of(scope);
  return pattern.replaceAll('${partition}', partition).replaceAll('${region}', region).replaceAll('${account}', account);
};

const conditionsIn = (scope: Construct, conditions: Permission['conditions']): Permission['conditions'] =>
  conditions && Object.fromEntries(
    Object.entries(conditions).map(([operator, keys]) => [
      operator,
      Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, typeof value === 'string' ? filledIn(scope, value) : value.map((each) => filledIn(scope, each))])),
    ]),
  );

/** How a connector writes that it may touch any secret; only the index ever may. */
const EVERY_SECRET = 'arn:${partition}:secretsmanager:${region}:${account}:secret:*';

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

const byConnector = (by: FunctionName, { name, role, verb, actions, resources, conditions }: Permission & Pick<Permitted, 'name' | 'role'>, scope: Construct, { configuration }: Granted): Allowed => ({
  actions,
  resources: resources.flatMap((pattern) =>
    pattern === EVERY_SECRET && by !== 'index' ? secretArns(scope, vouchedFor(role, verb, configuration)) : [filledIn(scope, pattern)],
  ),
  conditions,
  why: `The connector ${name} cannot know before what will leak, and some of its actions know no resource; the boundary keeps it from administrators and from ourselves.`,
});

/** Allows a role all that its function needs, besides its log and its queue. */
export const allow = (role: Role, by: FunctionName, granted: Granted): void => {
  const { connectors, indexTag } = granted;
  const allowed = [...grants[by].map((grant) => byPlatform(grant, granted)), ...connectorPermissions(by, connectors).map((permission) => byConnector(by, permission, role, granted))]
    .filter(({ actions, resources }) => actions.length > 0 && resources.length > 0)
    .flatMap((each) => (by === 'index' && indexTag ? limitedTo(indexTag, each) : [each]));
  for (const { actions, resources, conditions, why } of allowed) {
    role.addToPolicy(new PolicyStatement({ actions, resources, conditions: conditionsIn(role, conditions) }));
    if (why) acceptWildcards(role, resources, why);
  }
};

/** Every action that a function's own code and its connectors may call: what a test can hold against the calls really made. */
export const actionsOf = (name: FunctionName, connectors: readonly Permitted[]): string[] => [
  ...new Set([...grants[name], ...connectorPermissions(name, connectors)].flatMap(({ actions }) => actions)),
];

/** Every action that any function is granted, or Lambda in its name: what the boundary lets through. */
export const everyAction = (connectors: readonly Permitted[]): string[] => [...LOG_ACTIONS, ...queueReading, ...functionNames.flatMap((name) => actionsOf(name, connectors))];

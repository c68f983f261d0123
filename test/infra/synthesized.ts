import { App } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { connectors } from '../../functions/connectors/index.ts';
import type { Configuration, Leases } from '../../functions/core/configuration.ts';
import { parseConfiguration } from '../../infra/configuration.ts';
import type { Permitted } from '../../infra/permissions.ts';
import { settingsOf } from '../../infra/settings.ts';
import { Rescind } from '../../infra/stack.ts';

/** A resource of a template. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
}

/** One statement of a policy as the template holds it, with lists where IAM takes one or many. */
export interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string[];
  Resource: string[];
  /** Set where it is about everything but these. */
  NotResource?: string[];
  Principal?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

const github = 'https://token.actions.githubusercontent.com';

/** What may be lent: something of each connector that is limited to what is named, one role that ends with its runs, three platforms of all. */
export const leases: Leases = {
  maximumMinutes: 720,
  audience: 'https://rescind.example.com',
  issuers: [{ issuer: github, platform: 'github-actions' }],
  subjects: [
    {
      name: 'ci',
      issuer: github,
      claims: { repository_owner_id: '1', repository_id: '2' },
      owner: 'payments',
      may: [
        { connector: 'vault', id: 'token/*', where: { 'meta.run': '{run_id}' } },
        { connector: 'aws-secrets-manager', id: 'secret/jobs/*' },
        { connector: 'aws-iam-key', id: 'AKIA*' },
      ],
    },
    {
      name: 'batch',
      issuer: 'aws-iam',
      principal: 'arn:aws:iam::111122223333:role/submit',
      platforms: ['aws-batch'],
      owner: 'payments',
      may: [{ connector: 'aws-role-session', id: 'arn:aws:sts::111122223333:assumed-role/ci-*/*' }],
    },
  ],
  jobRoles: [{ platform: 'aws-batch', role: 'arn:aws:iam::111122223333:role/jobs/nightly', owner: 'payments' }],
  platforms: ['aws-batch', 'aws-codebuild', 'aws-states'],
};

/** A configuration that uses everything: a bound secret, a control, two signing secrets, a token, a vault, leases. */
export const fullConfiguration: Configuration = parseConfiguration(
  JSON.stringify({
    installation: 'test',
    owners: [{ name: 'payments', contact: 'payments@example.com' }],
    fallbackOwner: 'payments',
    secrets: [{ secret: 'prod/bound', owner: 'payments', probe: 'vendor' }],
    probes: [
      {
        name: 'vendor',
        request: { method: 'GET', url: 'https://api.example.com/me', headers: { authorization: 'Bearer {value}' } },
        alive: [200],
        dead: [401],
        control: { secret: 'prod/control' },
        settleSeconds: { typical: 1, max: 5 },
        perHour: 60,
      },
    ],
    sources: [
      { source: 'gitleaks', secrets: ['sign/old', 'sign/new'] },
      { source: 'github-secret-scanning', secrets: ['sign/github'], api: { url: 'https://api.github.com', token: 'token/github' } },
    ],
    leases,
    vault: { address: 'https://vault.example.com:8200', token: 'rescind/vault' },
  }),
  'full.json',
);

/** The same without anything that may be lent. */
export const withoutLeases: Configuration = { ...fullConfiguration, leases: undefined, vault: undefined };

interface Given {
  context?: Record<string, string>;
  configuration?: Configuration;
  connectors?: readonly Permitted[];
}

/** The stack with placeholders for code, so that a test sees it within seconds. */
export const synthesizedFrom = ({ context = {}, configuration = fullConfiguration, connectors: permitted = connectors }: Given): { app: App; stack: Rescind; resources: Record<string, Resource>; outputs: Record<string, unknown> } => {
  const app = new App();
  const settings = settingsOf((name) => ({ bundling: 'false', ...context })[name]);
  const stack = new Rescind(app, 'Rescind', { configuration, connectors: permitted, settings });
  const { Resources, Outputs } = Template.fromStack(stack).toJSON() as { Resources: Record<string, Resource>; Outputs: Record<string, unknown> };
  return { app, stack, resources: Resources, outputs: Outputs };
};

/** The stack of the full configuration. */
export const synthesized = (context: Record<string, string> = {}) => synthesizedFrom({ context });

/** A value of a template as one line: references as `<LogicalId.Attribute>`, joins joined. */
export const flat = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Join'?: [string, unknown[]] };
  if (Ref) return `<${Ref}>`;
  if (attribute) return `<${attribute.join('.')}>`;
  if (join) return join[1].map(flat).join(join[0]);
  throw new Error(`a value of the template is no text: ${JSON.stringify(value)}`);
};

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

export const statementsOf = (document: unknown): Statement[] =>
  (document as { Statement: Record<string, unknown>[] }).Statement.map((statement) => ({
    ...(statement as unknown as Statement),
    Action: listOf(statement.Action) as string[],
    Resource: listOf(statement.Resource).map(flat),
    ...(statement.NotResource === undefined ? {} : { NotResource: listOf(statement.NotResource).map(flat) }),
  }));

export const ofType = (resources: Record<string, Resource>, type: string): [string, Resource][] => Object.entries(resources).filter(([, { Type }]) => Type === type);

/** What the role of a function allows, by the function's name. */
export const roleOf = (resources: Record<string, Resource>, name: string): Statement[] => {
  const prefix = `Functions${name[0]?.toUpperCase()}${name.slice(1)}Role`;
  return ofType(resources, 'AWS::IAM::Policy')
    .filter(([id]) => id.startsWith(prefix))
    .flatMap(([, { Properties }]) => statementsOf(Properties.PolicyDocument));
};

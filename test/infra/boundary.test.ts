import { describe, expect, it } from 'vitest';
import { connectors } from '../../functions/connectors/index.ts';
import type { Configuration } from '../../functions/core/configuration.ts';
import { functionNames } from '../../infra/grants.ts';
import { actionsOf } from '../../infra/permissions.ts';
import { flat, fullConfiguration, leases, ofType, roleOf, statementsOf, synthesized, synthesizedFrom, withoutLeases } from './synthesized.ts';
import type { Resource, Statement } from './synthesized.ts';

const { resources } = synthesized();
const boundaryOf = (of: Record<string, Resource>): Statement[] => statementsOf(ofType(of, 'AWS::IAM::ManagedPolicy')[0]?.[1].Properties.PolicyDocument);
const boundary = boundaryOf(resources);

/** Whether an IAM pattern such as `iam:Put*` covers an action or an ARN. */
const covers = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(text);

const here: Record<string, string> = { '<AWS::Partition>': 'aws', '<AWS::Region>': 'eu-west-1', '<AWS::AccountId>': '111122223333' };

/** An ARN as it would be in one account and Region. */
const plain = (arn: string): string => arn.replaceAll(/<[^>]+>/g, (reference) => here[reference] ?? 'x');

const deniedBy = (statements: Statement[], action: string, resource: string): boolean =>
  statements.some(
    ({ Effect, Action, Resource: about, NotResource: spared }) =>
      Effect === 'Deny' &&
      Action.some((pattern) => covers(pattern, action)) &&
      (spared ? !spared.some((pattern) => covers(plain(pattern), plain(resource))) : about.some((pattern) => covers(plain(pattern), plain(resource)))),
  );
const denies = (action: string, resource: string): boolean => deniedBy(boundary, action, resource);
const user = (name: string) => `arn:aws:iam::111122223333:user/${name}`;
const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

describe('the boundary', () => {
  it('holds for the role of every function', () => {
    const roles = ofType(resources, 'AWS::IAM::Role').filter(([id]) => id.startsWith('Functions'));
    expect(roles).toHaveLength(functionNames.length);
    for (const [id, { Properties }] of roles) expect(flat(Properties.PermissionsBoundary), id).toMatch(/^<BoundaryPolicy/);
  });

  it('allows exactly what some function is granted', () => {
    const granted = new Set(functionNames.flatMap((name) => roleOf(resources, name).flatMap(({ Action }) => Action)));
    expect(boundary.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action)).toEqual([...granted].sort());
  });

  it('leaves no way up, no administrator and no undoing of what watches', () => {
    for (const action of ['iam:CreateUser', 'iam:CreatePolicyVersion', 'iam:AttachUserPolicy', 'iam:AttachRolePolicy', 'iam:PassRole', 'iam:PutRolePolicy', 'iam:UpdateAssumeRolePolicy', 'iam:DeleteRolePermissionsBoundary', 'kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'dynamodb:DeleteTable', 'sqs:PurgeQueue', 'logs:DeleteLogGroup', 'states:DeleteStateMachine', 'cloudtrail:StopLogging', 'scheduler:DeleteSchedule', 'scheduler:UpdateSchedule', 'scheduler:DeleteScheduleGroup']) {
      expect(denies(action, '*'), action).toBe(true);
    }
    for (const action of ['iam:CreateAccessKey', 'iam:PutUserPolicy', 'iam:UpdateAccessKey', 'iam:DeleteAccessKey']) {
      expect(denies(action, user('ci-deployer')), action).toBe(false);
      expect(denies(action, user('the-admin')), action).toBe(true);
      expect(denies(action, user('people/break-glass-1')), action).toBe(true);
      expect(denies(action, user('Rescind-something')), action).toBe(true);
    }
  });

  it('denies nothing that a function is granted, on the very resource', () => {
    const granted = functionNames.flatMap((name) => roleOf(resources, name)).flatMap(({ Action, Resource: about }) => Action.flatMap((action) => about.map((resource) => [action, resource] as const)));
    expect(granted.length).toBeGreaterThan(50);
    expect(granted.filter(([action, resource]) => denies(action, resource))).toEqual([]);
  });

  it('keeps the administrators that the installation names', () => {
    const own = boundaryOf(synthesized({ administrators: 'root-*' }).resources);
    expect(own.flatMap(({ Resource: about }) => about).filter((resource) => resource.includes('root-*')).length).toBe(4);
  });
});

describe('the boundary, where something is lent,', () => {
  it("lets one role be passed: the timers'", () => {
    const timers = flat(ofType(resources, 'AWS::IAM::Role').find(([id]) => id.startsWith('Timers'))?.[1].Properties.RoleName);
    expect(timers).toBe('Rescind-timers-<AWS::Region>');
    expect(denies('iam:PassRole', role(timers))).toBe(false);
    for (const other of ['Rescind-timers', 'jobs/nightly', 'deployer', 'cdk-exec']) expect(denies('iam:PassRole', role(other)), other).toBe(true);
  });

  it("lets the leases' timers be set and no other schedule", () => {
    for (const action of ['scheduler:CreateSchedule', 'scheduler:UpdateSchedule', 'scheduler:DeleteSchedule']) {
      expect(denies(action, 'arn:aws:scheduler:eu-west-1:111122223333:schedule/Rescind-leases/l-1'), action).toBe(false);
      for (const other of ['default/Rescind-SchedulesSweep', 'Rescind-leases-of-others/l-1', 'Rescind/l-1']) expect(denies(action, `arn:aws:scheduler:eu-west-1:111122223333:schedule/${other}`), other).toBe(true);
    }
  });

  it('lets the policies of those roles be changed that the configuration names, and of no other', () => {
    for (const action of ['iam:PutRolePolicy', 'iam:DeleteRolePolicy']) {
      for (const named of ['jobs/nightly', 'ci-build', 'teams/a/ci-test']) expect(denies(action, role(named)), named).toBe(false);
      for (const other of ['nightly', 'jobs/nightly-2', 'build', 'submit']) expect(denies(action, role(other)), other).toBe(true);
      expect(denies(action, role('jobs/nightly').replace('111122223333', '444455556666'))).toBe(true);
    }
  });

  it('keeps administrators and ourselves even where the configuration names every role', () => {
    const every: Configuration = { ...fullConfiguration, leases: { ...leases, jobRoles: [{ platform: 'aws-batch', role: role('*'), owner: 'payments' }] } };
    const wide = boundaryOf(synthesizedFrom({ configuration: every }).resources);
    expect(deniedBy(wide, 'iam:PutRolePolicy', role('any'))).toBe(false);
    for (const name of ['the-admin', 'teams/break-glass-1', 'OrganizationAccountAccessRole', 'Rescind-FunctionsReleaseRole', 'Rescind-timers-x']) {
      for (const action of ['iam:PutRolePolicy', 'iam:DeleteRolePolicy']) expect(deniedBy(wide, action, role(name)), name).toBe(true);
    }
  });

  it('keeps the secrets of Rescind itself, whatever pattern is lent', () => {
    const arn = (name: string) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-a1b2c3`;
    for (const name of ['rescind/vault', 'sign/old', 'token/github']) expect(denies('secretsmanager:DeleteSecret', arn(name)), name).toBe(true);
    expect(denies('secretsmanager:DeleteSecret', arn('jobs/1'))).toBe(false);
  });
});

describe('the boundary, where nothing is lent,', () => {
  const bare = boundaryOf(synthesizedFrom({ configuration: withoutLeases }).resources);

  it('lets no policy of any role be changed', () => {
    for (const name of ['*', 'jobs/nightly', 'ci-build']) expect(deniedBy(bare, 'iam:PutRolePolicy', role(name)), name).toBe(true);
    const allowed = bare.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
    expect(allowed.filter((action) => /RolePolicy|DeleteSecret/.test(action))).toEqual([]);
    expect(actionsOf('release', connectors, withoutLeases).filter((action) => /^(iam|secretsmanager|kms|sts):/.test(action))).toEqual(['iam:PassRole']);
  });
});

describe("the boundary's size", () => {
  const sized = (statements: Statement[]): number => {
    const whole = statements.map(({ Resource: about, NotResource: spared, ...statement }) => ({ ...statement, ...(spared ? { NotResource: spared } : { Resource: about }) }));
    return JSON.stringify({ Version: '2012-10-17', Statement: whole }).replaceAll(/<[^>]+>/g, (reference) => ({ ...here, '<AWS::Partition>': 'aws-us-gov', '<AWS::Region>': 'ap-southeast-1' })[reference] ?? reference).length;
  };
  const jobs = (count: number): Configuration => ({
    ...fullConfiguration,
    leases: { ...leases, jobRoles: Array.from({ length: count }, (_, n) => ({ platform: 'aws-batch', role: role(`jobs/number-${n}`), owner: 'payments' })) },
  });

  it('stays below what IAM allows', () => {
    expect(sized(boundary)).toBeLessThan(6144);
  });

  it('is refused by the synthesis, not by the deployment, where too many roles are named', () => {
    expect(() => synthesizedFrom({ configuration: jobs(10) })).not.toThrow();
    expect(() => synthesizedFrom({ configuration: jobs(100) })).toThrow(/the boundary of the functions has \d+ characters and IAM takes 6144/);
  });
});

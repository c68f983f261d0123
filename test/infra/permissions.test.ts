import { describe, expect, it } from 'vitest';
import { connectors } from '../../functions/connectors/index.ts';
import { functionNames } from '../../infra/grants.ts';
import { actionsOf } from '../../infra/permissions.ts';
import { flat, ofType, roleOf, statementsOf, synthesized } from './synthesized.ts';
import type { Statement } from './synthesized.ts';

const { resources } = synthesized();
const rolesWith = (match: (statement: Statement) => boolean): string[] => functionNames.filter((name) => roleOf(resources, name).some(match));
const boundary = statementsOf(ofType(resources, 'AWS::IAM::ManagedPolicy')[0]?.[1].Properties.PolicyDocument);

/** Whether an IAM pattern such as `iam:Put*` covers an action. */
const covers = (pattern: string, action: string): boolean => new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(action);

describe('roles', () => {
  it('allow what the function and its connectors call, besides the log and the queue, and nothing more', () => {
    const lambda = ['logs:CreateLogStream', 'logs:PutLogEvents', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'];
    for (const name of functionNames) {
      const allowed = new Set(roleOf(resources, name).flatMap(({ Action }) => Action).filter((action) => !lambda.includes(action)));
      expect([...allowed].sort(), name).toEqual(actionsOf(name, connectors).sort());
    }
  });

  it('name actions without wildcards', () => {
    expect(rolesWith(({ Action }) => Action.some((action) => action.includes('*')))).toEqual([]);
  });

  it('hold a wildcard only where the resource cannot be known before', () => {
    const known = [
      /^\*$/,
      /^<Bodies\w+\.Arn>\/\*$/,
      /:execution:Rescind-secret-leaked:\*$/,
      /:iam::<AWS::AccountId>:user\/\*$/,
      /:kms:<AWS::Region>:<AWS::AccountId>:key\/\*$/,
      /:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:\*$/,
    ];
    const wild = functionNames.flatMap((name) => roleOf(resources, name).flatMap(({ Resource }) => Resource.filter((resource) => resource.includes('*'))));
    expect(wild.filter((resource) => !known.some((pattern) => pattern.test(resource)))).toEqual([]);
  });

  it('ask for every resource only for what knows none', () => {
    const actions = functionNames.flatMap((name) => roleOf(resources, name).flatMap(({ Action, Resource }) => (Resource.includes('*') ? Action : [])));
    expect([...new Set(actions)].sort()).toEqual(['cloudtrail:LookupEvents', 'iam:ListUsers', 'secretsmanager:ListSecrets', 'sts:GetCallerIdentity']);
  });

  it('let the index, which reads every secret, at nothing in the ledger but the looks to come', () => {
    const statements = roleOf(resources, 'index').filter(({ Resource }) => Resource.some((resource) => /Ledger/.test(resource)));
    expect(statements.map(({ Action }) => Action)).toEqual([['dynamodb:GetItem', 'dynamodb:DeleteItem']]);
    for (const { Condition } of statements) expect(Condition).toEqual({ 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': 'look' } });
  });

  it('use keys of the house only through Secrets Manager', () => {
    const statements = functionNames.flatMap((name) => roleOf(resources, name)).filter(({ Resource }) => Resource.some((resource) => resource.endsWith(':key/*')));
    expect(statements.length).toBeGreaterThan(0);
    for (const { Condition } of statements) expect(flat(Condition?.StringEquals?.['kms:ViaService'])).toBe('secretsmanager.<AWS::Region>.amazonaws.com');
  });
});

describe('secrets', () => {
  const reading = ({ Action }: Statement) => Action.includes('secretsmanager:GetSecretValue');
  const readBy = (name: string) => roleOf(resources, name).filter(reading).flatMap(({ Resource }) => Resource.map((resource) => resource.split(':secret:')[1]));

  it('are all readable by the index and by nobody else', () => {
    expect(rolesWith((statement) => reading(statement) && statement.Resource.some((resource) => resource.endsWith(':secret:*') || resource === '*'))).toEqual(['index']);
  });

  it('that sign are read by receive, tokens by dispatch, bound ones and controls by those that try or replace them', () => {
    expect(readBy('receive').sort()).toEqual(['sign/github-??????', 'sign/new-??????', 'sign/old-??????']);
    expect(readBy('dispatch')).toEqual(['token/github-??????']);
    // a connector may have a token of its own, which it names
    expect([...new Set(readBy('probe'))].filter((name) => !name?.startsWith('rescind/')).sort()).toEqual(['prod/bound-??????', 'prod/control-??????']);
  });

  it('are written only where the configuration vouches for them, by rotate alone', () => {
    const writing = ({ Action }: Statement) => Action.includes('secretsmanager:PutSecretValue');
    expect(rolesWith(writing)).toEqual(['rotate']);
    expect(roleOf(resources, 'rotate').filter(writing).flatMap(({ Resource }) => Resource.map((resource) => resource.split(':secret:')[1]))).toEqual(['prod/bound-??????']);
  });

  it('without the tag that limits the index stay closed to it', () => {
    const limited = roleOf(synthesized({ indexTag: 'rescind=watched' }).resources, 'index').filter(reading);
    expect(limited.length).toBeGreaterThan(0);
    for (const { Condition } of limited) expect(Condition?.StringEquals).toEqual({ 'secretsmanager:ResourceTag/rescind': 'watched' });
  });
});

describe('keys', () => {
  const keyPolicy = (id: string) => statementsOf(ofType(resources, 'AWS::KMS::Key').find(([logical]) => logical.startsWith(id))?.[1].Properties.KeyPolicy);
  const principalsWith = (id: string, action: string) =>
    keyPolicy(id).filter(({ Action }) => Action.some((pattern) => covers(pattern, action))).map(({ Principal }) => flat((Principal as { AWS: unknown }).AWS));

  it('for held values let only probe decrypt and only receive and dispatch encrypt, bound to a case', () => {
    expect(principalsWith('KeysHold', 'kms:Decrypt')).toEqual([expect.stringMatching(/^<FunctionsProbeRole/)]);
    expect(principalsWith('KeysHold', 'kms:Encrypt')).toEqual([expect.stringMatching(/^<FunctionsReceiveRole/), expect.stringMatching(/^<FunctionsDispatchRole/)]);
    expect(principalsWith('KeysHold', 'kms:CreateGrant')).toEqual([]);
    const uses = keyPolicy('KeysHold').filter(({ Action }) => Action.includes('kms:Decrypt') || Action.includes('kms:Encrypt'));
    for (const { Condition } of uses) expect(Condition).toEqual({ 'ForAnyValue:StringEquals': { 'kms:EncryptionContextKeys': 'case' } });
  });

  it('for fingerprints are used by those that meet values, and administrators cannot', () => {
    expect(principalsWith('KeysFingerprintV1', 'kms:GenerateMac').map((arn) => /^<Functions(\w+?)Role/.exec(arn)?.[1]).sort()).toEqual(['Dispatch', 'Index', 'Receive']);
  });
});

describe('the boundary', () => {
  const denies = (action: string, resource: string) =>
    boundary.some(({ Effect, Action, Resource }) => Effect === 'Deny' && Action.some((pattern) => covers(pattern, action)) && Resource.some((pattern) => covers(pattern.replaceAll(/<[^>]+>/g, 'x'), resource)));
  const allows = (action: string) => boundary.some(({ Effect, Action }) => Effect === 'Allow' && Action.includes(action));
  const user = (name: string) => `arn:x:iam::1:user/${name}`;

  it('holds for the role of every function', () => {
    const roles = ofType(resources, 'AWS::IAM::Role').filter(([id]) => id.startsWith('Functions'));
    expect(roles).toHaveLength(functionNames.length);
    for (const [id, { Properties }] of roles) expect(flat(Properties.PermissionsBoundary), id).toMatch(/^<BoundaryPolicy/);
  });

  it('stays below the size that IAM allows', () => {
    const whole = boundary.map((statement) => ({ ...statement, Resource: statement.Resource.map((resource) => resource.replace('<AWS::Partition>', 'aws-us-gov')) }));
    expect(JSON.stringify({ Version: '2012-10-17', Statement: whole }).length).toBeLessThan(6144);
  });

  it('allows exactly what some function is granted', () => {
    const granted = new Set(functionNames.flatMap((name) => roleOf(resources, name).flatMap(({ Action }) => Action)));
    expect(boundary.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action)).toEqual([...granted].sort());
  });

  it('leaves no way up, no administrator and no undoing of what watches', () => {
    for (const action of ['iam:CreateUser', 'iam:CreatePolicyVersion', 'iam:AttachUserPolicy', 'iam:PassRole', 'iam:PutRolePolicy', 'iam:DeleteRolePermissionsBoundary', 'kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'dynamodb:DeleteTable', 'sqs:PurgeQueue', 'logs:DeleteLogGroup', 'states:DeleteStateMachine', 'cloudtrail:StopLogging']) {
      expect(denies(action, '*'), action).toBe(true);
    }
    for (const action of ['iam:CreateAccessKey', 'iam:PutUserPolicy', 'iam:UpdateAccessKey', 'iam:DeleteAccessKey']) {
      expect(denies(action, user('ci-deployer')), action).toBe(false);
      expect(denies(action, user('the-admin')), action).toBe(true);
      expect(denies(action, user('people/break-glass-1')), action).toBe(true);
      expect(denies(action, user('Rescind-something')), action).toBe(true);
    }
  });

  it('denies nothing that a function is granted in general', () => {
    const clashes = functionNames.flatMap((name) => actionsOf(name, connectors)).filter((action) => !allows(action) || denies(action, '*'));
    expect(clashes).toEqual([]);
  });

  it('keeps the administrators that the installation names', () => {
    const own = statementsOf(ofType(synthesized({ administrators: 'root-*' }).resources, 'AWS::IAM::ManagedPolicy')[0]?.[1].Properties.PolicyDocument);
    expect(own.flatMap(({ Resource }) => Resource).filter((resource) => resource.includes('root-*')).length).toBe(4);
  });
});

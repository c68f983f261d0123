import { describe, expect, it } from 'vitest';
import { lentTag } from '../../functions/connectors/aws-secrets-manager/job-facts.ts';
import { connectors } from '../../functions/connectors/index.ts';
import { functionNames } from '../../infra/grants.ts';
import { actionsOf } from '../../infra/permissions.ts';
import { flat, fullConfiguration, ofType, roleOf, statementsOf, synthesized } from './synthesized.ts';
import type { Statement } from './synthesized.ts';

const { resources } = synthesized();
const rolesWith = (match: (statement: Statement) => boolean): string[] => functionNames.filter((name) => roleOf(resources, name).some(match));

/** Whether an IAM pattern such as `iam:Put*` covers an action. */
const covers = (pattern: string, action: string): boolean => new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(action);

describe('roles', () => {
  it('allow what the function and its connectors call, besides the log and the queue, and nothing more', () => {
    const lambda = ['logs:CreateLogStream', 'logs:PutLogEvents', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'];
    for (const name of functionNames) {
      const allowed = new Set(roleOf(resources, name).flatMap(({ Action }) => Action).filter((action) => !lambda.includes(action)));
      expect([...allowed].sort(), name).toEqual(actionsOf(name, connectors, fullConfiguration).sort());
    }
  });

  it('name actions without wildcards', () => {
    expect(rolesWith(({ Action }) => Action.some((action) => action.includes('*')))).toEqual([]);
  });

  it('hold a wildcard only where the resource cannot be known before', () => {
    const known = [
      /^\*$/,
      /^<Bodies\w+\.Arn>\/\*$/,
      /:execution:Rescind-(secret-leaked|job-ended):\*$/,
      /:scheduler:<AWS::Region>:<AWS::AccountId>:schedule\/Rescind-leases\/\*$/,
      /^arn:aws:iam::111122223333:role\/(\*\/)?ci-\*$/,
      /:secret:jobs\/\*-\?{6}$/,
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
    // a connector may have a token of its own, which it names: the vault's is looked at below
    const others = readBy('probe').filter((name) => !name?.startsWith('rescind/'));
    expect([...new Set(others)].sort()).toEqual(['jobs/*-??????', 'prod/bound-??????', 'prod/control-??????']);
  });

  it("of the vault's token are read by those that ask the vault, and by nobody else", () => {
    const vault = (statement: Statement) => reading(statement) && statement.Resource.some((resource) => resource.endsWith(':secret:rescind/vault-??????'));
    expect(rolesWith(vault).sort()).toEqual(['contain', 'leases', 'plan', 'probe', 'release', 'revoke']);
  });

  it('are deleted only where they may be lent and say so themselves, by those that revoke', () => {
    const deleting = ({ Action }: Statement) => Action.includes('secretsmanager:DeleteSecret');
    expect(rolesWith(deleting)).toEqual(['revoke', 'release']);
    for (const { Resource, Condition } of functionNames.flatMap((name) => roleOf(resources, name).filter(deleting))) {
      expect(Resource.map((resource) => resource.split(':secret:')[1])).toEqual(['jobs/*-??????']);
      expect(Condition?.StringEquals).toEqual({ [`secretsmanager:ResourceTag/${lentTag.key}`]: lentTag.value });
    }
  });

  it('that were made for one job are read only where they say so themselves', () => {
    const lent = functionNames.flatMap((name) => roleOf(resources, name)).filter((statement) => reading(statement) && statement.Resource.some((resource) => resource.includes(':secret:jobs/')));
    expect(lent.length).toBeGreaterThan(0);
    for (const { Condition } of lent) expect(Condition?.StringEquals).toEqual({ [`secretsmanager:ResourceTag/${lentTag.key}`]: lentTag.value });
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

describe('roles of jobs', () => {
  const changing = ({ Action }: Statement) => Action.some((action) => /^iam:(Put|Delete)RolePolicy$/.test(action));
  const named = ['arn:aws:iam::111122223333:role/*/ci-*', 'arn:aws:iam::111122223333:role/ci-*', 'arn:aws:iam::111122223333:role/jobs/nightly'];

  it('are changed only where the configuration names them, by those that contain and revoke', () => {
    expect(rolesWith(changing)).toEqual(['contain', 'revoke', 'release']);
    for (const { Resource } of functionNames.flatMap((name) => roleOf(resources, name).filter(changing))) expect([...Resource].sort()).toEqual(named);
  });

  it('are looked at nowhere else', () => {
    const statements = functionNames.flatMap((name) => roleOf(resources, name)).filter(({ Action }) => Action.some((action) => action.startsWith('iam:') && action.includes('Role') && action !== 'iam:PassRole'));
    expect(statements.length).toBeGreaterThan(3);
    for (const { Resource } of statements) expect([...Resource].sort()).toEqual(named);
  });

  it('are passed to nobody; the role of timers only to EventBridge Scheduler', () => {
    const passing = ({ Action }: Statement) => Action.includes('iam:PassRole');
    expect(rolesWith(passing)).toEqual(['release', 'leases']);
    for (const { Resource, Condition } of functionNames.flatMap((name) => roleOf(resources, name).filter(passing))) {
      expect(Resource).toEqual(['arn:<AWS::Partition>:iam::<AWS::AccountId>:role/Rescind-timers-<AWS::Region>']);
      expect(Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } });
    }
  });
});

describe('timers', () => {
  it('are set and taken away by those that know leases, in their own group', () => {
    const timing = ({ Action }: Statement) => Action.some((action) => action.startsWith('scheduler:'));
    expect(rolesWith(timing)).toEqual(['release', 'leases']);
    for (const { Resource } of functionNames.flatMap((name) => roleOf(resources, name).filter(timing))) {
      expect(Resource).toEqual(['arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/Rescind-leases/*']);
    }
  });

  it('and ended runs come to the queue of ends from those that hear of them', () => {
    expect(rolesWith(({ Action, Resource }) => Action.includes('sqs:SendMessage') && Resource.some((resource) => /^<QueuesEnds[0-9A-F]+\.Arn>$/.test(resource))).sort()).toEqual(['leases', 'receive', 'release']);
  });

  it('and leases are known to release and leases alone', () => {
    expect(rolesWith(({ Resource }) => Resource.some((resource) => resource.startsWith('<TablesLeases'))).sort()).toEqual(['leases', 'release']);
    for (const name of ['release', 'leases']) expect(roleOf(resources, name).filter(({ Resource }) => Resource.some((resource) => /^<Tables(Ledger|Registry)/.test(resource)))).toEqual([]);
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

import { CreateRoleCommand, DeleteRoleCommand, DeleteRolePolicyCommand, GetRoleCommand, PutRolePolicyCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { DeleteSecretCommand, DescribeSecretCommand, RemoveRegionsFromReplicationCommand } from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import { errorOf, open, world } from './house.ts';

type House = Awaited<ReturnType<typeof open>>;
let house: House;
afterEach(() => house.aws.close());
const arn = 'arn:aws:iam::111122223333:role/ci/deploy';
const started = async () =>
  (house = await open({
    world: {
      ...world,
      roles: [{ name: 'deploy', path: '/ci/', tags: { team: 'shop' }, maxSessionDuration: 7200 }, { name: 'AWSServiceRoleForX', path: '/aws-service-role/x.amazonaws.com/' }],
      secrets: [{ name: 'job/one', value: 'one', tags: { 'rescind:lent': 'job' }, replicas: ['eu-west-1'] }],
    },
  }));
const policy = (Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const put = (PolicyName: string, Statement: object[], RoleName = 'deploy') => house.ours.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: policy(Statement) }));
const assume = async (name: string) => {
  const { Credentials: made } = await house.ours.sts.send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: name }));
  return house.as({ accessKeyId: made?.AccessKeyId ?? '', secretAccessKey: made?.SecretAccessKey ?? '', sessionToken: made?.SessionToken });
};
const simulated = async (issued: string, userId: string) => {
  const { EvaluationResults: [result] = [] } = await house.ours.iam.send(new SimulatePrincipalPolicyCommand({
    PolicySourceArn: arn, ActionNames: ['iam:GetUser'],
    ContextEntries: [
      { ContextKeyName: 'aws:TokenIssueTime', ContextKeyType: 'date', ContextKeyValues: [issued] },
      { ContextKeyName: 'aws:userid', ContextKeyType: 'string', ContextKeyValues: [userId] },
    ],
  }));
  return [result?.EvalDecision, result?.MatchedStatements?.map(({ SourcePolicyId }) => SourcePolicyId)];
};

describe('roles', () => {
  it('are told with their path, tags and longest session', async () => {
    await started();
    const { Role } = await house.ours.iam.send(new GetRoleCommand({ RoleName: 'deploy' }));
    expect(Role).toMatchObject({ Arn: arn, Path: '/ci/', MaxSessionDuration: 7200, Tags: [{ Key: 'team', Value: 'shop' }], RoleId: expect.stringMatching(/^AROA/) as string });
  });

  it('take their sessions with them when they are deleted, and have another id when they are made again', async () => {
    await started();
    const session = await assume('job');
    await put('P', [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    expect(await errorOf(house.ours.iam.send(new DeleteRoleCommand({ RoleName: 'deploy' })))).toBe('DeleteConflictException');
    const { Role: before } = await house.ours.iam.send(new GetRoleCommand({ RoleName: 'deploy' }));
    await house.ours.iam.send(new DeleteRolePolicyCommand({ RoleName: 'deploy', PolicyName: 'P' }));
    await house.ours.iam.send(new DeleteRoleCommand({ RoleName: 'deploy' }));
    const { Role: after } = await house.ours.iam.send(new CreateRoleCommand({ RoleName: 'deploy', Path: '/ci/', AssumeRolePolicyDocument: '{}' }));
    expect(after?.RoleId).not.toBe(before?.RoleId);
    expect(await errorOf(session.iam.send(new GetRoleCommand({ RoleName: 'deploy' })))).toBe('InvalidClientTokenId');
    expect(await errorOf((await assume('job')).iam.send(new GetRoleCommand({ RoleName: 'deploy' })))).toBeUndefined();
  });

  it('cannot be edited where AWS keeps them', async () => {
    await started();
    expect(await errorOf(put('P', [{ Effect: 'Deny', Action: '*', Resource: '*' }], 'AWSServiceRoleForX'))).toBe('UnmodifiableEntityException');
  });

  it('deny one session by its user id, as the simulator says before anybody tries', async () => {
    await started();
    const { Role } = await house.ours.iam.send(new GetRoleCommand({ RoleName: 'deploy' }));
    const [one, two] = [await assume('one'), await assume('two')];
    const soon = new Date(house.clock.now().getTime() + 60_000).toISOString();
    await put('Ended', [{ Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringEquals: { 'aws:userid': [`${Role?.RoleId}:one`] }, DateLessThan: { 'aws:TokenIssueTime': soon } } }]);
    const tried = (as: typeof one) => errorOf(as.iam.send(new GetRoleCommand({ RoleName: 'deploy' })));
    expect([await tried(one), await tried(two)]).toEqual(['AccessDenied', undefined]);
    expect(await simulated('2026-01-01T00:00:00Z', `${Role?.RoleId}:one`)).toEqual(['explicitDeny', ['role_deploy_Ended']]);
    expect(await simulated('2026-01-01T00:00:00Z', `${Role?.RoleId}:two`)).toEqual(['implicitDeny', []]);
    expect(await simulated('2099-01-01T00:00:00Z', `${Role?.RoleId}:one`)).toEqual(['implicitDeny', []]);
    await put('Allowed', [{ Effect: 'Allow', Action: 'iam:Get*', Resource: '*' }]);
    expect(await simulated('2099-01-01T00:00:00Z', `${Role?.RoleId}:one`)).toEqual(['allowed', ['role_deploy_Allowed']]);
    expect(house.aws.lent().filter(({ issuer }) => issuer === 'aws-role-session')).toEqual([
      { id: 'aws-role-session:arn:aws:sts::111122223333:assumed-role/deploy/one', issuer: 'aws-role-session', alive: false },
      { id: 'aws-role-session:arn:aws:sts::111122223333:assumed-role/deploy/two', issuer: 'aws-role-session', alive: true },
    ]);
  });

  it('are not simulated without a date that is one, nor for a role that is not there', async () => {
    await started();
    expect(await errorOf(simulated('yesterday', 'x'))).toBe('InvalidInputException');
    expect(await errorOf(house.ours.iam.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn: 'arn:aws:iam::111122223333:role/deploy', ActionNames: ['iam:GetUser'] })))).toBe('NoSuchEntityException');
  });
});

describe('a secret that has replicas', () => {
  it('is deleted only after them', async () => {
    await started();
    const SecretId = 'job/one';
    expect(await errorOf(house.ours.secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 })))).toBe('InvalidParameterException');
    expect((await house.ours.secrets.send(new DescribeSecretCommand({ SecretId }))).ReplicationStatus).toMatchObject([{ Region: 'eu-west-1' }]);
    await house.ours.secrets.send(new RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions: ['eu-west-1'] }));
    expect(house.aws.lent().at(-1)).toMatchObject({ issuer: 'aws-secrets-manager', alive: true });
    await house.ours.secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }));
    expect((await house.ours.secrets.send(new DescribeSecretCommand({ SecretId }))).DeletedDate).toBeInstanceOf(Date);
    expect(house.aws.lent().at(-1)).toMatchObject({ issuer: 'aws-secrets-manager', alive: false });
  });
});

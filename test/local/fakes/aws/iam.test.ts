import {
  CreateAccessKeyCommand, DeleteAccessKeyCommand, DeleteUserPolicyCommand, GetAccessKeyLastUsedCommand, GetRolePolicyCommand, GetUserCommand, GetUserPolicyCommand,
  IAMServiceException, ListAccessKeysCommand, ListAttachedUserPoliciesCommand, ListGroupsForUserCommand, ListRolesCommand, ListServiceSpecificCredentialsCommand,
  ListUserPoliciesCommand, ListUserTagsCommand, paginateListUsers, PutRolePolicyCommand, PutUserPolicyCommand, UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import { ALICE, errorOf, keyId, open, world } from './house.ts';

let house: Awaited<ReturnType<typeof open>>;
afterEach(() => house.aws.close());

describe('IAM', () => {
  it('pages through the users, each once', async () => {
    const users = Array.from({ length: 25 }, (_, index) => ({ name: `user-${String(index).padStart(2, '0')}` }));
    house = await open({ world: { ...world, users } });
    const names: (string | undefined)[] = [];
    let pages = 0;
    for await (const page of paginateListUsers({ client: house.ours.iam, pageSize: 10 }, {})) {
      pages += 1;
      names.push(...(page.Users ?? []).map(({ UserName }) => UserName));
    }
    expect(pages).toBe(3);
    expect(names).toEqual(users.map(({ name }) => name));
  });

  it('gives a user two keys at most, inactive ones included, and a new key opens', async () => {
    house = await open();
    const { iam } = house.ours;
    const { AccessKey: made } = await iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
    const fresh = house.as({ accessKeyId: made?.AccessKeyId ?? '', secretAccessKey: made?.SecretAccessKey ?? '' });
    expect((await fresh.sts.send(new GetCallerIdentityCommand())).Arn).toContain('user/alice');
    const third = await iam.send(new CreateAccessKeyCommand({ UserName: 'bob' })).catch((error: unknown) => error);
    expect(third).toMatchObject({ name: 'LimitExceededException', $metadata: { httpStatusCode: 409 } });
    await iam.send(new DeleteAccessKeyCommand({ UserName: 'bob', AccessKeyId: keyId('AKIA', 'bobtwo') }));
    expect(await errorOf(iam.send(new CreateAccessKeyCommand({ UserName: 'bob' })))).toBeUndefined();
  });

  it('lists keys with their status and without their secrets', async () => {
    house = await open();
    const { AccessKeyMetadata: keys } = await house.ours.iam.send(new ListAccessKeysCommand({ UserName: 'bob' }));
    expect(keys?.map(({ AccessKeyId, Status }) => [AccessKeyId, Status])).toEqual([[keyId('AKIA', 'bobone'), 'Active'], [keyId('AKIA', 'bobtwo'), 'Inactive']]);
    expect(JSON.stringify(keys)).not.toContain('two"');
  });

  it('answers 404 for what is not there, also when the key is another user\'s', async () => {
    house = await open();
    const { iam } = house.ours;
    const gone = await iam.send(new DeleteAccessKeyCommand({ UserName: 'alice', AccessKeyId: keyId('AKIA', 'bobone') })).catch((error: unknown) => error);
    expect(gone).toBeInstanceOf(IAMServiceException);
    expect(gone).toMatchObject({ name: 'NoSuchEntityException', $metadata: { httpStatusCode: 404 } });
    expect(await errorOf(iam.send(new GetUserCommand({ UserName: 'nobody' })))).toBe('NoSuchEntityException');
    expect(await errorOf(iam.send(new GetUserPolicyCommand({ UserName: 'alice', PolicyName: 'none' })))).toBe('NoSuchEntityException');
    expect(await errorOf(iam.send(new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId: ALICE.accessKeyId, Status: 'Expired' })))).toBe('ValidationError');
  });

  it('tells whose a key is, and says less about keys that were never here', async () => {
    house = await open();
    const { iam } = house.ours;
    expect((await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: ALICE.accessKeyId }))).UserName).toBe('alice');
    await house.as(ALICE).sts.send(new GetCallerIdentityCommand());
    expect((await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: ALICE.accessKeyId }))).AccessKeyLastUsed?.ServiceName).toBe('sts');
    await iam.send(new DeleteAccessKeyCommand({ UserName: 'alice', AccessKeyId: ALICE.accessKeyId }));
    expect(await errorOf(iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: ALICE.accessKeyId })))).toBe('NoSuchEntityException');
    expect(await errorOf(iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId: keyId('AKIA', 'stranger') })))).toBe('AccessDenied');
  });

  it('keeps inline policies as they were given and refuses what is no policy or too long', async () => {
    house = await open();
    const { iam } = house.ours;
    const document = JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'a<b>&"c"', Effect: 'Deny', Action: 's3:*', Resource: '*' }] });
    await iam.send(new PutUserPolicyCommand({ UserName: 'alice', PolicyName: 'p', PolicyDocument: document }));
    const { PolicyDocument: read } = await iam.send(new GetUserPolicyCommand({ UserName: 'alice', PolicyName: 'p' }));
    expect(decodeURIComponent(read ?? '')).toBe(document);
    expect((await iam.send(new ListUserPoliciesCommand({ UserName: 'alice' }))).PolicyNames).toEqual(['p']);
    await iam.send(new DeleteUserPolicyCommand({ UserName: 'alice', PolicyName: 'p' }));
    expect((await iam.send(new ListUserPoliciesCommand({ UserName: 'alice' }))).PolicyNames).toEqual([]);
    const put = (PolicyDocument: string) => errorOf(iam.send(new PutRolePolicyCommand({ RoleName: 'deploy', PolicyName: 'p', PolicyDocument })));
    expect(await put('{}')).toBe('MalformedPolicyDocumentException');
    expect(await put(JSON.stringify({ Statement: [{ Effect: 'Deny', Action: '*', Resource: 'x'.repeat(10_300) }] }))).toBe('LimitExceededException');
    expect(await put(document)).toBeUndefined();
    expect((await iam.send(new GetRolePolicyCommand({ RoleName: 'deploy', PolicyName: 'p' }))).RoleName).toBe('deploy');
  });

  it('lists what else belongs to a user', async () => {
    house = await open();
    const { iam } = house.ours;
    const UserName = 'alice';
    expect((await iam.send(new ListUserTagsCommand({ UserName }))).Tags).toEqual([{ Key: 'team', Value: 'shop' }]);
    expect((await iam.send(new ListGroupsForUserCommand({ UserName }))).Groups?.map(({ GroupName }) => GroupName)).toEqual(['dev']);
    expect((await iam.send(new ListAttachedUserPoliciesCommand({ UserName }))).AttachedPolicies).toEqual([]);
    expect((await iam.send(new ListServiceSpecificCredentialsCommand({ UserName }))).ServiceSpecificCredentials).toEqual([]);
    expect((await iam.send(new ListRolesCommand({}))).Roles?.map(({ RoleName }) => RoleName)).toEqual(['deploy', 'rescind']);
  });
});

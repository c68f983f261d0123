import { CreateAccessKeyCommand, IAMClient, ListUsersCommand, PutUserPolicyCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, GetCallerIdentityCommand, GetFederationTokenCommand, GetSessionTokenCommand, STSServiceException } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import { ALICE, errorOf, keyId, OLD_SESSION, open, OURS } from './house.ts';

let house: Awaited<ReturnType<typeof open>>;
afterEach(() => house.aws.close());

const denySessionsBefore = (time: Date) => new PutUserPolicyCommand({
  UserName: 'alice',
  PolicyName: 'DenyOldSessions',
  PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [
    { Effect: 'Deny', Action: ['*'], Resource: ['*'], Condition: { DateLessThan: { 'aws:TokenIssueTime': time.toISOString() } } },
  ] }),
});

describe('the door', () => {
  it('opens for a key of a user and says whose it is', async () => {
    house = await open();
    const identity = await house.as(ALICE).sts.send(new GetCallerIdentityCommand());
    expect(identity).toMatchObject({ Account: '111122223333', Arn: 'arn:aws:iam::111122223333:user/alice' });
  });

  it('knows our own functions by the role that their key signs as', async () => {
    house = await open();
    const { Arn } = await house.ours.sts.send(new GetCallerIdentityCommand());
    expect(Arn).toBe('arn:aws:sts::111122223333:assumed-role/rescind/functions');
  });

  it('tells an unknown or inactive key from a wrong secret, each with status 403', async () => {
    house = await open();
    const refusal = async (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }) => {
      const error = await house.as(credentials).sts.send(new GetCallerIdentityCommand()).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(STSServiceException);
      return `${(error as STSServiceException).$metadata.httpStatusCode} ${(error as Error).name}`;
    };
    expect(await refusal({ accessKeyId: keyId('AKIA', 'nobody'), secretAccessKey: 'x' })).toBe('403 InvalidClientTokenId');
    expect(await refusal({ accessKeyId: keyId('AKIA', 'bobtwo'), secretAccessKey: 'two' })).toBe('403 InvalidClientTokenId');
    expect(await refusal({ ...ALICE, secretAccessKey: 'invented' })).toBe('403 SignatureDoesNotMatch');
    expect(await refusal({ ...OLD_SESSION, sessionToken: 'another' })).toBe('403 InvalidClientTokenId');
    expect(await refusal({ ...ALICE, sessionToken: 'a long-lived key has none' })).toBe('403 InvalidClientTokenId');
  });

  it('uses the names of JSON services where JSON is spoken', async () => {
    house = await open();
    const read = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
      errorOf(house.as(credentials).secrets.send(new DescribeSecretCommand({ SecretId: 'shop/plain' })));
    expect(await read({ accessKeyId: keyId('AKIA', 'nobody'), secretAccessKey: 'x' })).toBe('UnrecognizedClientException');
    expect(await read({ ...OURS, secretAccessKey: 'wrong' })).toBe('InvalidSignatureException');
    expect(await read(OURS)).toBeUndefined();
  });

  it('refuses what is not signed at all', async () => {
    house = await open();
    const answer = await fetch(house.aws.url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'Action=GetCallerIdentity&Version=2011-06-15' });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>MissingAuthenticationToken</Code>');
  });

  it('notices a body that was changed after signing', async () => {
    house = await open();
    const client = new IAMClient({ region: 'us-east-1', endpoint: house.aws.url, credentials: OURS, maxAttempts: 1 });
    client.middlewareStack.add((next) => (args) => {
      const request = args.request as { body: string };
      request.body = request.body.replace('ListUsers', 'ListRoles');
      return next(args);
    }, { step: 'finalizeRequest', priority: 'low' });
    expect(await errorOf(client.send(new ListUsersCommand()))).toBe('SignatureDoesNotMatch');
  });

  it('shuts when the key is deactivated and leaves its sessions alive until a policy denies them', async () => {
    house = await open();
    const { Credentials: minted } = await house.as(ALICE).sts.send(new GetSessionTokenCommand());
    const session = house.as({ accessKeyId: minted?.AccessKeyId ?? '', secretAccessKey: minted?.SecretAccessKey ?? '', sessionToken: minted?.SessionToken });
    expect(house.aws.isOpen(ALICE.accessKeyId)).toBe(true);
    await house.ours.iam.send(new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId: ALICE.accessKeyId, Status: 'Inactive' }));
    expect(house.aws.isOpen(ALICE.accessKeyId)).toBe(false);
    expect(await errorOf(house.as(ALICE).sts.send(new GetCallerIdentityCommand()))).toBe('InvalidClientTokenId');
    expect(await errorOf(session.iam.send(new ListUsersCommand()))).toBeUndefined();

    await house.ours.iam.send(denySessionsBefore(new Date(house.clock.now().getTime() + 1000)));
    expect(await errorOf(session.iam.send(new ListUsersCommand()))).toBe('AccessDenied');
    expect(await errorOf(session.secrets.send(new DescribeSecretCommand({ SecretId: 'shop/plain' })))).toBe('AccessDeniedException');
    expect(await errorOf(session.sts.send(new GetCallerIdentityCommand()))).toBeUndefined();
    expect(house.aws.sessions().every(({ alive }) => !alive)).toBe(true);
  });

  it('lets a deny by issue time touch neither long-lived keys nor younger sessions', async () => {
    house = await open();
    await house.ours.iam.send(denySessionsBefore(new Date(house.clock.now().getTime() - 60_000)));
    expect(await errorOf(house.as(OLD_SESSION).iam.send(new ListUsersCommand()))).toBe('AccessDenied');
    expect(await errorOf(house.as(ALICE).iam.send(new ListUsersCommand()))).toBeUndefined();
    const { Credentials: young } = await house.as(ALICE).sts.send(new GetFederationTokenCommand({ Name: 'guest' }));
    const guest = house.as({ accessKeyId: young?.AccessKeyId ?? '', secretAccessKey: young?.SecretAccessKey ?? '', sessionToken: young?.SessionToken });
    expect(await errorOf(guest.iam.send(new ListUsersCommand()))).toBeUndefined();
    expect((await guest.sts.send(new GetCallerIdentityCommand())).Arn).toBe('arn:aws:sts::111122223333:federated-user/guest');
  });

  it('calls a session expired after its end', async () => {
    house = await open({ speed: 100_000 });
    const { Credentials: minted } = await house.as(ALICE).sts.send(new AssumeRoleCommand({
      RoleArn: 'arn:aws:iam::111122223333:role/deploy', RoleSessionName: 'job', DurationSeconds: 900,
    }));
    const session = house.as({ accessKeyId: minted?.AccessKeyId ?? '', secretAccessKey: minted?.SecretAccessKey ?? '', sessionToken: minted?.SessionToken });
    await house.clock.sleep(1_000_000);
    expect(await errorOf(session.sts.send(new GetCallerIdentityCommand()))).toBe('ExpiredToken');
    expect(house.aws.isOpen(minted?.AccessKeyId ?? '')).toBe(false);
  });

  it('lists the truth about every key, those made later and those gone included', async () => {
    house = await open();
    const { AccessKey: made } = await house.ours.iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
    expect(house.aws.credentials()).toEqual([
      { id: `aws-iam-key:${ALICE.accessKeyId}`, alive: true },
      { id: `aws-iam-key:${keyId('AKIA', 'bobone')}`, alive: true },
      { id: `aws-iam-key:${keyId('AKIA', 'bobtwo')}`, alive: false },
      { id: `aws-iam-key:${made?.AccessKeyId}`, alive: true },
    ]);
  });
});

import {
  BatchGetSecretValueCommand, CreateSecretCommand, DeleteSecretCommand, DescribeSecretCommand, GetRandomPasswordCommand, GetResourcePolicyCommand, GetSecretValueCommand,
  ListSecretsCommand, ListSecretVersionIdsCommand, paginateListSecrets, PutResourcePolicyCommand, PutSecretValueCommand, RestoreSecretCommand, TagResourceCommand,
  UntagResourceCommand, UpdateSecretCommand, UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { errorOf, open, world } from './house.ts';

let house: Awaited<ReturnType<typeof open>>;
afterEach(() => house.aws.close());

describe('Secrets Manager', () => {
  it('finds a secret by name, ARN and ARN without its suffix', async () => {
    house = await open();
    const { secrets } = house.ours;
    const { ARN = '' } = await secrets.send(new DescribeSecretCommand({ SecretId: 'shop/plain' }));
    expect(ARN).toMatch(/^arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop\/plain-[A-Za-z0-9]{6}$/);
    for (const SecretId of ['shop/plain', ARN, ARN.slice(0, -7)])
      expect((await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString).toBe('plain value');
    expect(await errorOf(secrets.send(new GetSecretValueCommand({ SecretId: `${ARN}x` })))).toBe('ResourceNotFoundException');
  });

  it('moves AWSCURRENT and AWSPREVIOUS with each new value', async () => {
    house = await open();
    const { secrets } = house.ours;
    const SecretId = 'shop/plain';
    const first = (await secrets.send(new GetSecretValueCommand({ SecretId }))).VersionId ?? '';
    const { VersionId: second = '' } = await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'second' }));
    const { VersionId: third = '' } = await secrets.send(new UpdateSecretCommand({ SecretId, SecretString: 'third' }));
    expect((await secrets.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages).toEqual({ [second]: ['AWSPREVIOUS'], [third]: ['AWSCURRENT'] });
    expect((await secrets.send(new GetSecretValueCommand({ SecretId, VersionStage: 'AWSPREVIOUS' }))).SecretString).toBe('second');
    const all = await secrets.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }));
    expect(all.Versions?.map(({ VersionId }) => VersionId)).toEqual([first, second, third]);
  });

  it('takes the same value under the same token again and refuses another one', async () => {
    house = await open();
    const { secrets } = house.ours;
    const put = (SecretString: string, ClientRequestToken: string) => secrets.send(new PutSecretValueCommand({ SecretId: 'shop/plain', SecretString, ClientRequestToken }));
    const token = randomUUID();
    await put('again', token);
    await put('newer', randomUUID());
    expect((await put('again', token)).VersionStages).toEqual(['AWSPREVIOUS']);
    expect(await errorOf(put('different', token))).toBe('ResourceExistsException');
    const create = (SecretString: string) => secrets.send(new CreateSecretCommand({ Name: 'new', SecretString, ClientRequestToken: token }));
    const made = await create('value');
    expect((await create('value')).ARN).toBe(made.ARN);
    expect(await errorOf(create('other'))).toBe('ResourceExistsException');
  });

  it('moves a label only when told from where', async () => {
    house = await open();
    const { secrets } = house.ours;
    const SecretId = 'shop/plain';
    const first = (await secrets.send(new GetSecretValueCommand({ SecretId }))).VersionId ?? '';
    const { VersionId: pending = '' } = await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'next', VersionStages: ['AWSPENDING'] }));
    const move = (RemoveFromVersionId?: string, MoveToVersionId?: string, VersionStage = 'AWSCURRENT') =>
      secrets.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId }));
    expect(await errorOf(move(undefined, pending))).toBe('InvalidParameterException');
    expect(await errorOf(move(pending, pending))).toBe('InvalidParameterException');
    expect(await errorOf(move(first))).toBe('InvalidParameterException');
    expect(await errorOf(move(first, randomUUID()))).toBe('ResourceNotFoundException');
    await move(first, pending);
    expect((await secrets.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages).toEqual({ [first]: ['AWSPREVIOUS'], [pending]: ['AWSPENDING', 'AWSCURRENT'] });
    await move(pending, undefined, 'AWSPENDING');
    await move(first, undefined, 'AWSPREVIOUS');
    expect((await secrets.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages).toEqual({ [pending]: ['AWSCURRENT'] });
  });

  it('has nothing to read in an empty pending version, an unreadable or a deleted secret', async () => {
    house = await open();
    const { secrets } = house.ours;
    const read = (SecretId: string, VersionStage?: string) => errorOf(secrets.send(new GetSecretValueCommand({ SecretId, VersionStage })));
    expect(await read('shop/stuck', 'AWSPENDING')).toBe('ResourceNotFoundException');
    expect(await read('shop/plain', 'AWSPENDING')).toBe('ResourceNotFoundException');
    expect(await read('shop/closed')).toBe('AccessDeniedException');
    await secrets.send(new DeleteSecretCommand({ SecretId: 'shop/plain', RecoveryWindowInDays: 7 }));
    expect(await read('shop/plain')).toBe('InvalidRequestException');
    expect((await secrets.send(new DescribeSecretCommand({ SecretId: 'shop/plain' }))).DeletedDate).toBeInstanceOf(Date);
    await secrets.send(new RestoreSecretCommand({ SecretId: 'shop/plain' }));
    expect(await read('shop/plain')).toBeUndefined();
    await secrets.send(new DeleteSecretCommand({ SecretId: 'shop/plain', ForceDeleteWithoutRecovery: true }));
    expect(await read('shop/plain')).toBe('ResourceNotFoundException');
    const batch = await secrets.send(new BatchGetSecretValueCommand({ SecretIdList: ['shop/db', 'shop/closed', 'none'] }));
    expect(batch.SecretValues?.map(({ Name }) => Name)).toEqual(['shop/db']);
    expect(batch.Errors?.map(({ ErrorCode }) => ErrorCode)).toEqual(['AccessDeniedException', 'ResourceNotFoundException']);
  });

  it('pages through the list without skipping when secrets come and go between pages', async () => {
    const many = Array.from({ length: 250 }, (_, index) => ({ name: `s/${String(index).padStart(3, '0')}`, value: `v${index}` }));
    house = await open({ world: { ...world, secrets: many } });
    const { secrets } = house.ours;
    const seen: string[] = [];
    for await (const page of paginateListSecrets({ client: secrets, pageSize: 100 }, {})) {
      seen.push(...(page.SecretList ?? []).map(({ Name = '' }) => Name));
      await secrets.send(new DeleteSecretCommand({ SecretId: `s/${String(seen.length - 100).padStart(3, '0')}`, ForceDeleteWithoutRecovery: true }));
    }
    expect(seen).toEqual(many.map(({ name }) => name));
  });

  it('filters the list and shows each secret\'s versions in it', async () => {
    house = await open();
    const { secrets } = house.ours;
    const names = async (Key: 'name' | 'tag-key', Value: string) =>
      (await secrets.send(new ListSecretsCommand({ Filters: [{ Key, Values: [Value] }] }))).SecretList?.map(({ Name }) => Name);
    expect(await names('name', 'rds/')).toEqual(['rds/owned']);
    expect(await names('tag-key', 'team')).toEqual(['shop/db']);
    await secrets.send(new TagResourceCommand({ SecretId: 'shop/plain', Tags: [{ Key: 'team', Value: 'x' }] }));
    expect(await names('tag-key', 'team')).toEqual(['shop/db', 'shop/plain']);
    await secrets.send(new UntagResourceCommand({ SecretId: 'shop/plain', TagKeys: ['team'] }));
    expect(await names('tag-key', 'team')).toEqual(['shop/db']);
    const [stuck] = (await secrets.send(new ListSecretsCommand({ Filters: [{ Key: 'name', Values: ['shop/stuck'] }] }))).SecretList ?? [];
    expect(Object.values(stuck?.SecretVersionsToStages ?? {})).toEqual([['AWSCURRENT'], ['AWSPENDING']]);
    await secrets.send(new DeleteSecretCommand({ SecretId: 'shop/stuck' }));
    expect(await names('name', 'shop/stuck')).toEqual([]);
    expect((await secrets.send(new ListSecretsCommand({ IncludePlannedDeletion: true }))).SecretList).toHaveLength(5);
  });

  it('tells EventBridge when a label moves, but not of AWSPENDING and AWSPREVIOUS', async () => {
    const events: { detail: { labelUpdated: string }; resources: string[] }[] = [];
    house = await open({ onLabelUpdated: (event) => events.push(event as never) });
    const { secrets } = house.ours;
    await secrets.send(new PutSecretValueCommand({ SecretId: 'shop/plain', SecretString: 'p', VersionStages: ['AWSPENDING'] }));
    expect(events).toEqual([]);
    const { VersionId, ARN } = await secrets.send(new PutSecretValueCommand({ SecretId: 'shop/plain', SecretString: 'q', VersionStages: ['AWSCURRENT', 'kept'] }));
    expect(events.map(({ detail }) => detail)).toEqual([
      { name: 'shop/plain', labelUpdated: 'AWSCURRENT', versionId: VersionId }, { name: 'shop/plain', labelUpdated: 'kept', versionId: VersionId },
    ]);
    expect(events[0]).toMatchObject({ source: 'aws.secretsmanager', 'detail-type': 'Secret Label Updated', resources: [ARN], account: '111122223333', region: 'eu-central-1' });
  });

  it('obeys a resource policy that denies reading', async () => {
    house = await open();
    const { secrets } = house.ours;
    const deny = (except: string) => JSON.stringify({ Version: '2012-10-17', Statement: [{
      Effect: 'Deny', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*', Condition: { ArnNotLike: { 'aws:PrincipalArn': except } },
    }] });
    const read = () => errorOf(secrets.send(new GetSecretValueCommand({ SecretId: 'shop/plain' })));
    await secrets.send(new PutResourcePolicyCommand({ SecretId: 'shop/plain', ResourcePolicy: deny('arn:aws:iam::111122223333:role/other'), BlockPublicPolicy: true }));
    expect(await read()).toBe('AccessDeniedException');
    await secrets.send(new PutResourcePolicyCommand({ SecretId: 'shop/plain', ResourcePolicy: deny('arn:aws:iam::111122223333:role/resc*') }));
    expect(await read()).toBeUndefined();
    expect((await secrets.send(new GetResourcePolicyCommand({ SecretId: 'shop/plain' }))).ResourcePolicy).toContain('ArnNotLike');
  });

  it('throttles what is over the quota of its second', async () => {
    house = await open({ quotas: true });
    house.clock.now = () => new Date('2030-01-01T00:00:00.500Z');
    const frozen = await Promise.all(Array.from({ length: 105 }, () => errorOf(house.ours.secrets.send(new ListSecretsCommand({ MaxResults: 1 })))));
    expect(frozen.filter((name) => name === 'ThrottlingException')).toHaveLength(5);
  });

  it('makes random passwords of the kinds that were asked for', async () => {
    house = await open();
    const { RandomPassword = '' } = await house.ours.secrets.send(new GetRandomPasswordCommand({ PasswordLength: 40, ExcludePunctuation: true, ExcludeCharacters: 'abc' }));
    expect(RandomPassword).toMatch(/^[d-zA-Z0-9]{40}$/);
  });
});

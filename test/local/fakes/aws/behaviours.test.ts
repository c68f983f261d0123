import { CreateAccessKeyCommand, DeleteAccessKeyCommand, ListAccessKeysCommand, ListUsersCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import { inFile } from '../../../../local/fakes/state.ts';
import type { AwsState } from '../../../../local/fakes/aws/index.ts';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALICE, errorOf, open } from './house.ts';

let house: Awaited<ReturnType<typeof open>>;
afterEach(() => house.aws.close());

const at = (time: string) => (house.clock.now = () => new Date(`2030-01-01T00:${time}Z`));
const deactivate = () => house.ours.iam.send(new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId: ALICE.accessKeyId, Status: 'Inactive' }));
const identify = () => errorOf(house.as(ALICE).sts.send(new GetCallerIdentityCommand()));
const status = async () => (await house.ours.iam.send(new ListAccessKeysCommand({ UserName: 'alice' }))).AccessKeyMetadata?.[0]?.Status;

describe('a provider that misbehaves', () => {
  it('lags: readers and the door see the change only after a while', async () => {
    house = await open();
    at('00:00');
    house.behave({ service: 'iam', operation: 'UpdateAccessKey', effect: 'lag', seconds: 10, times: 1 });
    await deactivate();
    at('00:09');
    expect([await identify(), await status(), house.aws.isOpen(ALICE.accessKeyId)]).toEqual([undefined, 'Active', true]);
    at('00:11');
    expect([await identify(), await status(), house.aws.isOpen(ALICE.accessKeyId)]).toEqual(['InvalidClientTokenId', 'Inactive', false]);
  });

  it('lags after a deletion too, and keeps a new key shut until it arrived', async () => {
    house = await open();
    at('00:00');
    house.behave({ service: 'iam', effect: 'lag', seconds: 5, times: 2 });
    await house.ours.iam.send(new DeleteAccessKeyCommand({ UserName: 'alice', AccessKeyId: ALICE.accessKeyId }));
    const { AccessKey: made } = await house.ours.iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
    expect([house.aws.isOpen(ALICE.accessKeyId), house.aws.isOpen(made?.AccessKeyId ?? '')]).toEqual([true, false]);
    at('00:06');
    expect([house.aws.isOpen(ALICE.accessKeyId), house.aws.isOpen(made?.AccessKeyId ?? '')]).toEqual([false, true]);
  });

  it('has a stale replica that answers every other read from the past', async () => {
    house = await open();
    at('00:00');
    await deactivate();
    house.behave({ service: 'iam', operation: 'ListAccessKeys', effect: 'stale', seconds: 30 });
    house.behave({ service: 'sts', effect: 'stale', seconds: 30 });
    at('00:01');
    expect([await status(), await status(), await status()]).toEqual(['Active', 'Inactive', 'Active']);
    expect([await identify(), await identify(), await identify()]).toEqual([undefined, 'InvalidClientTokenId', undefined]);
    expect(house.aws.isOpen(ALICE.accessKeyId)).toBe(false);
    at('00:40');
    expect([await status(), await status()]).toEqual(['Inactive', 'Inactive']);
  });

  it('answers now and acts later, with the very key it answered', async () => {
    house = await open({ speed: 100 });
    house.behave({ service: 'iam', operation: 'CreateAccessKey', effect: 'later', seconds: 20, times: 1 });
    const { AccessKey: made } = await house.ours.iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
    const fresh = house.as({ accessKeyId: made?.AccessKeyId ?? '', secretAccessKey: made?.SecretAccessKey ?? '' });
    expect(await errorOf(fresh.sts.send(new GetCallerIdentityCommand()))).toBe('InvalidClientTokenId');
    await house.clock.sleep(30_000);
    expect(await errorOf(fresh.sts.send(new GetCallerIdentityCommand()))).toBeUndefined();
  });

  it('lies: it answers success and does nothing', async () => {
    house = await open();
    house.behave({ service: 'iam', operation: 'UpdateAccessKey', effect: 'lie', times: 1 });
    await deactivate();
    expect(house.aws.isOpen(ALICE.accessKeyId)).toBe(true);
    house.behave({ service: 'secretsmanager', resource: 'shop/plain', effect: 'lie' });
    await house.ours.secrets.send(new PutSecretValueCommand({ SecretId: 'shop/plain', SecretString: 'other' }));
    expect((await house.ours.secrets.send(new GetSecretValueCommand({ SecretId: 'shop/plain' }))).SecretString).toBe('plain value');
  });

  it('throttles with each protocol\'s own error, and the SDK\'s retry gets through', async () => {
    house = await open();
    house.behave({ service: 'iam', effect: 'throttle', times: 1 });
    expect(await errorOf(house.ours.iam.send(new ListUsersCommand()))).toBe('Throttling');
    house.behave({ service: 'secretsmanager', effect: 'throttle', times: 1 });
    expect(await errorOf(house.ours.secrets.send(new GetSecretValueCommand({ SecretId: 'shop/db' })))).toBe('ThrottlingException');
    expect(await errorOf(house.ours.secrets.send(new GetSecretValueCommand({ SecretId: 'shop/db' })))).toBeUndefined();
  });

  it('refuses with the code it was told', async () => {
    house = await open();
    house.behave({ service: 'iam', operation: 'UpdateAccessKey', resource: ALICE.accessKeyId, effect: 'refuse', status: 403, code: 'AccessDenied', message: 'an SCP says no' });
    const error = await deactivate().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'AccessDenied', message: 'an SCP says no', $metadata: { httpStatusCode: 403 } });
    expect(house.aws.isOpen(ALICE.accessKeyId)).toBe(true);
  });

  it('drops the answer after acting, and is down without acting', async () => {
    house = await open();
    house.behave({ service: 'iam', operation: 'UpdateAccessKey', effect: 'drop', times: 1 });
    expect(await errorOf(deactivate())).toBeDefined();
    expect(house.aws.isOpen(ALICE.accessKeyId)).toBe(false);
    house.behave({ service: 'iam', operation: 'DeleteAccessKey', effect: 'down', times: 1 });
    const remove = () => house.ours.iam.send(new DeleteAccessKeyCommand({ UserName: 'alice', AccessKeyId: ALICE.accessKeyId }));
    expect(await errorOf(remove())).toBeDefined();
    expect(await status()).toBe('Inactive');
    house.behave({ service: 'sts', resource: ALICE.accessKeyId, effect: 'down', status: 503 });
    const down = await house.as(ALICE).sts.send(new GetCallerIdentityCommand()).catch((thrown: unknown) => thrown);
    expect(down).toMatchObject({ $metadata: { httpStatusCode: 503 } });
    expect(await errorOf(house.ours.sts.send(new GetCallerIdentityCommand()))).toBeUndefined();
  });

  it('delays by the time it was told', async () => {
    house = await open();
    house.behave({ service: 'sts', effect: 'delay', seconds: 0.2 });
    const start = Date.now();
    await identify();
    expect(Date.now() - start).toBeGreaterThanOrEqual(190);
  });
});

describe('the state', () => {
  it('is what it was when the fakes start again from their file', async () => {
    const store = inFile<AwsState>(join(mkdtempSync(join(tmpdir(), 'aws-')), 'state.json'));
    house = await open({ store });
    await deactivate();
    await house.aws.close();
    house = await open({ store });
    expect(await status()).toBe('Inactive');
    expect(await identify()).toBe('InvalidClientTokenId');
  });

  it('tells of every call that was let in, and by whom', async () => {
    const calls: string[] = [];
    house = await open({ onCall: ({ service, operation, resource, caller }) => calls.push(`${service}:${operation} ${resource} ${caller}`) });
    await house.ours.secrets.send(new GetSecretValueCommand({ SecretId: 'shop/db' }));
    expect(calls).toEqual([expect.stringMatching(/^secretsmanager:GetSecretValue shop\/db .*secret:shop\/db-\w{6} arn:aws:sts::111122223333:assumed-role\/rescind\/functions$/)]);
  });
});

import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CreateAccessKeyCommand, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import { DecryptCommand, DescribeKeyCommand, EncryptCommand, GenerateDataKeyCommand, GenerateMacCommand, VerifyMacCommand } from '@aws-sdk/client-kms';
import { AssumeRoleCommand, GetAccessKeyInfoCommand } from '@aws-sdk/client-sts';
import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { ALICE, errorOf, open, world } from './house.ts';

let house: Awaited<ReturnType<typeof open>>;
afterEach(() => house.aws.close());

describe('KMS', () => {
  it('makes and verifies a real HMAC', async () => {
    house = await open();
    const { kms } = house.ours;
    const Message = Buffer.from('message');
    const { Mac, KeyId } = await kms.send(new GenerateMacCommand({ KeyId: 'alias/fingerprints', MacAlgorithm: 'HMAC_SHA_256', Message }));
    expect(Buffer.from(Mac ?? []).equals(createHmac('sha256', Buffer.alloc(32, 1)).update(Message).digest())).toBe(true);
    expect(KeyId).toBe('arn:aws:kms:eu-central-1:111122223333:key/mac-key');
    const verify = (bytes: Buffer) => errorOf(kms.send(new VerifyMacCommand({ KeyId, MacAlgorithm: 'HMAC_SHA_256', Message: bytes, Mac })));
    expect(await verify(Message)).toBeUndefined();
    expect(await verify(Buffer.from('other'))).toBe('KMSInvalidMacException');
  });

  it('opens a ciphertext only with the encryption context it was sealed with', async () => {
    house = await open();
    const { kms } = house.ours;
    const Plaintext = Buffer.from('held');
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: 'alias/held', Plaintext, EncryptionContext: { case: '1', of: 'x' } }));
    const decrypt = (EncryptionContext?: Record<string, string>) => kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
    expect(Buffer.from((await decrypt({ of: 'x', case: '1' })).Plaintext ?? []).toString()).toBe('held');
    expect(await errorOf(decrypt({ case: '2', of: 'x' }))).toBe('InvalidCiphertextException');
    expect(await errorOf(decrypt())).toBe('InvalidCiphertextException');
    const key = await kms.send(new GenerateDataKeyCommand({ KeyId: 'held-key', KeySpec: 'AES_256' }));
    expect(key.Plaintext).toHaveLength(32);
  });

  it('refuses keys for what they are not made for, and keys that are not there', async () => {
    house = await open();
    const { kms } = house.ours;
    expect(await errorOf(kms.send(new GenerateMacCommand({ KeyId: 'held-key', MacAlgorithm: 'HMAC_SHA_256', Message: Buffer.from('m') })))).toBe('InvalidKeyUsageException');
    expect(await errorOf(kms.send(new EncryptCommand({ KeyId: 'mac-key', Plaintext: Buffer.from('m') })))).toBe('InvalidKeyUsageException');
    expect(await errorOf(kms.send(new DescribeKeyCommand({ KeyId: 'alias/none' })))).toBe('NotFoundException');
    expect((await kms.send(new DescribeKeyCommand({ KeyId: 'alias/held' }))).KeyMetadata?.KeyUsage).toBe('ENCRYPT_DECRYPT');
  });
});

describe('CloudTrail', () => {
  const lookup = async (AttributeKey: 'AccessKeyId' | 'EventName' | 'Username' | 'ResourceName', AttributeValue: string) =>
    (await house.ours.trail.send(new LookupEventsCommand({ LookupAttributes: [{ AttributeKey, AttributeValue }] }))).Events ?? [];

  it('tells who changed a key, with what, and names the session that a key minted', async () => {
    house = await open();
    await house.ours.iam.send(new UpdateAccessKeyCommand({ UserName: 'alice', AccessKeyId: ALICE.accessKeyId, Status: 'Active' }));
    const { Credentials: minted } = await house.as(ALICE).sts.send(new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::111122223333:role/deploy', RoleSessionName: 'job' }));
    const [update] = await lookup('ResourceName', ALICE.accessKeyId);
    expect(update).toMatchObject({ EventName: 'UpdateAccessKey', Username: 'functions', EventSource: 'iam.amazonaws.com' });
    const record = JSON.parse(update?.CloudTrailEvent ?? '{}') as { userIdentity: { arn: string }; userAgent: string };
    expect(record.userIdentity.arn).toBe('arn:aws:sts::111122223333:assumed-role/rescind/functions');
    expect(record.userAgent).toContain('aws-sdk-js');
    const [assumed, older] = await lookup('AccessKeyId', ALICE.accessKeyId);
    expect(JSON.parse(assumed?.CloudTrailEvent ?? '{}')).toMatchObject({ eventName: 'AssumeRole', responseElements: { credentials: { accessKeyId: minted?.AccessKeyId } } });
    expect(older?.EventTime).toEqual(new Date('2026-01-01T01:00:00Z'));
    expect((await house.ours.sts.send(new GetAccessKeyInfoCommand({ AccessKeyId: ALICE.accessKeyId }))).Account).toBe('111122223333');
  });

  it('holds no secret half and no session token', async () => {
    house = await open();
    const { AccessKey: made } = await house.ours.iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
    const { Credentials: minted } = await house.as(ALICE).sts.send(new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::111122223333:role/deploy', RoleSessionName: 'job' }));
    const trail = JSON.stringify(house.aws.state().trail);
    for (const value of [made?.SecretAccessKey, minted?.SecretAccessKey, minted?.SessionToken]) expect(trail).not.toContain(value);
    expect(trail).toContain(made?.AccessKeyId);
  });

  it('pages by fifty and narrows by time', async () => {
    const trail = Array.from({ length: 120 }, (_, index) => ({ eventName: 'E', eventTime: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString() }));
    house = await open({ world: { ...world, trail } });
    const times: number[] = [];
    let NextToken: string | undefined;
    do {
      const page = await house.ours.trail.send(new LookupEventsCommand({ NextToken }));
      expect(page.Events?.length).toBeLessThanOrEqual(50);
      times.push(...(page.Events ?? []).map(({ EventTime }) => EventTime?.getTime() ?? 0));
      ({ NextToken } = page);
    } while (NextToken !== undefined);
    expect(times).toEqual(trail.map(({ eventTime }) => Date.parse(eventTime)).reverse());
    const StartTime = new Date(Date.UTC(2026, 0, 1, 1, 50));
    expect((await house.ours.trail.send(new LookupEventsCommand({ StartTime }))).Events).toHaveLength(10);
  });

  it('answers two look-ups a second when quotas hold, and delivers late when told to', async () => {
    house = await open({ quotas: true });
    house.clock.now = () => new Date('2030-01-01T00:00:00.500Z');
    expect(await errorOf(lookup('EventName', 'AssumeRole'))).toBeUndefined();
    await lookup('EventName', 'AssumeRole');
    expect(await errorOf(lookup('EventName', 'AssumeRole'))).toBe('ThrottlingException');
    house.clock.now = () => new Date('2030-01-01T00:00:02.500Z');
    await house.ours.iam.send(new CreateAccessKeyCommand({ UserName: 'alice' }));
    house.behave({ service: 'cloudtrail', effect: 'lag', seconds: 60 });
    expect(await lookup('EventName', 'CreateAccessKey')).toEqual([]);
    house.clock.now = () => new Date('2030-01-01T00:02:00.500Z');
    expect(await lookup('EventName', 'CreateAccessKey')).toHaveLength(1);
  });
});

import { CreateAccessKeyCommand, DeleteAccessKeyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetFederationTokenCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import type { Acted, Child } from '../../../functions/core/connector.ts';
import { account, newPair, type Notes } from '../house.ts';
import { openKeyHouse, user, type KeyHouse, type KeyOptions } from './subject.ts';

let subject: KeyHouse;
afterEach(() => subject.close());
const open = async (options: KeyOptions = {}) => (subject = await openKeyHouse(options));
const contain = (notes: Notes = []): Promise<Acted> => subject.issuer.contain?.(subject.credential, subject.context({ notes })) as Promise<Acted>;
const childrenOf = (acted: Acted): Child[] => ('children' in acted ? (acted.children ?? []) : []);
const probed = async (): Promise<Child[]> => (await subject.issuer.probe(subject.credential, subject.value, subject.context())).children ?? [];
const denyText = (before: string): object => ({ Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*', Condition: { DateLessThan: { 'aws:TokenIssueTime': before } } }] });
const policy = (): string | undefined => subject.house.aws.state().policies[`user/${user}/RescindDenyOlderSessions`]?.document;
const role = `arn:aws:iam::${account}:role/Deploy`;

describe('what outlives a key', () => {
  it('denies the sessions that were minted with it, and accounts for them', async () => {
    await open();
    const client = subject.sts(subject.pair);
    await client.send(new GetSessionTokenCommand({}));
    await client.send(new GetFederationTokenCommand({ Name: 'thief' }));
    expect(subject.house.aws.sessions().map(({ alive }) => alive)).toEqual([true, true]);
    const children = childrenOf(await contain());
    expect(children).toHaveLength(2);
    for (const child of children) expect(child).toMatchObject({ accounted: true, how: expect.stringContaining('aws:TokenIssueTime') as string });
    expect(subject.house.aws.sessions().map(({ alive }) => alive)).toEqual([false, false]);
  });

  it('does not account for a role that was assumed with it', async () => {
    await open();
    await subject.sts(subject.pair).send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'deploy-7' }));
    const expected = { id: `aws-role-session:${role}/deploy-7`, accounted: false };
    expect(childrenOf(await contain())).toMatchObject([expected]);
    expect(await probed()).toContainEqual(expect.objectContaining(expected));
  });

  it('follows the sessions to the roles that they assumed in turn', async () => {
    await open();
    const { Credentials: first } = await subject.sts(subject.pair).send(new GetSessionTokenCommand({}));
    const session = new STSClient({ endpoint: subject.house.aws.url, region: 'us-east-1', credentials: { accessKeyId: first?.AccessKeyId ?? '', secretAccessKey: first?.SecretAccessKey ?? '', sessionToken: first?.SessionToken } });
    await session.send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'second-hop' }));
    const children = childrenOf(await contain());
    expect(children.map(({ id, accounted }) => [id.split(':')[0], accounted])).toEqual([['aws-user-session', true], ['aws-role-session', false]]);
  });

  it('does not account for a key that was made with it, until that one is dead too', async () => {
    await open();
    const { AccessKey: made } = await subject.iamAs(subject.pair).send(new CreateAccessKeyCommand({ UserName: user }));
    const id = `aws-iam-key:${made?.AccessKeyId}`;
    expect(childrenOf(await contain())).toContainEqual(expect.objectContaining({ id, accounted: false }));
    await subject.iam.send(new DeleteAccessKeyCommand({ UserName: user, AccessKeyId: made?.AccessKeyId }));
    expect(await probed()).toContainEqual(expect.objectContaining({ id, accounted: true }));
  });

  it('sees a key that a thief makes meanwhile, whoever signs for it', async () => {
    await open();
    await contain();
    const { AccessKey: made } = await subject.iam.send(new CreateAccessKeyCommand({ UserName: user }));
    expect(await probed()).toContainEqual(expect.objectContaining({ id: `aws-iam-key:${made?.AccessKeyId}`, accounted: false }));
  });

  it('knows keys that roles of ours made as ours', async () => {
    await open({ ownRoles: ['Adm*'] });
    await contain();
    const { AccessKey: made } = await subject.iam.send(new CreateAccessKeyCommand({ UserName: user }));
    expect(await probed()).toContainEqual(expect.objectContaining({ id: `aws-iam-key:${made?.AccessKeyId}`, accounted: true }));
  });

  it('reads all pages of a busy key', async () => {
    await open({
      world: ({ id }) => ({
        trail: [
          { eventName: 'AssumeRole', eventTime: '2026-01-01T00:00:00Z', accessKeyId: id, cloudTrailEvent: { eventName: 'AssumeRole', requestParameters: { roleArn: role, roleSessionName: 'oldest' } } },
          ...Array.from({ length: 120 }, (_, index) => ({ eventName: 'ListBuckets', eventTime: `2026-01-02T00:00:${String(index % 60).padStart(2, '0')}Z`, accessKeyId: id })),
        ],
      }),
      quotas: true,
    });
    expect(childrenOf(await contain())).toMatchObject([{ id: `aws-role-session:${role}/oldest`, accounted: false }]);
  });

  it('leaves out calls that failed, and knows which sessions have expired', async () => {
    await open({
      world: ({ id }) => ({
        trail: [
          { eventName: 'AssumeRole', eventTime: '2026-01-01T00:00:00Z', accessKeyId: id, cloudTrailEvent: { errorCode: 'AccessDenied', requestParameters: { roleArn: role, roleSessionName: 'refused' } } },
          { eventName: 'AssumeRole', eventTime: '2026-01-01T00:00:00Z', accessKeyId: id, cloudTrailEvent: { requestParameters: { roleArn: role, roleSessionName: 'over' }, responseElements: { credentials: { expiration: 'Jan 1, 2026, 1:00:00 AM' } } } },
        ],
      }),
    });
    expect(childrenOf(await contain())).toMatchObject([{ id: `aws-role-session:${role}/over`, accounted: true, how: expect.stringContaining('2026-01-01T01:00:00Z') as string }]);
  });

  it('asks in the region of IAM as well, and tells each child once', async () => {
    await open({ region: 'eu-central-1' });
    await subject.sts(subject.pair).send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'once' }));
    expect(childrenOf(await contain())).toHaveLength(1);
  });

  it('does not hide that CloudTrail could not be asked, and takes it back when it could', { timeout: 30_000 }, async () => {
    await open();
    subject.behaviours.add({ service: 'cloudtrail', effect: 'refuse', code: 'AccessDeniedException', message: 'no' });
    expect(childrenOf(await contain())).toMatchObject([{ id: 'aws-cloudtrail:lookup', accounted: false, how: expect.stringContaining('AccessDenied') as string }]);
    expect(subject.alive()).toBe(false);
    subject.behaviours.set([]);
    expect(await probed()).toMatchObject([{ id: 'aws-cloudtrail:lookup', accounted: true }]);
  });

  it('waits where CloudTrail is asked too often', { timeout: 30_000 }, async () => {
    await open();
    await subject.sts(subject.pair).send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'slow' }));
    subject.behaviours.add({ service: 'cloudtrail', effect: 'throttle', times: 4 });
    expect(childrenOf(await contain())).toMatchObject([{ id: `aws-role-session:${role}/slow` }]);
  });
});

describe('the deny of older sessions', () => {
  it('is never moved backwards', async () => {
    await open({ policy: denyText('2090-01-01T00:00:00Z') });
    await contain();
    expect(policy()).toContain('2090-01-01T00:00:00Z');
  });

  it('stays where another case moved it forward before this one is restored', async () => {
    await open();
    const acted = await contain();
    const later = JSON.stringify(denyText('2090-01-01T00:00:00Z'));
    const stored = subject.house.aws.state().policies[`user/${user}/RescindDenyOlderSessions`];
    if (stored) stored.document = later;
    const restored = await subject.issuer.restore?.(subject.credential, 'evidence' in acted ? (acted.evidence ?? {}) : {}, subject.context());
    expect(restored?.result).toBe('done');
    expect(policy()).toBe(later);
    expect(subject.alive()).toBe(true);
  });

  it('is set anew where a session was minted after the one that is there', async () => {
    await open({ policy: denyText('2025-06-01T00:00:00Z') });
    await subject.sts(subject.pair).send(new GetSessionTokenCommand({}));
    await subject.kill();
    const acted = await contain();
    expect(acted.result).toBe('done');
    expect(subject.house.aws.sessions().map(({ alive }) => alive)).toEqual([false]);
  });

  it('leaves a child where it cannot be written', async () => {
    await open();
    subject.behaviours.add({ service: 'iam', operation: 'PutUserPolicy', effect: 'refuse', status: 403, code: 'AccessDenied', message: 'no' });
    const acted = await contain();
    expect(acted.result).toBe('done');
    expect(childrenOf(acted)).toContainEqual(expect.objectContaining({ id: `aws-user-sessions:${user}`, accounted: false }));
    expect(subject.alive()).toBe(false);
  });
});

describe('a crash between two acts', () => {
  it('does not forget what was there before the first', { timeout: 30_000 }, async () => {
    await open({ policy: denyText('2025-06-01T00:00:00Z') });
    const before = subject.snapshot?.();
    const notes: Notes = [];
    subject.behaviours.add({ service: 'iam', operation: 'PutUserPolicy', effect: 'down', status: 500 });
    await expect(contain(notes)).rejects.toThrow();
    expect(subject.alive()).toBe(false);
    subject.behaviours.set([]);
    // the key is inactive by now: that must not be taken for how it was found
    const acted = await contain(notes);
    expect(acted.result).toBe('done');
    expect(policy()).not.toContain('2025-06-01');
    await subject.issuer.restore?.(subject.credential, 'evidence' in acted ? (acted.evidence ?? {}) : {}, subject.context());
    expect(subject.snapshot?.()).toEqual(before);
  });

  it('restores from the noted evidence alone', { timeout: 30_000 }, async () => {
    await open();
    const before = subject.snapshot?.();
    const notes: Notes = [];
    subject.behaviours.add({ service: 'iam', operation: 'PutUserPolicy', effect: 'drop' });
    await expect(contain(notes)).rejects.toThrow();
    subject.behaviours.set([]);
    await subject.issuer.restore?.(subject.credential, notes.at(-1) ?? {}, subject.context());
    expect(subject.snapshot?.()).toEqual(before);
  });
});

describe('a provider that will not', () => {
  for (const [code, message, said] of [
    ['UnmodifiableEntity', 'owned by a service', 'UnmodifiableEntity'],
    ['AccessDenied', 'with an explicit deny in a service control policy', 'service control policy'],
    ['AccessDenied', 'no identity-based policy allows it', 'not allowed'],
  ] as const) {
    it(`is refused with its reason (${said})`, async () => {
      await open();
      subject.behaviours.add({ service: 'iam', operation: 'UpdateAccessKey', effect: 'refuse', status: 403, code, message });
      expect(await contain()).toMatchObject({ result: 'refused', reason: expect.stringContaining(said) as string, meanwhile: expect.stringMatching(/./) as string });
      expect(policy()).toBeUndefined();
    });
  }

  it('refuses to restore a key that was deleted, but takes the deny back', async () => {
    await open();
    const acted = await contain();
    await subject.remove?.();
    expect((await subject.issuer.restore?.(subject.credential, 'evidence' in acted ? (acted.evidence ?? {}) : {}, subject.context()))?.result).toBe('refused');
    expect(policy()).toBeUndefined();
  });

  it('leaves the other key of the user as it is', async () => {
    const other = newPair();
    await open({ more: [other] });
    await contain();
    expect(subject.house.aws.isOpen(other.id)).toBe(true);
    expect(await subject.issuer.find(subject.credential, subject.context())).toMatchObject({ exists: true, slotFree: false });
  });
});

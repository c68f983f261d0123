import { CreateAccessKeyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awsIamKey } from '../../../functions/connectors/aws-iam-key/index.ts';
import { awsSecretsManager } from '../../../functions/connectors/aws-secrets-manager/index.ts';
import type { Child, Store } from '../../../functions/core/connector.ts';
import { describeIssuer, describeWatched } from '../contract.ts';
import { account, functionCaller, newPair, type Asking } from '../house.ts';
import { openKeyHouse, user, watch, type KeyHouse } from './subject.ts';

const door = { service: 'sts', operation: 'GetCallerIdentity', ofValue: (subject: { credential: { name: string } }) => subject.credential.name, ofControl: () => functionCaller.id };
const iam = (operation: string) => ({ service: 'iam', operation });

describeIssuer('aws-iam-key', watch, {
  make: () => openKeyHouse(),
  door,
  knows: true,
  changes: {
    contain: [iam('UpdateAccessKey'), iam('PutUserPolicy')],
    restore: [iam('UpdateAccessKey'), iam('DeleteUserPolicy')],
    revoke: [iam('DeleteAccessKey')],
    rotate: [iam('CreateAccessKey'), { service: 'secretsmanager', operation: 'PutSecretValue' }],
  },
});

const olderDeny = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*', Condition: { DateLessThan: { 'aws:TokenIssueTime': '2025-06-01T00:00:00Z' } } }] };

describeIssuer('aws-iam-key with an older deny of its user', watch, {
  make: () => openKeyHouse({ policy: olderDeny }),
  door,
  knows: true,
  changes: { contain: [iam('PutUserPolicy')], restore: [iam('PutUserPolicy')] },
});

describe('listing the keys of an account', () => {
  it('finds every key of every user over several pages, and nothing else', async () => {
    const pairs = Array.from({ length: 130 }, newPair);
    const subject: KeyHouse = await openKeyHouse({
      world: () => ({ users: pairs.map((pair, index) => ({ name: `user-${index}`, keys: [{ ...pair, status: 'Active' as const }] })) }),
    });
    try {
      const found = [];
      for await (const credential of subject.issuer.list?.(subject.context()) ?? []) found.push(credential);
      expect(found.map(({ name }) => name).sort()).toEqual([...pairs.map(({ id }) => id), subject.pair.id].sort());
      expect(found.find(({ name }) => name === subject.pair.id)).toMatchObject({ id: `aws-iam-key:${subject.pair.id}`, principal: user, account: subject.credential.account, copies: [] });
    } finally {
      await subject.close();
    }
  });

  it('finds a key of another account nowhere', async () => {
    const subject = await openKeyHouse();
    try {
      const stranger = { ...subject.credential, name: newPair().id, principal: undefined };
      expect(await subject.issuer.find(stranger, subject.context())).toMatchObject({ exists: false });
      expect(await subject.issuer.find({ ...subject.credential, account: '999988887777' }, subject.context())).toMatchObject({ exists: false });
    } finally {
      await subject.close();
    }
  });
});

describe('a key whose user nobody named', () => {
  it('is rotated and probed as the user that IAM names', async () => {
    const subject = await openKeyHouse();
    const credential = { ...subject.credential, principal: undefined };
    try {
      const acted = await subject.issuer.rotate?.(credential, subject.stores as Store, subject.context());
      expect(acted?.result).toBe('done');
      expect(await subject.issuer.probe(credential, undefined, subject.context())).toMatchObject({ verdict: 'alive', basis: 'record' });
      await subject.kill();
      expect(await subject.issuer.probe(credential, undefined, subject.context())).toMatchObject({ verdict: 'dead', basis: 'record', control: true });
    } finally {
      await subject.close();
    }
  });
});

describe('what is minted shortly before a key is contained', () => {
  const role = `arn:aws:iam::${account}:role/Deploy`;
  let subject: KeyHouse;
  beforeEach(async () => void (subject = await openKeyHouse()));
  afterEach(() => subject.close());
  const watched = (asking: Asking = {}): Promise<Child[]> => subject.issuer.watch?.(subject.credential, since, subject.context(asking)) as Promise<Child[]>;
  let since: Date;

  /** Contained while CloudTrail has told nothing of the last minutes. */
  const contained = async (): Promise<Child[]> => {
    since = subject.house.clock.now();
    subject.behaviours.add({ service: 'cloudtrail', effect: 'lag', seconds: 600 });
    const acted = await subject.issuer.contain?.(subject.credential, subject.context());
    subject.behaviours.set([]);
    return acted && 'children' in acted ? (acted.children ?? []) : [];
  };

  it('is told by a look after the delay that the facts name', async () => {
    await subject.sts(subject.pair).send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'thief' }));
    expect(await contained()).toEqual([]);
    expect(await watched()).toMatchObject([{ id: `aws-role-session:${role}/thief`, accounted: false }]);
    expect(subject.issuer.facts({}).watchSeconds).toBeGreaterThan(15 * 60);
  });

  it('is accounted for where it is denied, and is not where it is a key', async () => {
    await subject.sts(subject.pair).send(new GetSessionTokenCommand({}));
    const { AccessKey } = await subject.iamAs(subject.pair).send(new CreateAccessKeyCommand({ UserName: user }));
    expect(await contained()).toEqual([]);
    expect((await watched()).map(({ id, accounted }) => [id.split(':')[0], accounted])).toEqual([['aws-iam-key', false], ['aws-user-session', true]]);
    subject.values().forEach((value) => watch.values.add(value));
    expect(AccessKey?.AccessKeyId).toBeDefined();
  });

  it('is nothing where nothing was minted, and does not reach back to what is over', async () => {
    const { id } = subject.pair;
    subject.house.aws.state().trail.push({ id: 'old', name: 'AssumeRole', at: '2025-01-01T00:00:00Z', source: 'sts.amazonaws.com', readOnly: false, accessKeyId: id, resources: [], record: JSON.stringify({ requestParameters: { roleArn: role, roleSessionName: 'old' } }) });
    await contained();
    expect(await watched()).toEqual([]);
  });

  it('is an error where CloudTrail cannot be asked, never an empty answer', { timeout: 30_000 }, async () => {
    await contained();
    subject.behaviours.add({ service: 'cloudtrail', effect: 'refuse', code: 'AccessDeniedException', message: 'no' });
    await expect(watched()).rejects.toThrow('AccessDenied');
    subject.behaviours.set([{ service: 'cloudtrail', effect: 'throttle' }]);
    await expect(watched()).rejects.toThrow('Throttling');
  });

  it('is not asked for when the abort signal says stop', async () => {
    await contained();
    await expect(watched({ signal: AbortSignal.abort(new Error('stopped by the test')) })).rejects.toThrow('stopped by the test');
  });
});

describe('a key whose user was renamed after it was contained', () => {
  it('is restored for the user that IAM names', async () => {
    const subject = await openKeyHouse();
    try {
      const acted = await subject.issuer.contain?.(subject.credential, subject.context());
      const { users, keys } = subject.house.aws.state();
      users['renamed'] = { ...(users[user] as NonNullable<(typeof users)[string]>), name: 'renamed' };
      delete users[user];
      for (const key of Object.values(keys)) if (key.userName === user) key.userName = 'renamed';
      await subject.issuer.restore?.(subject.credential, acted && 'evidence' in acted ? (acted.evidence ?? {}) : {}, subject.context());
      expect(subject.alive()).toBe(true);
    } finally {
      await subject.close();
    }
  });
});

// the store acts within the issuer's rotation
describeWatched('aws-iam-key', watch, [...awsIamKey.permissions, ...awsSecretsManager.permissions.map((one) => ({ ...one, actions: one.actions.filter((action) => /GetSecretValue|PutSecretValue/.test(action)) }))]);

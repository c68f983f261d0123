import { describe, expect, it } from 'vitest';
import { awsIamKey } from '../../../functions/connectors/aws-iam-key/index.ts';
import { awsSecretsManager } from '../../../functions/connectors/aws-secrets-manager/index.ts';
import type { Store } from '../../../functions/core/connector.ts';
import { describeIssuer, describeWatched } from '../contract.ts';
import { functionCaller, newPair } from '../house.ts';
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

// the store acts within the issuer's rotation
describeWatched('aws-iam-key', watch, [...awsIamKey.permissions, ...awsSecretsManager.permissions.map((one) => ({ ...one, actions: one.actions.filter((action) => /GetSecretValue|PutSecretValue/.test(action)) }))]);

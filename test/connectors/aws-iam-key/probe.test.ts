import { afterEach, describe, expect, it } from 'vitest';
import { secretHalfOf } from '../../../functions/connectors/aws-iam-key/probe.ts';
import type { Probed } from '../../../functions/core/connector.ts';
import { functionCaller, newPair } from '../house.ts';
import { openKeyHouse, user, type KeyHouse, type KeyOptions } from './subject.ts';

let subject: KeyHouse;
afterEach(() => subject.close());
const open = async (options: KeyOptions = {}) => (subject = await openKeyHouse(options));
const probe = (value: string | undefined = subject.value): Promise<Probed> => subject.issuer.probe(subject.credential, value, subject.context());
const byRecord = (): Promise<Probed> => subject.issuer.probe(subject.credential, undefined, subject.context());

describe('a probe with the value', () => {
  it('does not take a wrong secret half for death', async () => {
    await open();
    expect(await probe(newPair().secret)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('SignatureDoesNotMatch') as string });
  });

  it('says nothing about this key where the value names another', async () => {
    await open();
    const other = newPair();
    await subject.kill();
    expect((await probe(`${other.id}:${other.secret}`)).verdict).toBe('unknown');
  });

  it('takes the secret half out of what reporters give', async () => {
    await open();
    const { id, secret } = subject.pair;
    for (const value of [secret, `${id}:${secret}`, `${id}${secret}`, `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`, JSON.stringify({ id, secret })]) {
      expect(secretHalfOf(value, id)).toEqual({ secret });
      expect((await probe(value)).verdict).toBe('alive');
    }
    expect(secretHalfOf(id, id)).toHaveProperty('reason');
  });

  it('says alive where the provider answered success and did nothing', async () => {
    await open();
    subject.behaviours.add({ service: 'iam', operation: 'UpdateAccessKey', effect: 'lie' });
    expect((await subject.issuer.contain?.(subject.credential, subject.context()))?.result).toBe('done');
    expect((await probe()).verdict).toBe('alive');
    expect(subject.alive()).toBe(true);
  });

  it('says alive under a deny of everything: the door accepts the pair still', async () => {
    await open({ policy: { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] } });
    expect((await probe()).verdict).toBe('alive');
  });

  it('never says dead about a key that lives, whatever a replica from the past answers', async () => {
    await open();
    subject.behaviours.add({ service: 'iam', effect: 'lag', seconds: 400 });
    await subject.kill();
    expect((await probe()).verdict).toBe('alive');
    expect(subject.alive()).toBe(true);
  });

  it('is unknown where this door refuses it and IAM calls it active: another door may let it in', async () => {
    await open();
    subject.behaviours.add({ service: 'sts', operation: 'GetCallerIdentity', resource: subject.pair.id, effect: 'refuse', status: 403, code: 'InvalidClientTokenId', message: 'The security token included in the request is invalid.' });
    expect(await probe()).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('says Active') as string });
    expect(subject.alive()).toBe(true);
    await subject.kill();
    expect((await probe()).verdict).toBe('dead');
  });

  it('hears both worlds from a replica behind, until it has caught up', async () => {
    await open();
    await subject.kill();
    subject.behaviours.add({ service: 'sts', resource: subject.pair.id, effect: 'stale', seconds: 30, times: 4 });
    const seen = [await probe(), await probe(), await probe(), await probe()].map(({ verdict }) => verdict);
    expect(seen).toEqual(['alive', 'dead', 'alive', 'dead']);
    expect((await probe()).verdict).toBe('dead');
  });
});

describe('a probe with a pair of another account or partition', () => {
  const stranger = (pair: { id: string }, account?: string) => ({ ...subject.credential, id: `aws-iam-key:${pair.id}`, name: pair.id, principal: undefined, account });

  it('is unknown: that we ourselves are let in says nothing about a key that this door never knew', async () => {
    await open();
    const pair = newPair();
    for (const account of [undefined, '999988887777']) {
      expect(await subject.issuer.probe(stranger(pair, account), pair.secret, subject.context())).toMatchObject({ verdict: 'unknown', basis: 'value', control: false, note: expect.stringContaining('not a key of this account') as string });
    }
  });

  it('is unknown where we are not let in either', async () => {
    await open();
    const pair = newPair();
    subject.behaviours.add({ service: 'sts', resource: functionCaller.id, effect: 'refuse', status: 403, code: 'InvalidClientTokenId', message: 'no' });
    expect(await subject.issuer.probe(stranger(pair), pair.secret, subject.context())).toMatchObject({ verdict: 'unknown', control: false });
  });

  it('is not what a deleted key of ours is taken for, where IAM will not speak of that one', async () => {
    await open();
    await subject.remove?.();
    subject.behaviours.add({ service: 'iam', operation: 'GetAccessKeyLastUsed', effect: 'refuse', status: 403, code: 'AccessDenied', message: 'no' });
    expect(await probe()).toMatchObject({ verdict: 'dead', basis: 'value', control: true });
  });
});

describe('a probe of the record', () => {
  it('tells active from inactive and from deleted', async () => {
    await open();
    expect(await byRecord()).toMatchObject({ verdict: 'alive', basis: 'record', control: true });
    await subject.kill();
    expect(await byRecord()).toMatchObject({ verdict: 'dead', basis: 'record', control: true });
    await subject.remove?.();
    expect(await byRecord()).toMatchObject({ verdict: 'dead', basis: 'record', control: true });
  });

  it('is used where the reported value is the id alone', async () => {
    await open();
    expect(await probe(subject.pair.id)).toMatchObject({ verdict: 'alive', basis: 'record' });
  });

  it('counts a user that is gone as death only in the account of the key', async () => {
    await open();
    await subject.remove?.();
    delete subject.house.aws.state().users[user];
    expect(await byRecord()).toMatchObject({ verdict: 'dead', control: true });
    const nowhere = { ...subject.credential, account: undefined };
    expect(await subject.issuer.probe(nowhere, undefined, subject.context())).toMatchObject({ verdict: 'unknown', control: false });
    const elsewhere = { ...subject.credential, account: '999988887777' };
    expect(await subject.issuer.probe(elsewhere, undefined, subject.context())).toMatchObject({ verdict: 'unknown', control: false });
  });

  it('is unknown where IAM does not answer', async () => {
    await open();
    subject.behaviours.add({ service: 'iam', effect: 'down', status: 500 });
    expect(await byRecord()).toMatchObject({ verdict: 'unknown', control: false });
  });

  it('is unknown for a key that IAM does not know', async () => {
    await open();
    const stranger = { ...subject.credential, name: newPair().id, principal: undefined };
    expect((await subject.issuer.probe(stranger, undefined, subject.context())).verdict).toBe('unknown');
  });
});

describe('an expired key', () => {
  it('counts as closed and is not touched', async () => {
    await open();
    const key = subject.house.aws.state().keys[subject.pair.id];
    if (key) key.status = 'Expired';
    expect(await byRecord()).toMatchObject({ verdict: 'dead' });
    const acted = await subject.issuer.contain?.(subject.credential, subject.context());
    expect(acted?.result).toBe('done');
    expect(subject.house.calls.some(({ operation }) => operation === 'UpdateAccessKey')).toBe(false);
    expect(key?.status).toBe('Expired');
  });
});

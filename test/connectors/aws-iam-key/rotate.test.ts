import { CreateAccessKeyCommand } from '@aws-sdk/client-iam';
import { afterEach, describe, expect, it } from 'vitest';
import { withPair } from '../../../functions/connectors/aws-iam-key/pair.ts';
import type { Acted, Copy, Store } from '../../../functions/core/connector.ts';
import { newPair, type Asking, type Notes } from '../house.ts';
import { bound, openKeyHouse, unbound, user, type KeyHouse, type KeyOptions } from './subject.ts';

let subject: KeyHouse;
afterEach(() => subject.close());
const open = async (options: KeyOptions = {}) => (subject = await openKeyHouse(options));
const rotate = (asking: Asking = {}, credential = subject.credential): Promise<Acted> =>
  subject.issuer.rotate?.(credential, subject.stores as Store, subject.context(asking)) as Promise<Acted>;
const successor = (): string => subject.keys?.().find((id) => id !== subject.pair.id) ?? '';
const secretNow = (id: string): string => subject.house.aws.state().keys[id]?.secret ?? 'none';

describe('a rotation', () => {
  it('writes the whole pair to every bound copy and to no other', async () => {
    await open();
    const scratch = subject.house.text(unbound);
    const acted = await rotate();
    const id = successor();
    expect(acted).toMatchObject({
      result: 'done', evidence: { created: id }, children: [{ id: `aws-iam-key:${id}`, accounted: true }],
      replaced: bound.map((name) => ({ name })), left: [{ copy: { name: unbound } }],
    });
    for (const name of bound) {
      const text = subject.house.text(name) ?? '';
      expect([text.includes(id), text.includes(secretNow(id)), text.includes(subject.pair.id), text.includes(subject.pair.secret)]).toEqual([true, true, false, false]);
    }
    expect(subject.house.text(unbound)).toBe(scratch);
    expect(subject.alive()).toBe(true);
  });

  it('says what it did and nothing of the old key, which others may have deactivated before', async () => {
    await open();
    const old = subject.house.aws.state().keys[subject.pair.id];
    if (old) old.status = 'Inactive';
    expect(await rotate()).toMatchObject({ result: 'done', note: `${successor()} made for ${user} and written to ${bound.length} places` });
  });

  it('asks where the user has no slot, and touches neither key', async () => {
    const other = newPair();
    await open({ more: [other] });
    expect(await rotate()).toMatchObject({ result: 'ask', question: expect.stringContaining(other.id) as string });
    expect([subject.alive(), subject.house.aws.isOpen(other.id), subject.keys?.().length]).toEqual([true, true, 2]);
  });

  it('makes no key where no bound copy holds it', async () => {
    await open();
    const copies = subject.credential.copies.filter((copy) => !copy.bound);
    expect((await rotate({}, { ...subject.credential, copies })).result).toBe('already');
    expect(subject.keys?.()).toEqual([subject.pair.id]);
  });

  it('leaves a copy that no longer holds the key, and one that was deleted', async () => {
    await open();
    const store = subject.stores as Store;
    const changed = subject.house.arn('orders/aws');
    await store.replace(changed, () => JSON.stringify({ accessKeyId: 'other', secretAccessKey: 'other' }), '00000000-0000-4000-8000-000000000009', subject.context());
    const gone = subject.house.aws.state().secrets['reports/env'];
    if (gone) gone.deletedAt = new Date().toISOString();
    const acted = await rotate();
    expect(acted).toMatchObject({ result: 'done', replaced: [{ name: 'billing/aws' }] });
    expect('left' in acted ? acted.left?.map(({ copy, reason }) => [copy.name, reason.length > 0]) : []).toEqual([[unbound, true], ['orders/aws', true], ['reports/env', true]]);
  });

  it('deletes the new key again where no copy takes it', async () => {
    await open();
    subject.behaviours.add({ service: 'secretsmanager', operation: 'PutSecretValue', effect: 'refuse', code: 'AccessDeniedException', message: 'no' });
    expect((await rotate()).result).toBe('refused');
    expect(subject.keys?.()).toEqual([subject.pair.id]);
  });

  it('is refused with its reason where IAM makes no key', async () => {
    await open();
    subject.behaviours.add({ service: 'iam', operation: 'CreateAccessKey', effect: 'refuse', status: 403, code: 'AccessDenied', message: 'explicit deny' });
    expect((await rotate()).result).toBe('refused');
    subject.behaviours.set([{ service: 'iam', operation: 'CreateAccessKey', effect: 'throttle', times: 2 }]);
    expect((await rotate()).result).toBe('done');
    expect(subject.keys?.()).toHaveLength(2);
  });

  it('makes another successor in another round only for copies that hold the key', async () => {
    await open();
    await rotate();
    const [first] = subject.credential.copies as [Copy];
    const put = (text: string, n: number) => subject.stores?.replace(first.place, () => text, `00000000-0000-4000-8000-00000000001${n}`, subject.context());
    await put(JSON.stringify({ accessKeyId: subject.pair.id, secretAccessKey: subject.pair.secret }), 1);
    expect((await rotate({ round: 1 })).result).toBe('ask');
  });
});

describe('a lost answer to CreateAccessKey', () => {
  it('leaves an orphan that is removed, while an attacker\'s key made meanwhile is told and not touched', async () => {
    await open();
    await subject.remove?.();
    const notes: Notes = [];
    subject.behaviours.add({ service: 'iam', operation: 'CreateAccessKey', effect: 'drop', times: 1 });
    await expect(rotate({ notes })).rejects.toThrow();
    const orphan = successor();
    expect(orphan).not.toBe('');
    const { AccessKey: theirs } = await subject.iam.send(new CreateAccessKeyCommand({ UserName: user }));
    const acted = await rotate({ notes });
    expect(acted.result).toBe('done');
    expect('children' in acted ? acted.children : []).toContainEqual(expect.objectContaining({ id: `aws-iam-key:${theirs?.AccessKeyId}`, accounted: false }));
    const keys = subject.keys?.() ?? [];
    expect([keys.length, keys.includes(orphan), keys.includes(theirs?.AccessKeyId ?? '')]).toEqual([2, false, true]);
  });

  it('waits for CloudTrail to say whose key it is, and touches it only then', { timeout: 30_000 }, async () => {
    await open();
    const notes: Notes = [];
    subject.behaviours.add({ service: 'iam', operation: 'CreateAccessKey', effect: 'drop', times: 1 });
    await expect(rotate({ notes })).rejects.toThrow();
    const orphan = successor();
    subject.behaviours.set([{ service: 'cloudtrail', effect: 'lag', seconds: 3_600 }]);
    expect(await rotate({ notes })).toMatchObject({ result: 'pending', seconds: expect.any(Number) as number });
    expect(subject.keys?.()).toContain(orphan);
    subject.behaviours.set([]);
    expect((await rotate({ notes })).result).toBe('done');
    expect(subject.keys?.()).not.toContain(orphan);
  });

  it('does not wait for ever: a person is asked', { timeout: 30_000 }, async () => {
    await open();
    const notes: Notes = [];
    subject.behaviours.add({ service: 'iam', operation: 'CreateAccessKey', effect: 'drop', times: 1 });
    await expect(rotate({ notes })).rejects.toThrow();
    const [begun] = notes;
    if (begun) begun.at = new Date(subject.house.clock.now().getTime() - 3_600_000).toISOString();
    const key = subject.house.aws.state().keys[successor()];
    subject.behaviours.set([{ service: 'cloudtrail', effect: 'lag', seconds: 3_600 }]);
    expect(await rotate({ notes })).toMatchObject({ result: 'ask', question: expect.stringContaining(key?.id ?? 'none') as string });
  });

  it('takes a key that was used already for somebody else\'s', { timeout: 30_000 }, async () => {
    await open();
    const notes: Notes = [];
    subject.behaviours.add({ service: 'iam', operation: 'CreateAccessKey', effect: 'drop', times: 1 });
    await expect(rotate({ notes })).rejects.toThrow();
    const key = subject.house.aws.state().keys[successor()];
    if (key) key.lastUsed = { at: new Date().toISOString(), service: 's3', region: 'us-east-1' };
    subject.behaviours.set([{ service: 'cloudtrail', effect: 'lag', seconds: 3_600 }]);
    expect((await rotate({ notes })).result).toBe('ask');
    expect(subject.keys?.()).toContain(key?.id);
  });
});

describe('a crash after the key was made', () => {
  it('before it was noted anywhere else: the key is deleted and another made', async () => {
    await open();
    const notes: Notes = [];
    await rotate({ notes });
    const made = successor();
    await open();
    // the same notes in a house where the key was made and written nowhere
    const { AccessKey: lost } = await subject.iam.send(new CreateAccessKeyCommand({ UserName: user }));
    const crashed: Notes = [{ keysBefore: [subject.pair.id], at: subject.house.clock.now().toISOString(), user }, { created: lost?.AccessKeyId }];
    expect((await rotate({ notes: crashed })).result).toBe('done');
    expect(subject.keys?.()).toHaveLength(2);
    expect(subject.keys?.()).not.toContain(lost?.AccessKeyId);
    expect(made).not.toBe('');
  });

  it('and after the first copy was written: the others get the same pair', { timeout: 30_000 }, async () => {
    await open();
    const notes: Notes = [];
    subject.behaviours.add({ service: 'secretsmanager', operation: 'PutSecretValue', resource: 'billing/aws', effect: 'down', status: 500 });
    await expect(rotate({ notes })).rejects.toThrow();
    const made = successor();
    subject.behaviours.set([]);
    expect(await rotate({ notes })).toMatchObject({ result: 'done', replaced: bound.map((name) => ({ name })) });
    expect(subject.keys?.()).toEqual([subject.pair.id, made].sort());
    for (const name of bound) expect(subject.house.text(name)?.includes(secretNow(made))).toBe(true);
  });

  it('does not delete the key that production reads where a copy cannot be read back yet', async () => {
    await open();
    const notes: Notes = [];
    await rotate({ notes });
    const made = successor();
    subject.behaviours.add({ service: 'secretsmanager', operation: 'GetSecretValue', effect: 'refuse', code: 'ResourceNotFoundException', message: 'not yet' });
    expect((await rotate({ notes })).result).toBe('pending');
    expect(subject.keys?.()).toContain(made);
  });
});

describe('the edit of a copy', () => {
  const copy = (path: string): Copy => ({ place: 'p', name: 'n', path, version: 'v', current: true, bound: true });

  it('changes the one pair of two that stand in a text', async () => {
    await open();
    const [ours, theirs, next] = [newPair(), newPair(), newPair()];
    const text = JSON.stringify({ a: { id: ours.id, secret: ours.secret }, b: { id: theirs.id, secret: theirs.secret } });
    expect(withPair(text, [copy('a.secret')], { ...next, oldId: ours.id })).toEqual({ text: JSON.stringify({ a: next, b: theirs }) });
    expect(withPair(text, [copy('b.secret')], { ...next, oldId: ours.id })).toHaveProperty('reason');
    expect(withPair(text, [copy('c.secret')], { ...next, oldId: ours.id })).toHaveProperty('reason');
  });

  it('changes a secret half that stands twice in both places', async () => {
    await open();
    const [ours, next] = [newPair(), newPair()];
    const text = JSON.stringify({ accessKeyId: ours.id, secretAccessKey: ours.secret, legacySecret: ours.secret });
    expect(withPair(text, [copy('secretAccessKey')], { ...next, oldId: ours.id })).toEqual({ text: JSON.stringify({ accessKeyId: next.id, secretAccessKey: next.secret, legacySecret: next.secret }) });
  });
});

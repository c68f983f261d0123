import { DeleteSecretCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';
import type { Acted } from '../../../functions/core/connector.ts';
import { copyOf, newKey, type Notes } from '../house.ts';
import { finish as repeated } from '../repeat.ts';
import { functionArns, secretName, type VendorHouseOptions } from '../vendor-house.ts';
import { openStoreHouse, type StoreHouse } from './subject.ts';

let house: StoreHouse;
afterEach(() => house.close());
const open = async (options: VendorHouseOptions = {}) => (house = await openStoreHouse(options));
const finish = (notes: Notes = [], round = 0, copies = house.copies): Promise<Acted> => repeated((kept) => house.rotate({ notes: kept, round }, copies), notes);
const keyNow = (): string => (JSON.parse(house.text() ?? '{}') as { key?: string }).key ?? '';
const rotationNow = () => house.house.aws.state().secrets[secretName]?.rotation;
const stagesOf = (stage: string): string | undefined => house.labelled(stage);
const leftOf = (acted: Acted): [string, string][] => ('left' in acted ? (acted.left ?? []).map(({ copy, reason }) => [copy.name, reason]) : []);

describe('several copies', () => {
  it('in one secret are one rotation', async () => {
    await open();
    const calls = house.rotation.calls;
    const copies = [...house.copies, copyOf(house.house, secretName, 'other')];
    expect(await finish([], 0, copies)).toMatchObject({ result: 'done', replaced: copies });
    expect(house.rotation.calls - calls).toBe(4);
  });

  it('in places that cannot be rotated are left with their reasons', async () => {
    const values = (name: string, more: object = {}) => ({ name, value: JSON.stringify({ key: newKey() }), ...more });
    await open({ secrets: () => [values('plain'), values('managed', { owningService: 'rds' }), values('external', { type: 'VendorKey' }), values('off', { rotation: { functionArn: 'arn:aws:lambda:us-east-1:111122223333:function:single', enabled: false } }), values('deleted')] });
    await house.admin.send(new DeleteSecretCommand({ SecretId: 'deleted' }));
    const names = ['plain', 'managed', 'external', 'off', 'deleted', 'nowhere'];
    const copies = [...house.copies, ...names.map((name) => copyOf(house.house, name, 'key', name === 'nowhere' ? { place: 'nowhere' } : {})), copyOf(house.house, 'plain', 'key', { bound: false, name: 'unbound' })];
    const acted = await finish([], 0, copies);
    expect(acted).toMatchObject({ result: 'done', replaced: [{ name: secretName }] });
    expect(Object.fromEntries(leftOf(acted))).toEqual({
      unbound: expect.stringContaining('nobody vouched') as string,
      plain: expect.stringContaining('no rotation is configured') as string,
      managed: expect.stringContaining('rds') as string,
      external: expect.stringContaining('managed external secret') as string,
      off: expect.stringContaining('switched off') as string,
      deleted: expect.stringContaining('being deleted') as string,
      nowhere: expect.stringContaining('gone') as string,
    });
  });
});

describe('two rounds of alternating users', () => {
  it('leave the leaked value alive after the first and dead after the second', async () => {
    await open();
    await finish([], 0);
    expect(house.alive(house.key)).toBe(true);
    await finish([], 1);
    expect(house.alive(house.key)).toBe(false);
    expect(house.alive(keyNow())).toBe(true);
  });
});

describe('a rotation that is slow', () => {
  it('is pending with what will wake it, and is recognised as the same when asked again', { timeout: 30_000 }, async () => {
    await open();
    house.behaviours.add({ service: 'vendor:acme', effect: 'delay', seconds: 12 });
    const notes: Notes = [];
    const first = await house.rotate({ notes });
    expect(first).toMatchObject({ result: 'pending', seconds: 15, wakes: house.copies[0]?.place });
    expect((await finish(notes)).result).toBe('done');
    expect(house.house.calls.filter(({ operation }) => operation === 'RotateSecret')).toHaveLength(1);
  });

  it('that fails is refused after its deadline, and its stuck value is named', { timeout: 30_000 }, async () => {
    await open();
    house.rotation.failing = true;
    const notes: Notes = [];
    expect((await house.rotate({ notes })).result).toBe('pending');
    const begun = notes.find((fact) => typeof fact.at === 'string');
    if (begun) begun.at = new Date(house.house.clock.now().getTime() - 600_000).toISOString();
    expect(await house.rotate({ notes })).toMatchObject({ result: 'refused', reason: expect.stringContaining('did not finish') as string });
    expect(house.alive(house.key)).toBe(true);
  });

  it('to which the provider only pretends to agree is never called done', { timeout: 30_000 }, async () => {
    await open();
    house.behaviours.add({ service: 'secretsmanager', operation: 'RotateSecret', effect: 'lie' });
    const notes: Notes = [];
    expect((await house.rotate({ notes })).result).toBe('pending');
    const begun = notes.find((fact) => typeof fact.at === 'string');
    if (begun) begun.at = new Date(house.house.clock.now().getTime() - 600_000).toISOString();
    expect((await house.rotate({ notes })).result).toBe('refused');
  });

  it('is refused where we may not rotate', async () => {
    await open();
    house.behaviours.add({ service: 'secretsmanager', operation: 'RotateSecret', effect: 'refuse', code: 'AccessDeniedException', message: 'no' });
    expect(await house.rotate()).toMatchObject({ result: 'refused', reason: expect.stringContaining('AccessDenied') as string });
  });

  it('is not begun again where a replica from the past does not know of it yet', async () => {
    await open();
    const notes: Notes = [];
    await finish(notes);
    const key = keyNow();
    house.behaviours.add({ service: 'secretsmanager', operation: 'DescribeSecret', effect: 'stale', seconds: 3_600 });
    expect((await finish(notes.filter((fact) => fact.done !== true))).result).toBe('done');
    expect(house.house.calls.filter(({ operation }) => operation === 'RotateSecret')).toHaveLength(2);
    expect([house.rotation.calls, keyNow()]).toEqual([4, key]);
  });
});

describe('a pending value that got stuck', () => {
  const stuckValue = newKey();
  const stuck = JSON.stringify({ user: 'orders_b', key: stuckValue });
  const rules = { AutomaticallyAfterDays: 30 };

  it('is promoted where it opens the door', async () => {
    await open({ pending: { value: stuck } });
    await house.setKey('orders_b', stuckValue);
    const notes = house.patient();
    expect(await house.rotate({ notes })).toMatchObject({ result: 'done', note: expect.stringContaining('promoted') as string });
    expect(keyNow()).toBe(stuckValue);
    expect((await house.rotate({ notes })).result).toBe('done');
    expect([keyNow(), rotationNow()?.enabled, house.rotation.calls]).toEqual([stuckValue, true, 0]);
    expect((await finish([], 1)).result).toBe('done');
    expect(house.alive(house.key)).toBe(false);
  });

  it('is asked about where nobody can tell whether it does', async () => {
    await open({ pending: { value: stuck } });
    house.behaviours.add({ service: 'vendor:acme', effect: 'down', status: 503 });
    const before = house.versions();
    expect(await house.rotate({ notes: house.patient() })).toMatchObject({ result: 'ask', question: expect.stringContaining(secretName) as string });
    expect(house.versions()).toEqual(before);
  });

  it('is kept under a label of ours where it opens nothing, and the schedule is as before', async () => {
    await open({ pending: { value: stuck } });
    expect(rotationNow()).toMatchObject({ enabled: true, rules });
    const pending = stagesOf('AWSPENDING');
    expect((await finish(house.patient())).result).toBe('done');
    expect(house.stages()[pending ?? '']).toEqual(['RESCIND_KEPT']);
    expect(house.house.aws.state().secrets[secretName]?.versions[pending ?? '']?.value).toBe(stuck);
    expect(rotationNow()).toMatchObject({ enabled: true, rules });
    expect(house.alive(keyNow())).toBe(true);
  });

  it('that is empty is removed', async () => {
    await open({ pending: {} });
    const pending = stagesOf('AWSPENDING');
    const notes: Notes = [];
    expect((await house.rotate({ notes })).result).toBe('pending');
    for (const fact of notes) fact.seen = new Date(house.house.clock.now().getTime() - 180_000).toISOString();
    expect((await finish(notes)).result).toBe('done');
    expect(house.stages()[pending ?? '']).toEqual([]);
    expect(rotationNow()).toMatchObject({ enabled: true, rules });
  });

  for (const operation of ['UpdateSecretVersionStage', 'CancelRotateSecret', 'RotateSecret']) {
    for (const effect of ['drop', 'down'] as const) {
      it(`is freed once, whatever ${operation} does (${effect})`, { timeout: 30_000 }, async () => {
        await open({ pending: { value: stuck } });
        const notes = house.patient();
        house.behaviours.add({ service: 'secretsmanager', operation, effect, times: 5 });
        await house.rotate({ notes }).catch(() => undefined);
        house.behaviours.set([]);
        expect((await finish(notes)).result).toBe('done');
        expect(rotationNow()).toMatchObject({ enabled: true, rules });
        expect(stagesOf('RESCIND_KEPT')).toBeDefined();
        expect(house.rotation.calls).toBe(4);
      });
    }
  }

  it('gets its schedule back from what was noted, where cancelling made the provider forget it', { timeout: 30_000 }, async () => {
    await open({ pending: { value: stuck } });
    const secret = house.house.aws.state().secrets[secretName];
    const notes = house.patient();
    house.behaviours.add({ service: 'secretsmanager', operation: 'RotateSecret', effect: 'down' });
    await house.rotate({ notes }).catch(() => undefined);
    house.behaviours.set([]);
    expect(rotationNow()?.enabled).toBe(false);
    if (secret) secret.rotation = { enabled: false };
    expect((await finish(notes)).result).toBe('done');
    expect(rotationNow()).toMatchObject({ enabled: true, rules, functionArn: functionArns['alternating-users'] });
  });

  it('whose schedule is an expression keeps it', async () => {
    await open({ pending: { value: stuck } });
    const secret = house.house.aws.state().secrets[secretName];
    const expression = { ScheduleExpression: 'rate(10 days)', Duration: '3h' };
    if (secret?.rotation) secret.rotation.rules = expression;
    expect((await house.admin.send(new DescribeSecretCommand({ SecretId: secretName }))).RotationRules).toMatchObject(expression);
    expect((await finish(house.patient())).result).toBe('done');
    expect(rotationNow()?.rules).toMatchObject(expression);
  });
});

describe('a label that somebody moved back', () => {
  it('is moved again where the text still needs the edit, and stays where it does not', async () => {
    await open();
    const place = house.copies[0]?.place ?? '';
    const token = '00000000-0000-4000-8000-0000000000bb';
    const before = house.text() ?? '';
    const edit = (text: string) => (text.includes('edited') ? text : text.replace('orders_a', 'edited'));
    const replace = () => house.store.replace(place, edit, token, house.context());
    await replace();
    const after = house.text();
    const secret = house.house.aws.state().secrets[secretName];
    const old = Object.entries(secret?.versions ?? {}).find(([, { value }]) => value === before)?.[1];
    const ours = secret?.versions[token];
    if (old && ours) [old.stages, ours.stages] = [['AWSCURRENT'], ['AWSPREVIOUS']];
    expect((await replace()).result).toBe('already');
    expect(house.text()).toBe(after);
    expect((await house.store.replace(place, () => 'something else', token, house.context())).result).toBe('already');
  });

  it('is refused under a token that stands for another text', async () => {
    await open();
    const place = house.copies[0]?.place ?? '';
    const token = '00000000-0000-4000-8000-0000000000cc';
    await house.store.replace(place, () => 'one text', token, house.context());
    await house.store.replace(place, () => 'another text', '00000000-0000-4000-8000-0000000000dd', house.context());
    expect((await house.store.replace(place, () => 'a third text', token, house.context())).result).toBe('refused');
    expect(house.text()).toBe('another text');
  });
});

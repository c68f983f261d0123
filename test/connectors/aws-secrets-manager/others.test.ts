import { RotateSecretCommand, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Acted, Copy } from '../../../functions/core/connector.ts';
import { copyOf, newKey, type Notes } from '../house.ts';
import { finish as repeated } from '../repeat.ts';
import { secretName, type VendorHouseOptions } from '../vendor-house.ts';
import { openStoreHouse, type StoreHouse } from './subject.ts';

vi.setConfig({ testTimeout: 30_000 });

let house: StoreHouse;
afterEach(() => house.close());
const open = async (options: VendorHouseOptions = {}) => (house = await openStoreHouse(options));

const theirs = '00000000-0000-4000-8000-0000000000aa';
const rules = { AutomaticallyAfterDays: 30 };
/** The owner's schedule, an administrator or another case of ours: for a rotation it is all one. */
const somebodyRotates = (token = theirs) => house.admin.send(new RotateSecretCommand({ SecretId: secretName, ClientRequestToken: token }));
const finish = (notes: Notes = [], round = 0, copies = house.copies): Promise<Acted> => repeated((kept) => house.rotate({ notes: kept, round }, copies), notes);
const keyNow = (): string => (JSON.parse(house.text() ?? '{}') as { key?: string }).key ?? '';
const rotationNow = () => house.house.aws.state().secrets[secretName]?.rotation;
/** What we did to the secret. What we read is no matter. */
const deeds = (): string[] => house.house.calls.map(({ operation }) => operation).filter((operation) => ['CancelRotateSecret', 'RotateSecret', 'UpdateSecretVersionStage'].includes(operation));
/** The copies as the registry knows them: with the version in which the value was seen. */
const seen = (path = 'key'): Copy[] => [copyOf(house.house, secretName, path, { version: house.labelled('AWSCURRENT') ?? '' })];
const overdue = (notes: Notes): void => {
  for (const fact of notes) if (fact.other !== undefined) fact.seen = new Date(house.house.clock.now().getTime() - 180_000).toISOString();
};
const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 2_000) throw new Error('it did not come true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** Where a rotation of somebody else stands when we come. */
const moments = [
  { when: 'has made no value yet', behaviour: { service: 'secretsmanager', operation: 'PutSecretValue' } },
  { when: 'has made its value and not set it yet', behaviour: { service: 'vendor:acme', operation: 'PUT /v1/users' } },
  { when: 'has set its value and not finished yet', behaviour: { service: 'secretsmanager', operation: 'UpdateSecretVersionStage' } },
];

describe.each(['single-user', 'alternating-users'] as const)('a rotation that somebody else has under way (%s)', (rotation) => {
  it.each(moments)('is waited for and never cut short where it $when', async ({ behaviour }) => {
    await open({ rotation });
    house.behaviours.add({ ...behaviour, effect: 'delay', seconds: 25, times: 1 });
    await somebodyRotates();
    await house.house.clock.sleep(10_000);
    const notes: Notes = [];
    expect(await house.rotate({ notes }, seen())).toMatchObject({ result: 'pending', note: expect.stringContaining('somebody else') as string, wakes: house.copies[0]?.place });
    expect(deeds()).toEqual([]);
    expect((await finish(notes)).result).toBe('done');
    expect(deeds()).not.toContain('CancelRotateSecret');
    expect(house.labelled('RESCIND_KEPT')).toBeUndefined();
    expect(house.alive(keyNow())).toBe(true);
    expect(rotationNow()).toMatchObject({ enabled: true, rules });
  });
});

describe.each(['single-user', 'alternating-users'] as const)('a rotation that somebody else began long ago (%s)', (rotation) => {
  it.each([
    { when: 'before its value is set', behaviour: { service: 'vendor:acme', operation: 'PUT /v1/users' } },
    { when: 'when its value is set', behaviour: { service: 'secretsmanager', operation: 'UpdateSecretVersionStage' } },
  ])('and whose steps are just being repeated is waited for $when: its version does not tell when that was', async ({ behaviour }) => {
    await open({ rotation });
    house.behaviours.add({ service: 'vendor:acme', operation: 'PUT /v1/users', effect: 'down', times: 3 });
    await somebodyRotates();
    await until(() => rotationNow()?.running === undefined);
    expect(house.labelled('AWSPENDING')).toBe(theirs);
    house.age();
    house.behaviours.add({ ...behaviour, effect: 'delay', seconds: 25, times: 1 });
    await somebodyRotates();
    await house.house.clock.sleep(10_000);
    const notes: Notes = [];
    expect(await house.rotate({ notes }, seen())).toMatchObject({ result: 'pending', note: expect.stringContaining('somebody else') as string });
    expect(deeds()).toEqual([]);
    expect((await finish(notes)).result).toBe('done');
    expect(deeds()).not.toContain('CancelRotateSecret');
    expect(house.labelled('RESCIND_KEPT')).toBeUndefined();
    expect(house.alive(keyNow())).toBe(true);
    expect(rotationNow()).toMatchObject({ enabled: true, rules });
  });
});

describe('a rotation of somebody else that ended while we waited', () => {
  const slow = async (options: VendorHouseOptions = {}) => {
    await open(options);
    house.behaviours.add({ service: 'vendor:acme', operation: 'PUT /v1/users', effect: 'delay', seconds: 20, times: 1 });
  };

  it('counts as a round of ours where it replaced the leaked value, and is said to be theirs', async () => {
    await slow();
    const copies = seen();
    await somebodyRotates();
    const notes: Notes = [];
    const acted = await finish(notes, 0, copies);
    expect(acted).toMatchObject({ result: 'done', note: expect.stringContaining('somebody else') as string, replaced: copies });
    expect(deeds()).toEqual([]);
    // its end is known for good, whatever is current later
    await somebodyRotates('00000000-0000-4000-8000-0000000000ab');
    await until(() => rotationNow()?.running === undefined);
    expect(await house.rotate({ notes }, copies)).toMatchObject({ result: 'done', note: expect.stringContaining('somebody else') as string });
  });

  it('is one of the two rounds after which the value is dead', async () => {
    await slow();
    const copies = seen();
    await somebodyRotates();
    await finish([], 0, copies);
    expect(house.alive(house.key)).toBe(true);
    await finish([], 1, copies);
    expect(house.alive(house.key)).toBe(false);
    expect(house.alive(keyNow())).toBe(true);
    expect(deeds()).toEqual(['RotateSecret']);
  });

  it('does not count where the leaked value cannot be read any more', async () => {
    await slow();
    await somebodyRotates();
    expect((await finish()).result).toBe('done');
    expect(deeds()).toEqual(['RotateSecret']);
  });

  it('does not count where the leaked value stands in a leaf that it left as it was', async () => {
    await open();
    const copies = seen('user');
    house.rotation.failing = true;
    await somebodyRotates();
    // the owner repairs it by hand: another key, the same user
    await house.admin.send(new UpdateSecretVersionStageCommand({ SecretId: secretName, VersionStage: 'AWSPENDING', RemoveFromVersionId: theirs }));
    const state = house.house.aws.state().secrets[secretName];
    const version = state?.versions[theirs];
    if (state?.rotation) state.rotation.running = undefined;
    if (version) Object.assign(version, { value: JSON.stringify({ user: 'orders_a', key: newKey() }), stages: ['AWSPENDING'] });
    const notes: Notes = [];
    expect((await house.rotate({ notes }, copies)).result).toBe('pending');
    await house.admin.send(new UpdateSecretVersionStageCommand({ SecretId: secretName, VersionStage: 'AWSCURRENT', MoveToVersionId: theirs, RemoveFromVersionId: copies[0]?.version }));
    house.rotation.failing = false;
    await house.rotate({ notes }, copies);
    expect(deeds()).toContain('RotateSecret');
  });

  it('does not count where it was the leaked value that it brought', async () => {
    await slow();
    await somebodyRotates();
    await until(() => house.house.aws.state().secrets[secretName]?.versions[theirs]?.value !== undefined);
    const copies = [copyOf(house.house, secretName, 'key', { version: theirs, current: false })];
    expect((await finish([], 0, copies)).result).toBe('done');
    expect(deeds()).toEqual(['RotateSecret']);
  });

  it('does not count where it had ended before, and only a replica from the past shows it under way', async () => {
    await open();
    const copies = seen();
    await somebodyRotates();
    await until(() => rotationNow()?.running === undefined);
    house.behaviours.add({ service: 'secretsmanager', operation: 'DescribeSecret', effect: 'stale', seconds: 1, times: 3 });
    const notes: Notes = [{ place: house.copies[0]?.place, other: theirs, seen: house.house.clock.now().toISOString() }];
    expect((await finish(notes, 0, copies)).result).toBe('done');
    expect(deeds()).toContain('RotateSecret');
  });

  it('does not count where it was ours of the round before', async () => {
    await open();
    const copies = seen();
    await finish([], 0, copies);
    const past = new Date(house.house.clock.now().getTime() - 3_600_000).toISOString();
    expect((await finish([{ place: house.copies[0]?.place, other: house.labelled('AWSCURRENT'), seen: past }], 1, copies)).result).toBe('done');
    expect(deeds()).toEqual(['RotateSecret', 'RotateSecret']);
    expect(house.alive(house.key)).toBe(false);
  });

  it('without having come to anything is followed by ours', async () => {
    await open();
    const copies = seen();
    house.rotation.failing = true;
    await somebodyRotates();
    const notes: Notes = [];
    expect((await house.rotate({ notes }, copies)).result).toBe('pending');
    await house.admin.send(new UpdateSecretVersionStageCommand({ SecretId: secretName, VersionStage: 'AWSPENDING', RemoveFromVersionId: theirs }));
    house.rotation.failing = false;
    expect((await finish(notes, 0, copies)).result).toBe('done');
    expect(deeds()).toEqual(['RotateSecret']);
  });

  it('leaves ours its whole time', async () => {
    await open();
    house.rotation.failing = true;
    await somebodyRotates();
    // ours was refused long ago, since theirs had begun in the same moment
    const notes: Notes = [{ place: house.copies[0]?.place, token: 'ours', at: new Date(house.house.clock.now().getTime() - 170_000).toISOString() }];
    expect((await house.rotate({ notes })).result).toBe('pending');
    await house.admin.send(new UpdateSecretVersionStageCommand({ SecretId: secretName, VersionStage: 'AWSPENDING', RemoveFromVersionId: theirs }));
    house.rotation.failing = false;
    house.behaviours.add({ service: 'vendor:acme', operation: 'PUT /v1/users', effect: 'delay', seconds: 40, times: 1 });
    expect((await finish(notes)).result).toBe('done');
  });

  it('in the very moment in which ours is begun is waited for', async () => {
    await open();
    house.behaviours.add({ service: 'secretsmanager', operation: 'RotateSecret', effect: 'refuse', code: 'InvalidRequestException', message: "A previous rotation isn't complete. That rotation will be reattempted.", times: 1 });
    expect((await finish()).result).toBe('done');
    house.behaviours.add({ service: 'secretsmanager', operation: 'RotateSecret', effect: 'refuse', code: 'InvalidRequestException', message: "A previous rotation isn't complete. That rotation will be reattempted." });
    const notes: Notes = [];
    expect((await house.rotate({ notes, round: 1 })).result).toBe('pending');
    for (const fact of notes) if (fact.at !== undefined) fact.at = new Date(house.house.clock.now().getTime() - 180_000).toISOString();
    expect((await house.rotate({ notes, round: 1 })).result).toBe('refused');
  });
});

describe('a rotation of somebody else that stands still', () => {
  it('is stuck only when our patience with this very one is over', async () => {
    await open({ pending: {} });
    const pending = house.labelled('AWSPENDING');
    const notes: Notes = [];
    for (let tries = 0; tries < 3; tries += 1) expect((await house.rotate({ notes })).result).toBe('pending');
    expect(deeds()).toEqual([]);
    expect(house.labelled('AWSPENDING')).toBe(pending);
    overdue(notes);
    expect((await finish(notes)).result).toBe('done');
    expect(deeds()).toContain('CancelRotateSecret');
  });

  it('and gives way to another one is waited for anew', async () => {
    await open({ pending: { value: JSON.stringify({ user: 'orders_b', key: newKey() }) } });
    const notes: Notes = [];
    expect((await house.rotate({ notes })).result).toBe('pending');
    overdue(notes);
    const stuck = house.labelled('AWSPENDING') ?? '';
    await house.admin.send(new UpdateSecretVersionStageCommand({ SecretId: secretName, VersionStage: 'AWSPENDING', RemoveFromVersionId: stuck }));
    house.behaviours.add({ service: 'vendor:acme', operation: 'PUT /v1/users', effect: 'delay', seconds: 20, times: 1 });
    await somebodyRotates();
    expect((await house.rotate({ notes })).result).toBe('pending');
    expect(deeds()).toEqual([]);
  });

  it('is asked about where it changed other leaves than ours: our door says nothing about those', async () => {
    await open({ pending: { value: '' } });
    const pending = house.house.aws.state().secrets[secretName]?.versions[house.labelled('AWSPENDING') ?? ''];
    if (pending) pending.value = JSON.stringify({ user: 'orders_b', key: house.key });
    expect(await house.rotate({ notes: house.patient() })).toMatchObject({ result: 'ask', question: expect.stringContaining('other leaves') as string });
    expect(deeds()).toEqual([]);
  });

  it('is given up where it holds what is current anyway', async () => {
    await open({ pending: { value: '' } });
    const pending = house.house.aws.state().secrets[secretName]?.versions[house.labelled('AWSPENDING') ?? ''];
    if (pending) pending.value = house.text();
    expect((await finish(house.patient())).result).toBe('done');
    expect(keyNow()).not.toBe(house.key);
  });
});

describe('somebody who frees the same stuck rotation in the same moment', () => {
  const stuck = { value: JSON.stringify({ user: 'orders_b', key: newKey() }) };
  const freedByOther = async () => {
    await house.admin.send(new UpdateSecretVersionStageCommand({ SecretId: secretName, VersionStage: 'AWSPENDING', RemoveFromVersionId: house.labelled('AWSPENDING') }));
    await somebodyRotates();
  };

  const calls = (operation: string): number => house.house.calls.filter((call) => call.operation === operation).length;
  it.each([
    { when: 'while we try the stuck value', behaviour: { service: 'vendor:acme', operation: 'GET /v1/whoami' }, isThere: () => calls('GetSecretValue') === 2, cancels: 0 },
    { when: 'in the moment of our cancelling', behaviour: { service: 'secretsmanager', operation: 'CancelRotateSecret' }, isThere: () => calls('CancelRotateSecret') === 1, cancels: 1 },
  ])('$when is let go first, and what he began is not lost', async ({ behaviour, isThere, cancels }) => {
    await open({ pending: stuck });
    const copies = seen();
    house.behaviours.add({ service: 'secretsmanager', operation: 'PutSecretValue', effect: 'delay', seconds: 60, times: 1 });
    house.behaviours.add({ ...behaviour, effect: 'delay', seconds: 20, times: 1 });
    const notes = house.patient();
    const asked = house.rotate({ notes }, copies);
    await until(isThere);
    await freedByOther();
    await asked;
    expect((await finish(notes, 0, copies)).result).toBe('done');
    await until(() => rotationNow()?.running === undefined);
    expect(calls('CancelRotateSecret')).toBe(cancels);
    expect(house.stages()[theirs]).toContain('AWSCURRENT');
    expect(house.alive(keyNow())).toBe(true);
    expect(rotationNow()).toMatchObject({ enabled: true, rules });
  });

  it('has switched its rotation off for a moment only: that is waited for, as long as for a rotation', async () => {
    await open({ pending: stuck });
    const notes: Notes = [];
    expect((await house.rotate({ notes })).result).toBe('pending');
    const rotation = rotationNow();
    if (rotation) rotation.enabled = false;
    expect((await house.rotate({ notes })).result).toBe('pending');
    for (const fact of notes) if (fact.off !== undefined) fact.off = new Date(house.house.clock.now().getTime() - 180_000).toISOString();
    expect(await house.rotate({ notes })).toMatchObject({ result: 'done', left: [{ reason: expect.stringContaining('switched off') as string }] });
  });
});

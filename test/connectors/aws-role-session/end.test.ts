import { afterEach, describe, expect, it } from 'vitest';
import type { Acted, Credential, Probed } from '../../../functions/core/connector.ts';
import { account, type Asking, type Notes } from '../house.ts';
import { credentialOf, momentAfter, openRoleHouse, putPolicy, role, roleArn, sessionArn, type RoleHouse, type RoleOptions } from './subject.ts';

let subject: RoleHouse;
afterEach(() => subject.close());
const open = async (options?: RoleOptions) => (subject = await openRoleHouse(options));
const end = (name: string, asking?: Asking): Promise<Acted> => subject.issuer.revoke?.(credentialOf(name), subject.context(asking)) as Promise<Acted>;
const probe = (name: string, asking?: Asking): Promise<Probed> => subject.issuer.probe(credentialOf(name), undefined, subject.context(asking));
const seconds = (count: number) => subject.house.clock.sleep(count * 1000);
const moments = () => [...(subject.policy() ?? '').matchAll(/TokenIssueTime":"([^"]+)"/g)].map(([, moment]) => moment);

describe('all sessions of a role', () => {
  it('that were issued before the time are dead, and those issued afterwards live', async () => {
    await open();
    const before = await subject.assume('job-2');
    const moment = momentAfter(subject.house);
    await seconds(2);
    const after = await subject.assume('job-1');
    const acted = await end(`${roleArn}@${moment}`);
    expect(acted).toMatchObject({ result: 'done', note: expect.stringContaining(`reaches all sessions of the role ${role} issued before ${moment}`) as string });
    expect([subject.alive(), subject.lives(before), subject.lives(after)]).toEqual([false, false, true]);
    expect(await probe(`${roleArn}@${moment}`)).toMatchObject({ verdict: 'dead', basis: 'record', control: true });
  });

  it('are ended by a deny that is never moved back', async () => {
    await open();
    const early = momentAfter(subject.house);
    await seconds(30);
    const late = momentAfter(subject.house);
    await end(`${roleArn}@${late}`);
    const text = subject.policy();
    expect((await end(`${roleArn}@${early}`, { case: 'case-2' })).result).toBe('already');
    expect(subject.policy()).toBe(text);
    expect(moments()).toEqual([late]);
    expect((await probe(`${roleArn}@${early}`)).verdict).toBe('dead');
    expect((await probe(`${roleArn}@2026-01-01T00:00:00.000Z`)).verdict).toBe('dead');
  });

  it('are alive for a probe while the deny is of an earlier time', async () => {
    await open();
    await end(`${roleArn}@${momentAfter(subject.house)}`);
    await seconds(30);
    expect(await probe(`${roleArn}@${momentAfter(subject.house)}`)).toMatchObject({ verdict: 'alive' });
  });

  it('are ended before the moment of the first act where no time is named, however often it is repeated', async () => {
    await open();
    const notes: Notes = [];
    expect((await end(roleArn, { notes })).result).toBe('done');
    const text = subject.policy();
    await seconds(60);
    expect((await end(roleArn, { notes })).result).toBe('already');
    expect((await end(roleArn)).result).toBe('already');
    expect((await subject.issuer.contain?.(credentialOf(roleArn), subject.context()))?.result).toBe('already');
    expect(subject.policy()).toBe(text);
    expect((await probe(roleArn)).verdict).toBe('dead');
  });

  it("are ended anew for another case, and each case's repeats know what it wrote", async () => {
    await open();
    await end(roleArn);
    await seconds(60);
    const later = await subject.assume('job-9');
    expect((await probe(roleArn, { case: 'case-2' })).verdict).toBe('unknown');
    expect((await end(roleArn, { case: 'case-2' })).result).toBe('done');
    expect(subject.lives(later)).toBe(false);
    const text = subject.policy();
    expect((await end(roleArn)).result).toBe('already');
    expect((await end(roleArn, { case: 'case-2' })).result).toBe('already');
    expect(subject.policy()).toBe(text);
    expect([(await probe(roleArn)).verdict, (await probe(roleArn, { case: 'case-2' })).verdict]).toEqual(['dead', 'dead']);
  });

  it('stay denied by restore where somebody moved the deny forward since', async () => {
    await open();
    const acted = await end(`${roleArn}@${momentAfter(subject.house)}`);
    await seconds(10);
    await end(`${roleArn}@${momentAfter(subject.house)}`, { case: 'case-2' });
    const text = subject.policy();
    const restored = await subject.issuer.restore?.(subject.credential, ('evidence' in acted ? acted.evidence : undefined) ?? {}, subject.context());
    expect(restored).toMatchObject({ result: 'refused', reason: expect.stringContaining('moved') as string });
    expect(subject.policy()).toBe(text);
  });

  it('have expired by themselves after 13 hours: nothing is written for them, and they are dead', async () => {
    await open();
    expect((await end(`${roleArn}@2025-06-01T00:00:00Z`)).result).toBe('already');
    expect(subject.writes()).toBe(0);
    expect(await probe(`${roleArn}@2025-06-01T00:00:00Z`)).toMatchObject({ verdict: 'dead', control: true });
  });
});

describe('one session by its name', () => {
  it('dies alone, and a later session of the same name lives', async () => {
    await open();
    const other = await subject.assume('job-2');
    const moment = momentAfter(subject.house);
    await seconds(2);
    const acted = await end(`${sessionArn('job-1')}@${moment}`);
    expect(acted).toMatchObject({ result: 'done', note: expect.stringContaining('sessions named job-1') as string });
    const again = await subject.assume('job-1');
    expect([subject.alive(), subject.lives(other), subject.lives(again)]).toEqual([false, true, true]);
    expect(await probe(`${sessionArn('job-1')}@${moment}`)).toMatchObject({ verdict: 'dead', control: true });
    expect(await probe(`${sessionArn('job-2')}@${moment}`)).toMatchObject({ verdict: 'alive' });
  });

  it('is alive for a probe if its role is not told to deny it, and restore lets it live again', async () => {
    await open();
    const [one, two] = [sessionArn('job-1'), sessionArn('job-2')].map((arn) => `${arn}@${momentAfter(subject.house)}`) as [string, string];
    const acted = await end(one);
    await end(two);
    const restored = await subject.issuer.restore?.(credentialOf(one), ('evidence' in acted ? acted.evidence : undefined) ?? {}, subject.context());
    expect(restored?.result).toBe('done');
    expect(subject.alive()).toBe(true);
    expect((await probe(one)).verdict).toBe('alive');
    expect((await probe(two)).verdict).toBe('dead');
  });

  it('takes names with an at sign, a dot or a comma as they are', async () => {
    await open();
    const name = 'ann@example.com,ci=1';
    const session = await subject.assume(name);
    await end(`${sessionArn(name)}@${momentAfter(subject.house)}`);
    expect([subject.lives(session), subject.alive()]).toEqual([false, true]);
  });

  it('is dead for the probe where all sessions of its role are denied', async () => {
    await open();
    const moment = momentAfter(subject.house);
    await end(`${roleArn}@${moment}`);
    expect((await end(`${sessionArn('job-1')}@${moment}`)).result).toBe('already');
    expect((await probe(`${sessionArn('job-1')}@${moment}`)).verdict).toBe('dead');
  });
});

describe('sessions that outlive what they were obtained from', () => {
  it('live on in another role, which the note and the facts tell', async () => {
    await open();
    const first = await subject.assume('job-2');
    const chained = await subject.assume('job-2', first, 'Other');
    expect(await end(`${roleArn}@${momentAfter(subject.house)}`)).toMatchObject({ note: expect.stringContaining('sessions of other roles that were obtained from them live on') as string });
    expect([subject.lives(first), subject.lives(chained)]).toEqual([false, true]);
    expect(subject.issuer.facts({}).children).toBe('live');
  });
});

describe('a role that was made anew under its name', () => {
  it('is not denied for sessions of the one before, which are dead', async () => {
    await open();
    const moment = momentAfter(subject.house);
    await seconds(5);
    await subject.recreate();
    const young = await subject.assume('job-1');
    expect(await end(`${roleArn}@${moment}`)).toMatchObject({ result: 'already', note: expect.stringContaining('made anew') as string });
    expect(subject.policy()).toBeUndefined();
    expect([subject.alive(), subject.lives(young)]).toEqual([false, true]);
    expect(await probe(`${roleArn}@${moment}`)).toMatchObject({ verdict: 'dead', control: true });
  });

  it('is known by its id to a repeat that names no time', async () => {
    await open();
    const notes: Notes = [];
    const acted = await end(roleArn, { notes });
    await seconds(5);
    await subject.recreate();
    const young = await subject.assume('job-1');
    expect(await end(roleArn, { notes })).toMatchObject({ result: 'already', note: expect.stringContaining('made anew') as string });
    expect(subject.lives(young)).toBe(true);
    expect(await probe(roleArn, { notes })).toMatchObject({ verdict: 'dead', control: true, note: expect.stringContaining('made anew') as string });
    expect((await probe(roleArn)).verdict).toBe('alive');
    expect(await subject.issuer.restore?.(credentialOf(roleArn), ('evidence' in acted ? acted.evidence : undefined) ?? {}, subject.context())).toMatchObject({ result: 'refused' });
  });
});

describe('what is not ours to change', () => {
  const refusals: [string, string, RegExp, RoleOptions?][] = [
    ['a role of Identity Center', `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_1`, /Identity Center/, { world: { roles: [{ name: 'AWSReservedSSO_Ops_1', path: '/aws-reserved/sso.amazonaws.com/' }] } }],
    ['a service-linked role', sessionArn('x1', 'AWSServiceRoleForBatch'), /service-linked/, { world: { roles: [{ name: 'AWSServiceRoleForBatch', path: '/aws-service-role/batch.amazonaws.com/' }] } }],
    ['a role of another account', 'arn:aws:iam::999988887777:role/ci/Deploy', /another account/],
    ['a role that is at another path', `arn:aws:iam::${account}:role/Deploy`, /name it as arn:aws:iam::111122223333:role\/ci\/Deploy/],
    ['a time to come', `${roleArn}@2099-01-01T00:00:00Z`, /time to come/],
    ['a user', `arn:aws:iam::${account}:user/ann`, /neither/],
    ['a time that is none', `${roleArn}@2026-13-40T99:00:00Z`, /neither/],
  ];
  it.each(refusals)('is refused with a reason: %s', async (_, name, reason, options) => {
    await open(options);
    expect(await end(name)).toMatchObject({ result: 'refused', reason: expect.stringMatching(reason) as string });
    expect((await probe(name)).verdict).not.toBe('dead');
    expect(subject.writes()).toBe(0);
    expect(subject.alive()).toBe(true);
  });

  const foreign: [string, object][] = [
    ['another deny', { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 's3:*', Resource: '*' }] }],
    ['a permission', { Version: '2012-10-17', Statement: [{ Sid: 'RescindAllSessions', Effect: 'Allow', Action: '*', Resource: '*', Condition: { DateLessThan: { 'aws:TokenIssueTime': '2025-06-01T00:00:00Z' } } }] }],
    ['ours with a condition more', { Version: '2012-10-17', Statement: [{ Sid: 'RescindAllSessions', Effect: 'Deny', Action: '*', Resource: '*', Condition: { DateLessThan: { 'aws:TokenIssueTime': '2025-06-01T00:00:00Z' }, Bool: { 'aws:ViaAWSService': 'false' } } }] }],
  ];
  it.each(foreign)('is never written over: a policy of our name with %s', async (_, document) => {
    await open();
    await putPolicy(subject, 'RescindEndedSessions', document);
    const text = subject.policy();
    expect(await end(`${roleArn}@${momentAfter(subject.house)}`)).toMatchObject({ result: 'refused', reason: expect.stringContaining('not ours') as string });
    expect((await probe(`${roleArn}@${momentAfter(subject.house)}`)).verdict).toBe('unknown');
    expect(subject.policy()).toBe(text);
  });

  it('is refused where IAM denies it to us', async () => {
    await open();
    subject.behaviours.add({ service: 'iam', operation: 'PutRolePolicy', effect: 'refuse', code: 'AccessDenied', status: 403, message: 'no, with an explicit deny' });
    expect(await end(`${roleArn}@${momentAfter(subject.house)}`)).toMatchObject({ result: 'refused', reason: expect.stringContaining('explicitly forbids') as string });
  });
});

describe('what IAM says late', () => {
  it('is waited for: a busy role is written a moment later', async () => {
    await open();
    for (const code of ['EntityTemporarilyUnmodifiable', 'ConcurrentModification']) subject.behaviours.add({ service: 'iam', operation: 'PutRolePolicy', effect: 'refuse', code, status: 409, times: 1 });
    expect((await end(`${roleArn}@${momentAfter(subject.house)}`)).result).toBe('done');
    expect(subject.alive()).toBe(false);
  });

  it('is thrown where the role stays busy, so that it is asked again', async () => {
    await open();
    subject.behaviours.add({ service: 'iam', operation: 'PutRolePolicy', effect: 'refuse', code: 'ConcurrentModification', status: 409 });
    await expect(end(`${roleArn}@${momentAfter(subject.house)}`)).rejects.toThrow();
    subject.behaviours.set([]);
    expect((await end(`${roleArn}@${momentAfter(subject.house)}`)).result).toBe('done');
  });

  it('is not called dead before it is there: a write that is on its way is alive or unknown', async () => {
    await open();
    const name = `${roleArn}@${momentAfter(subject.house)}`;
    subject.behaviours.add({ service: 'iam', operation: 'PutRolePolicy', effect: 'lag', seconds: 40, times: 1 });
    expect(await end(name)).toMatchObject({ result: 'done', note: expect.stringContaining('not show it yet') as string });
    expect((await probe(name)).verdict).toBe('alive');
    await seconds(45);
    expect((await probe(name)).verdict).toBe('dead');
    expect(subject.alive()).toBe(false);
  });

  it('is found out where the write was a lie', async () => {
    await open();
    const name = `${roleArn}@${momentAfter(subject.house)}`;
    subject.behaviours.add({ service: 'iam', operation: 'PutRolePolicy', effect: 'lie' });
    await end(name);
    expect((await probe(name)).verdict).toBe('alive');
    subject.behaviours.set([]);
    expect((await end(name)).result).toBe('done');
    expect((await probe(name)).verdict).toBe('dead');
  });
});

describe('finding sessions', () => {
  const find = (name: string) => subject.issuer.find(credentialOf(name) as Credential, subject.context());

  it('tells the role, its path, its tags and the name of the session', async () => {
    await open();
    expect(await find(sessionArn('job-1'))).toMatchObject({ exists: true, principal: role, account, attributes: { role, path: '/ci/', session: 'job-1', 'tag.team': 'orders' } });
    expect((await find(roleArn)).attributes).toEqual({ role, path: '/ci/', 'tag.team': 'orders' });
  });

  it('names them by their ARN, and says where a time makes that more than was asked for', async () => {
    await open();
    for (const name of [roleArn, sessionArn('job-1')]) {
      expect(await find(name)).toMatchObject({ name });
      expect(await find(name)).not.toHaveProperty('isMore');
      expect(await find(`${name}@2030-01-01T00:00:00Z`)).toMatchObject({ exists: true, name, isMore: true });
    }
  });

  it('says who protects a role of Identity Center', async () => {
    await open({ world: { roles: [{ name: 'AWSReservedSSO_Ops_1', path: '/aws-reserved/sso.amazonaws.com/' }] } });
    expect(await find(sessionArn('ann', 'AWSReservedSSO_Ops_1'))).toMatchObject({ exists: true, protectedBy: expect.stringContaining('Identity Center') as string });
  });
});

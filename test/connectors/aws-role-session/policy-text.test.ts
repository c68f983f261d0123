import { describe, expect, it } from 'vitest';
import { deniedUntil, nothing, pruned, says, withEnd, type Ended, type Want } from '../../../functions/connectors/aws-role-session/ended.ts';
import { namedIn } from '../../../functions/connectors/aws-role-session/name.ts';
import { endedIn, policyText } from '../../../functions/connectors/aws-role-session/policy-text.ts';

const start = Date.parse('2026-03-01T12:00:00Z') / 1000;
const role = 'AR' + 'OA' + 'A'.repeat(17);
const userId = (at: number) => `${role}:job-${at}`;
const read = (text: string | undefined): Ended => endedIn(text ?? '') as Ended;

/** The same numbers each time. */
const numbers = (seed: number) => () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;

describe('the text of the policy', () => {
  it('says exactly what was written, in as many buckets as there are moments', () => {
    const wants: Want[] = [{ before: start }, { before: start + 5, userId: userId(1) }, { before: start + 5, userId: userId(2), mark: 'abcdef01' }, { before: start + 90, userId: userId(3) }];
    const text = policyText(wants.reduce(withEnd, nothing), 6_000);
    expect(JSON.parse(text ?? '')).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Sid: 'RescindAllSessions', Effect: 'Deny', Action: '*', Resource: '*', Condition: { DateLessThan: { 'aws:TokenIssueTime': '2026-03-01T12:00:00Z' } } },
        { Sid: 'RescindSessions20260301120005xabcdef01', Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringEquals: { 'aws:userid': [userId(1), userId(2)] }, DateLessThan: { 'aws:TokenIssueTime': '2026-03-01T12:00:05Z' } } },
        { Sid: 'RescindSessions20260301120130', Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringEquals: { 'aws:userid': [userId(3)] }, DateLessThan: { 'aws:TokenIssueTime': '2026-03-01T12:01:30Z' } } },
      ],
    });
    expect(policyText(read(text), 6_000)).toBe(text);
  });

  it('puts sessions into buckets of a minute where there is no room, which denies up to a minute longer and never less', () => {
    const wants = Array.from({ length: 60 }, (_, at): Want => ({ before: start + at * 10, userId: userId(at) }));
    const text = policyText(wants.reduce(withEnd, nothing), 6_000);
    expect(text?.length).toBeLessThanOrEqual(6_000);
    expect((JSON.parse(text ?? '') as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid)).toEqual(Array.from({ length: 10 }, (_, at) => `RescindSessions20260301120${at}`));
    for (const want of wants) {
      const until = deniedUntil(read(text), want.userId) ?? 0;
      expect(until - want.before).toBeGreaterThanOrEqual(0);
      expect(until - want.before).toBeLessThan(60);
    }
  });

  it('gives up where only an hour would have room: later sessions of the same name would be denied long beyond their time', () => {
    const most = (seconds: number): number => {
      const fits = (count: number) => policyText(Array.from({ length: count }, (_, at): Want => ({ before: start + at * seconds, userId: `${role}:${String(at).padStart(20, 'j')}` })).reduce(withEnd, nothing), 6_000) !== undefined;
      let count = 1;
      while (fits(count + 1)) count += 1;
      return count;
    };
    // what docs/connectors.md says
    expect([most(60), most(12), most(0)]).toEqual([25, 70, 128]);
  });

  it('is read where an earlier version wrote it for an hour or a day, and written again without denying less or more', () => {
    const before = '2026-03-01T12:59:10Z';
    const statement = (stamp: string) => ({ Sid: `RescindSessions${stamp}xabcdef01`, Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringEquals: { 'aws:userid': [userId(1), userId(2)] }, DateLessThan: { 'aws:TokenIssueTime': before } } });
    for (const stamp of ['20260301', '2026030112']) {
      const old = JSON.stringify({ Version: '2012-10-17', Statement: [statement(stamp)] });
      const [ended, again] = [read(old), policyText(read(old), 6_000)];
      expect(ended.sessions).toEqual([userId(1), userId(2)].map((id) => ({ id, before: Date.parse(before) / 1000 })));
      expect(again).toBe(JSON.stringify({ Version: '2012-10-17', Statement: [statement('20260301125910')] }));
      expect(read(again)).toEqual(ended);
    }
  });

  it('leaves out what is denied twice before it gives up, and then gives up', () => {
    const wants = Array.from({ length: 200 }, (_, at): Want => ({ before: start, userId: userId(at) }));
    const single = wants.reduce(withEnd, nothing);
    expect(policyText(single, 6_000)).toBeUndefined();
    const text = policyText(withEnd(single, { before: start + 1 }), 6_000);
    expect(text).toBeDefined();
    for (const want of wants) expect(says(read(text), want)).toBe(true);
  });

  it('holds its law for any order of ends and any room: nothing moves back, nothing that is needed is dropped, reading it gives it again', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const next = numbers(seed);
      let ended = nothing;
      const wants: Want[] = [];
      for (let step = 0; step < 40; step += 1) {
        const before = start + Math.floor(next() * 20_000);
        const want: Want = { before, ...(next() < 0.2 ? {} : { userId: userId(Math.floor(next() * 30)) }), ...(next() < 0.3 ? { mark: Math.floor(next() * 0xffffffff).toString(16).padStart(8, '0') } : {}) };
        const earlier = wants.map(({ userId: of }) => deniedUntil(ended, of) ?? 0);
        const merged = withEnd(ended, want);
        const text = policyText(merged, 1_500 + Math.floor(next() * 4_500));
        if (text === undefined) continue;
        wants.push(want);
        ended = read(text);
        expect(policyText(ended, 6_000)).toBeDefined();
        wants.slice(0, -1).forEach(({ userId: of }, at) => expect(deniedUntil(ended, of) ?? 0).toBeGreaterThanOrEqual(earlier[at] ?? 0));
        for (const { before: needed, userId: of } of wants) expect(says(ended, { before: needed, userId: of })).toBe(true);
        expect(says(ended, want)).toBe(true);
      }
      expect(wants.length).toBeGreaterThan(10);
    }
  });

  it('drops single sessions only when they have expired, and what is said about all sessions never', () => {
    const ended = [{ before: start }, { before: start, userId: userId(1) }].reduce(withEnd, nothing);
    const hour = 3_600;
    expect(pruned(ended, start + 12 * hour + 1)).toEqual(ended);
    expect(pruned(ended, start + 13 * hour)).toEqual({ all: ended.all, sessions: [], marks: [] });
  });

  it('is not read where it is not ours', () => {
    for (const text of ['', '{}', '[]', 'null', '{"Version":"2012-10-17","Statement":[]}', '{"Version":"2012-10-17","Statement":[{}]}', '{"Version":"2012-10-17","Statement":[null]}']) expect(endedIn(text)).toBeUndefined();
  });
});

describe('a name', () => {
  it('gives the role, the session and the time, rounded up to the second', () => {
    expect(namedIn('arn:aws:iam::111122223333:role/a/b/Deploy@2026-03-01T12:00:00.001Z')).toEqual({ partition: 'aws', account: '111122223333', role: 'Deploy', roleArn: 'arn:aws:iam::111122223333:role/a/b/Deploy', before: start + 1 });
    expect(namedIn('arn:aws-us-gov:sts::111122223333:assumed-role/Deploy/ann@example.com')).toEqual({ partition: 'aws-us-gov', account: '111122223333', role: 'Deploy', session: 'ann@example.com', before: undefined });
    expect(namedIn('arn:aws:sts::111122223333:assumed-role/Deploy/ann@2026-03-01T13:00:00+01:00')).toMatchObject({ session: 'ann', before: start });
  });

  it.each(['', 'Deploy', 'arn:aws:iam::111122223333:role/', 'arn:aws:iam::1:role/Deploy', 'arn:aws:sts::111122223333:assumed-role/Deploy', 'arn:aws:sts::111122223333:assumed-role/Deploy/a/b', 'arn:aws:sts::111122223333:role/Deploy', 'arn:aws:iam::111122223333:role//Deploy', 'arn:aws:iam::111122223333:role/*'])('is none: %s', (name) => {
    expect(namedIn(name)).toBeUndefined();
  });
});

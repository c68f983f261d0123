import { afterEach, describe, expect, it } from 'vitest';
import { awsRoleSession } from '../../../functions/connectors/aws-role-session/index.ts';
import type { Acted } from '../../../functions/core/connector.ts';
import { watchedIssuer } from '../contract.ts';
import { credentialOf, momentAfter, openRoleHouse, sessionArn, watch, type RoleHouse } from './subject.ts';

let subject: RoleHouse;
afterEach(() => subject.close());
const verdicts = async (names: readonly string[]): Promise<string[]> => {
  const probed = [];
  for (const name of names) probed.push((await subject.issuer.probe(credentialOf(name), undefined, subject.context())).verdict);
  return [...new Set(probed)];
};
const results = (acted: readonly (Acted | undefined)[]): string[] => [...new Set(acted.map((one) => one?.result ?? ''))].sort();

describe('many ends of one role at once', () => {
  it('are a few writes, and all of them are in the policy', async () => {
    subject = await openRoleHouse();
    const moment = momentAfter(subject.house);
    const names = Array.from({ length: 100 }, (_, at) => `${sessionArn(`job-${at}`)}@${moment}`);
    const { issuer, context, house } = subject;
    const before = house.calls.length;
    expect(results(await Promise.all(names.map((name, at) => issuer.revoke?.(credentialOf(name), context({ case: `case-${at}` })))))).toEqual(['done']);
    expect(subject.writes()).toBeLessThanOrEqual(3);
    expect(house.calls.length - before).toBeLessThanOrEqual(20);
    expect(await verdicts(names.slice(0, 5).concat(names.slice(-5)))).toEqual(['dead']);
    expect((subject.policy() ?? '').length).toBeLessThan(6_000);
  });

  it('are refused one by one where there is no room, and nothing that was written is lost', async () => {
    subject = await openRoleHouse();
    const moment = momentAfter(subject.house);
    const names = Array.from({ length: 120 }, (_, at) => `${sessionArn(`a-rather-long-name-of-a-job-as-some-platforms-have-it-${100 + at}`)}@${moment}`);
    const { issuer, context } = subject;
    const acted = await Promise.all(names.map((name) => issuer.revoke?.(credentialOf(name), context())));
    expect(results(acted)).toEqual(['done', 'refused']);
    expect(acted.find((one) => one?.result === 'refused')).toMatchObject({ reason: expect.stringContaining('end all its sessions instead') as string });
    const done = names.filter((_, at) => acted[at]?.result === 'done');
    expect(done.length).toBeGreaterThan(50);
    expect(await verdicts([done[0] ?? '', done.at(-1) ?? ''])).toEqual(['dead']);
    const refused = names.filter((_, at) => acted[at]?.result === 'refused');
    expect(await verdicts([refused[0] ?? ''])).toEqual(['alive']);
  });

  it('do not wait for one that is told to stop, nor stop with it', async () => {
    subject = await openRoleHouse();
    const moment = momentAfter(subject.house);
    const [one, two] = ['job-1', 'job-2'].map((session) => `${sessionArn(session)}@${moment}`) as [string, string];
    subject.behaviours.add({ service: 'iam', operation: 'GetRole', effect: 'delay', seconds: 20, times: 1 });
    const stop = new AbortController();
    const first = subject.issuer.revoke?.(credentialOf(one), subject.context({ signal: stop.signal }));
    const second = subject.issuer.revoke?.(credentialOf(two), subject.context());
    setTimeout(() => stop.abort(new Error('stopped by the test')), 50);
    await expect(first).rejects.toThrow('stopped by the test');
    expect((await second)?.result).toBe('done');
    expect(await verdicts([two])).toEqual(['dead']);
    expect(await verdicts([one])).toEqual(['alive']);
  });

  it('all fail where IAM cannot be asked, and none waits for ever', { timeout: 30_000 }, async () => {
    subject = await openRoleHouse();
    const moment = momentAfter(subject.house);
    subject.behaviours.add({ service: 'iam', operation: 'PutRolePolicy', effect: 'down', status: 500 });
    const acts = Array.from({ length: 5 }, (_, at) => subject.issuer.revoke?.(credentialOf(`${sessionArn(`job-${at}`)}@${moment}`), subject.context()));
    expect((await Promise.allSettled(acts)).map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    subject.behaviours.set([]);
    expect((await subject.issuer.revoke?.(credentialOf(`${sessionArn('job-1')}@${moment}`), subject.context()))?.result).toBe('done');
  });
});

describe('two processes that end sessions of one role', () => {
  it('lose nothing where one writes over the other before that one has looked', async () => {
    subject = await openRoleHouse();
    const moment = momentAfter(subject.house);
    const names = Array.from({ length: 20 }, (_, at) => `${sessionArn(`job-${at}`)}@${moment}`);
    const { issuer, elsewhere, context } = subject;
    const act = (name: string, at: number) => (at % 2 === 0 ? issuer : elsewhere).revoke?.(credentialOf(name), context());
    await Promise.all(names.map(act));
    const alive = [];
    for (const name of names) if ((await verdicts([name]))[0] !== 'dead') alive.push(name);
    await Promise.all(alive.map((name) => issuer.revoke?.(credentialOf(name), context())));
    expect(await verdicts(names)).toEqual(['dead']);
  });

  it('find a lost write by the probe, and repair it by doing it again', async () => {
    subject = await openRoleHouse();
    const moment = momentAfter(subject.house);
    const [one, two] = ['job-1', 'job-2'].map((session) => `${sessionArn(session)}@${moment}`) as [string, string];
    const { issuer, elsewhere, context, behaviours } = subject;
    // the first write is on its way for so long that the other process reads, writes and looks again meanwhile
    behaviours.add({ service: 'iam', operation: 'PutRolePolicy', effect: 'delay', seconds: 60, times: 1 });
    const slow = elsewhere.revoke?.(credentialOf(one), context());
    await subject.house.clock.sleep(10_000);
    expect((await issuer.revoke?.(credentialOf(two), context()))?.result).toBe('done');
    expect((await slow)?.result).toBe('done');
    expect([await verdicts([one]), await verdicts([two])]).toEqual([['dead'], ['alive']]);
    expect((await issuer.revoke?.(credentialOf(two), context()))?.result).toBe('done');
    expect(await verdicts([one, two])).toEqual(['dead']);
  });

  it('write again where the other wrote over them before they looked', async () => {
    subject = await openRoleHouse();
    const moment = momentAfter(subject.house);
    const [one, two] = ['job-1', 'job-2'].map((session) => `${sessionArn(session)}@${moment}`) as [string, string];
    const { issuer, elsewhere, context, behaviours, house } = subject;
    const slow = elsewhere.revoke?.(credentialOf(two), context());
    behaviours.add({ service: 'iam', operation: 'PutRolePolicy', effect: 'delay', seconds: 5, times: 1 });
    const fast = watchedIssuer(awsRoleSession.create(house.edges), watch).revoke?.(credentialOf(one), context());
    expect(results(await Promise.all([slow, fast]))).toEqual(['done']);
    for (const name of [one, two]) await issuer.revoke?.(credentialOf(name), context());
    expect(await verdicts([one, two])).toEqual(['dead']);
  });
});

describe('a reader that is behind', () => {
  it('does not make us take back what we wrote a moment ago', async () => {
    subject = await openRoleHouse();
    const moment = momentAfter(subject.house);
    const [one, two] = ['job-1', 'job-2'].map((session) => `${sessionArn(session)}@${moment}`) as [string, string];
    await subject.issuer.revoke?.(credentialOf(one), subject.context());
    subject.behaviours.add({ service: 'iam', operation: 'GetRolePolicy', effect: 'lag', seconds: 120, times: 3 });
    await subject.issuer.revoke?.(credentialOf(two), subject.context());
    expect(await verdicts([one, two])).toEqual(['dead']);
  });
});

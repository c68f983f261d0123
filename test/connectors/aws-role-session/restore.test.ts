import { DeleteRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterEach, describe, expect, it } from 'vitest';
import { edgesOf } from '../../../functions/connectors/edges.ts';
import { awsRoleSession } from '../../../functions/connectors/aws-role-session/index.ts';
import type { Acted, Issuer } from '../../../functions/core/connector.ts';
import { administrator, type Asking } from '../house.ts';
import { credentialOf, momentAfter, openRoleHouse, role, roleArn, sessionArn, type RoleHouse } from './subject.ts';

let subject: RoleHouse;
afterEach(() => subject.close());
const end = (name: string, asking?: Asking, by: Issuer = subject.issuer): Promise<Acted> => by.revoke?.(credentialOf(name), subject.context(asking)) as Promise<Acted>;
const restore = (name: string, acted: Acted, by: Issuer = subject.issuer): Promise<Acted> => by.restore?.(credentialOf(name), ('evidence' in acted ? acted.evidence : undefined) ?? {}, subject.context()) as Promise<Acted>;
const verdict = async (name: string): Promise<string> => (await subject.issuer.probe(credentialOf(name), undefined, subject.context())).verdict;
const seconds = (count: number) => subject.house.clock.sleep(count * 1000);

/** The connector in a process that does something else once, right after it has read our policy for the first time. */
const interrupted = ({ house: { aws, edges } }: RoleHouse, meanwhile: () => Promise<unknown>): Issuer => {
  let reads = 0;
  return awsRoleSession.create(edgesOf(
    { configuration: edges.configuration, local: edges.local, aws: { region: 'us-east-1', endpoint: aws.url, credentials: { accessKeyId: administrator.id, secretAccessKey: administrator.secret } } },
    { after: async ({ operation }) => void (operation === 'GetRolePolicy' && (reads += 1) === 1 && (await meanwhile())) },
  ));
};

describe('an end that is taken back', () => {
  it.each([['all sessions of the role', roleArn], ['one session', sessionArn('job-1')]])('stays where another process moves it forward between the look and the write: %s', async (_, arn) => {
    subject = await openRoleHouse();
    const early = `${arn}@${momentAfter(subject.house)}`;
    const acted = await end(early);
    await seconds(30);
    const later = `${arn}@${momentAfter(subject.house)}`;
    const slow = interrupted(subject, () => end(later, { case: 'case-2' }));
    expect(await restore(early, acted, slow)).toMatchObject({ result: 'refused', reason: expect.stringMatching(/^the deny was moved to .* since, and stays$/) as string, meanwhile: 'the sessions stay denied' });
    expect([await verdict(later), subject.alive()]).toEqual(['dead', false]);
  });

  it('does not take a later end of the same sessions with it in one write, and others are taken back', async () => {
    subject = await openRoleHouse();
    const moment = momentAfter(subject.house);
    const [one, two] = ['job-1', 'job-2'].map((session) => `${sessionArn(session)}@${moment}`) as [string, string];
    const [first, second] = [await end(one), await end(two)];
    await seconds(30);
    const later = `${sessionArn('job-1')}@${momentAfter(subject.house)}`;
    const [moved, kept, undone] = await Promise.all([end(later, { case: 'case-2' }), restore(one, first), restore(two, second)]);
    expect([moved.result, undone.result]).toEqual(['done', 'done']);
    expect(kept.result === 'done' || kept.result === 'refused').toBe(true);
    expect([await verdict(later), await verdict(two)]).toEqual(['dead', 'alive']);
  });

  it('is not repeated by later ends, and other ends of a moment ago are', async () => {
    subject = await openRoleHouse();
    const moment = momentAfter(subject.house);
    const [one, two, three] = ['job-1', 'job-2', 'job-3'].map((session) => `${sessionArn(session)}@${moment}`) as [string, string, string];
    await end(one);
    expect((await restore(two, await end(two))).result).toBe('done');
    // as if a process that had read before us had written after us
    await subject.iam.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: 'RescindEndedSessions' }));
    await end(three);
    expect([await verdict(one), await verdict(two), await verdict(three)]).toEqual(['dead', 'alive', 'dead']);
  });
});

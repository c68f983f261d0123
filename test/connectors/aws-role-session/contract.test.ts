import { afterEach, describe, expect, it } from 'vitest';
import { awsRoleSession } from '../../../functions/connectors/aws-role-session/index.ts';
import { describeIssuer, describeWatched } from '../contract.ts';
import { credentialOf, openRoleHouse, putPolicy, roleArn, sessionArn, watch, type RoleHouse } from './subject.ts';

const iam = (operation: string) => ({ service: 'iam', operation });
const changes = { contain: [iam('PutRolePolicy')], restore: [iam('DeleteRolePolicy')], revoke: [iam('PutRolePolicy')] };
const doorOf = (operation: string) => ({ ...iam(operation), ofValue: () => undefined, ofControl: () => undefined });

/** Ended in another process, for the same case. */
const endedElsewhere = async ({ elsewhere, credential, context }: RoleHouse): Promise<void> => void (await elsewhere.revoke?.(credential, context()));

describeIssuer('aws-role-session, all sessions issued before a time', watch, { make: () => openRoleHouse(), door: doorOf('GetRole'), knows: true, changes });

describeIssuer('aws-role-session, all sessions without a time', watch, {
  make: () => openRoleHouse({ named: () => roleArn, kill: endedElsewhere }),
  door: doorOf('GetRolePolicy'), knows: true, changes,
});

describeIssuer('aws-role-session, one session by its name', watch, {
  make: () => openRoleHouse({ named: () => sessionArn('job-1'), kill: endedElsewhere }),
  door: doorOf('GetRolePolicy'), knows: true, changes,
});

const older = {
  Version: '2012-10-17',
  Statement: [
    { Sid: 'RescindAllSessionsx0badcafe', Effect: 'Deny', Action: '*', Resource: '*', Condition: { DateLessThan: { 'aws:TokenIssueTime': '2025-06-01T00:00:00Z' } } },
  ],
};

describeIssuer('aws-role-session with an older deny of its role', watch, {
  make: async () => {
    const subject = await openRoleHouse({ named: (moment) => `${roleArn}@${moment}`, kill: endedElsewhere });
    await putPolicy(subject, 'RescindEndedSessions', older);
    return subject;
  },
  door: doorOf('GetRolePolicy'), knows: true, changes: { contain: [iam('PutRolePolicy')], restore: [iam('PutRolePolicy')] },
});

describe('a role that is gone', () => {
  let subject: RoleHouse;
  afterEach(() => subject.close());

  it('has no session left to revoke, and one of another account is not taken for gone', async () => {
    subject = await openRoleHouse();
    await subject.remove?.();
    expect(await subject.issuer.revoke?.(subject.credential, subject.context())).toMatchObject({ result: 'already', note: expect.stringContaining('gone') as string });
    const stranger = credentialOf('arn:aws:iam::999988887777:role/ci/Deploy');
    expect((await subject.issuer.revoke?.(stranger, subject.context()))?.result).toBe('refused');
    expect((await subject.issuer.probe(stranger, undefined, subject.context())).verdict).toBe('unknown');
    expect((await subject.issuer.find(stranger, subject.context())).exists).toBe(false);
  });
});

describe('a role whose inline policies are nearly full', () => {
  let subject: RoleHouse;
  afterEach(() => subject.close());
  const filled = async (characters: number): Promise<void> => {
    subject = await openRoleHouse();
    const of = (Resource: string) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource }] });
    await putPolicy(subject, 'Big', of('x'.repeat(characters - JSON.stringify(of('')).length)));
  };

  it.each(['contain', 'revoke'] as const)('is refused a deny that does not fit by %s, with what to do', async (verb) => {
    await filled(10_200);
    expect(await subject.issuer[verb]?.(subject.credential, subject.context())).toMatchObject({ result: 'refused', reason: expect.stringMatching(/^LimitExceeded: .*(full|fill)/) as string });
    expect(subject.policy()).toBeUndefined();
    expect(subject.alive()).toBe(true);
  });

  it.each(['contain', 'revoke'] as const)('gets a deny that fits by %s', async (verb) => {
    await filled(10_000);
    expect((await subject.issuer[verb]?.(subject.credential, subject.context()))?.result).toBe('done');
    expect(subject.alive()).toBe(false);
  });
});

describeWatched('aws-role-session', watch, awsRoleSession.permissions);

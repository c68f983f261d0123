import { describe, expect, it } from 'vitest';
import { awsHealth } from '../../events/aws-health.ts';
import type { SecretLeaked } from '../../events/trigger.ts';
import { leaksIn, parseSample, planted, sampleText } from './samples.ts';

const exposed = JSON.parse(sampleText('aws-health', 'exposed.json')) as { detail: Record<string, unknown> };
const withDetail = (changes: object) => ({ ...exposed, detail: { ...exposed.detail, ...changes } });
const leaks = (event: unknown): SecretLeaked[] => leaksIn(awsHealth.parse(event));

describe('aws-health', () => {
  it("passes on the issuer's word about a key", () => {
    const eventArn = 'arn:aws:health:us-east-1::event/RISK/AWS_RISK_CREDENTIALS_EXPOSED/AWS_RISK_CREDENTIALS_EXPOSED_nimbus_1';
    expect(leaks(exposed)).toEqual([{
      trigger: 'SecretLeaked', source: 'aws-health', finding: `${eventArn} ${planted['AWS_KEY_ID']}`, opening: `${eventArn} 2026-03-02T07:10:00.000Z`, at: '2026-03-02T07:10:00.000Z',
      where: eventArn, kind: 'AWS_RISK_CREDENTIALS_EXPOSED', claim: 'issuer', names: [{ issuer: 'aws-iam-key', id: planted['AWS_KEY_ID'] }], account: '444455556666', values: [],
    }]);
  });

  it('takes every key among the entities, in the account that is affected and not in the one that listens', () => {
    const parsed = parseSample(awsHealth, 'organization-two-keys.json');
    expect(leaksIn(parsed).map(({ names, account }) => [names[0]?.id, account])).toEqual([[planted['AWS_KEY_ID'], '111122223333'], [planted['AWS_KEY_ID_2'], '111122223333']]);
  });

  it('takes a resend and another page for the same opening, and another start for another', () => {
    const opening = (changes: object) => { const [leak] = leaks(withDetail(changes)); return `${leak?.finding} ${leak?.opening}`; };
    expect(opening({ communicationId: 'another', page: '2', totalPages: '3', lastUpdatedTime: 'Tue, 3 Mar 2026 07:12:00 GMT' })).toBe(opening({}));
    expect(opening({ startTime: 'Tue, 3 Mar 2026 07:12:00 GMT' })).not.toBe(opening({}));
  });

  it.each(['AWS_RISK_CREDENTIALS_EXPOSURE_SUSPECTED', 'AWS_RISK_CREDENTIALS_COMPROMISED', 'AWS_RISK_CREDENTIALS_COMPROMISE_SUSPECTED', 'AWS_RISK_IAM_QUARANTINE'])('knows %s of the family', (eventTypeCode) => {
    expect(leaks(withDetail({ eventTypeCode }))).toMatchObject([{ kind: eventTypeCode }]);
  });

  it.each([
    ['a closed event', { statusCode: 'closed' }], ['another service', { service: 'IAM' }], ['another event', { eventTypeCode: 'AWS_IAM_OPERATIONAL_ISSUE' }], ['no entity', { affectedEntities: [] }], ['no list of entities', { affectedEntities: undefined }],
    ['entities that are no keys', { affectedEntities: [{ entityValue: 'deploy-user' }, { entityValue: '111122223333' }, { entityValue: 7 }, null, 'text', { entityValue: 'arn:aws:iam::111122223333:user/X' }] }],
  ])('records %s and opens nothing', (_, changes) => {
    expect(awsHealth.parse(withDetail(changes))).toMatchObject({ kind: 'ignored' });
  });

  it.each([['no ARN', { eventArn: undefined }], ['entities in an object', { affectedEntities: { entityValue: 'x' } }]])('refuses %s', (_, changes) => {
    expect(awsHealth.parse(withDetail(changes))).toMatchObject({ kind: 'malformed' });
  });

  it('listens for the service RISK under both names of the event', () => {
    expect(awsHealth.pattern).toEqual({ source: ['aws.health'], detailType: ['AWS Health Event', 'AWS Health Abuse Event'], detail: { service: ['RISK'] } });
  });
});

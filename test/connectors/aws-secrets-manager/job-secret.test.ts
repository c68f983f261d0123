import { afterEach, describe, expect, it } from 'vitest';
import { jobSecret } from '../../../functions/connectors/aws-secrets-manager/job-secret.ts';
import type { Acted, Probed } from '../../../functions/core/connector.ts';
import { describeIssuer, describeWatched } from '../contract.ts';
import { account, newKey } from '../house.ts';
import { credentialOf, jobWatch, openJobHouse, secretName, type JobHouse, type JobOptions } from './job-secret-subject.ts';

const of = (operation: string) => ({ service: 'secretsmanager', operation });
const nobody = () => undefined;

describeIssuer('aws-secrets-manager, a secret made for one job', jobWatch, {
  make: () => openJobHouse(),
  door: { ...of('DescribeSecret'), ofValue: nobody, ofControl: nobody },
  knows: true, changes: { revoke: [of('DeleteSecret')] },
});

describeIssuer('aws-secrets-manager, a secret made for one job and named without its account', jobWatch, {
  make: () => openJobHouse({ id: () => secretName }),
  door: { ...of('DescribeSecret'), ofValue: nobody, ofControl: nobody },
  knows: true, changes: { revoke: [of('DeleteSecret')] },
});

let subject: JobHouse;
const open = async (options?: JobOptions) => (subject = await openJobHouse(options));
const end = (id?: string): Promise<Acted> => subject.issuer.revoke?.(id === undefined ? subject.credential : credentialOf(id), subject.context()) as Promise<Acted>;
const restore = (id?: string): Promise<Acted> => subject.issuer.restore?.(id === undefined ? subject.credential : credentialOf(id), {}, subject.context()) as Promise<Acted>;
const probe = (id?: string): Promise<Probed> => subject.issuer.probe(id === undefined ? subject.credential : credentialOf(id), undefined, subject.context());
const arnOf = (name: string, differing: { region?: string; account?: string } = {}) => `arn:aws:secretsmanager:${differing.region ?? 'us-east-1'}:${differing.account ?? account}:secret:${name}-AbCdEf`;

describe('a secret that was made for one job', () => {
  afterEach(() => subject.close());

  it('is read by nobody once the job is over, and its note says what that does not end', async () => {
    await open();
    expect(await subject.isRead(secretName)).toBe(true);
    expect(await end()).toMatchObject({ result: 'done', note: expect.stringMatching(/nobody can read it any more; what it held lives until its own issuer ends it/) as string });
    expect(await subject.isRead(secretName)).toBe(false);
    expect(await probe()).toMatchObject({ verdict: 'dead', basis: 'record', control: true, note: expect.stringContaining('lives until') as string });
  });

  it('can be given back within its window of seven days, as it was', async () => {
    await open();
    const before = subject.snapshot?.();
    await end();
    const { purgeAt = '', deletedAt = '' } = subject.house.aws.state().secrets[secretName] ?? {};
    expect(Date.parse(purgeAt) - Date.parse(deletedAt)).toBe(7 * 86_400_000);
    expect((await restore()).result).toBe('done');
    expect((await restore()).result).toBe('already');
    expect(subject.snapshot?.()).toEqual(before);
    expect(await subject.isRead(secretName)).toBe(true);
    expect((await probe()).verdict).toBe('alive');
  });

  it('that was purged cannot be given back, and is dead by its ARN, not by its name alone', async () => {
    await open();
    await subject.remove?.();
    expect((await restore()).result).toBe('refused');
    expect(await end()).toMatchObject({ result: 'already' });
    expect(await probe()).toMatchObject({ verdict: 'dead', control: true });
    expect(await probe(secretName)).toMatchObject({ verdict: 'unknown' });
  });

  it('loses its replicas first, which are not made again', async () => {
    await open({ secret: { replicas: ['eu-west-1', 'ap-south-1'] } });
    expect(await end()).toMatchObject({ result: 'done', evidence: { replicas: ['eu-west-1', 'ap-south-1'] } });
    expect(subject.alive()).toBe(false);
    expect((await restore()).result).toBe('done');
    expect(subject.house.aws.state().secrets[secretName]?.replicas).toEqual([]);
  });

  it('is not called dead where no other secret is found in the same record', async () => {
    await open({ others: [] });
    await end();
    expect(await probe()).toMatchObject({ verdict: 'unknown', control: false });
  });

  it('is alive where it is said to be deleted and can still be read', async () => {
    await open();
    await end();
    subject.behaviours.add({ ...of('GetSecretValue'), effect: 'lag', seconds: 3_600 });
    expect(await probe()).toMatchObject({ verdict: 'alive' });
  });

  it('is not asked for its value while it is alive', async () => {
    await open();
    await probe();
    expect(subject.house.calls.map(({ operation }) => operation)).not.toContain('GetSecretValue');
  });
});

describe('a secret that was not', () => {
  afterEach(() => subject.close());

  const kept: [string, RegExp, JobOptions][] = [
    ['has not the tag', /no tag rescind:lent=job/, { secret: { tags: {} } }],
    ['has another value in the tag', /no tag rescind:lent=job/, { secret: { tags: { 'rescind:lent': 'run' } } }],
    ['is managed by a service', /rds manages it/, { secret: { owningService: 'rds' } }],
    ['is bound by the configuration', /the configuration binds it/, { configuration: { secrets: [{ secret: secretName, owner: 'orders' }] } }],
    ['is our own', /our own/, { configuration: { own: [secretName] } }],
    ['holds the signing secret of a source', /our own/, { configuration: { sources: [{ source: 'github-secret-scanning', secrets: [secretName] }] } }],
    ['is a canary', /canary/, { configuration: { canaries: [secretName] } }],
  ];
  it.each(kept)('is refused, and stays: one that %s', async (_, reason, options) => {
    await open(options);
    expect(await end()).toMatchObject({ result: 'refused', reason: expect.stringMatching(reason) as string });
    expect(await subject.isRead(secretName)).toBe(true);
    expect(await subject.issuer.find(subject.credential, subject.context())).toMatchObject({ exists: true, protectedBy: expect.stringMatching(reason) as string });
  });

  it('is refused where it is of another account or Region, and is neither gone nor dead', async () => {
    await open();
    for (const id of [arnOf('jobs/x', { region: 'eu-west-1' }), arnOf('jobs/x', { account: '999988887777' })]) {
      expect(await end(id)).toMatchObject({ result: 'refused', reason: expect.stringMatching(/another (Region|account)/) as string });
      expect((await restore(id)).result).toBe('refused');
      expect((await probe(id)).verdict).toBe('unknown');
      expect(await subject.issuer.find(credentialOf(id), subject.context())).toMatchObject({ exists: false });
    }
  });

  it('is refused where IAM denies it to us', async () => {
    await open();
    subject.behaviours.add({ ...of('DeleteSecret'), effect: 'refuse', code: 'AccessDeniedException', message: 'no' });
    expect(await end()).toMatchObject({ result: 'refused', reason: expect.stringContaining('not allowed') as string });
  });
});

describe('finding a secret that was made for one job', () => {
  it('tells its name and its tags, by its ARN and by its name', async () => {
    await open({ others: [{ name: 'other', value: newKey() }] });
    try {
      const expected = { exists: true, name: `secret/${subject.house.arn(secretName)}`, account, protectedBy: undefined, attributes: { name: secretName, 'tag.rescind:lent': 'job', 'tag.pipeline': 'nightly' } };
      expect(await subject.issuer.find(subject.credential, subject.context())).toMatchObject(expected);
      expect(await subject.issuer.find(credentialOf(secretName), subject.context())).toMatchObject(expected);
    } finally {
      await subject.close();
    }
  });
});

describeWatched('aws-secrets-manager as an issuer', jobWatch, jobSecret.permissions);

import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf, brokerRole, repositoryId, type LeaseAnswer } from '../lease-world.ts';
import { account } from '../world-of.ts';
import { openPlay } from './lease-play.ts';

const where = { 'meta.repository_id': repositoryId };
const role = `arn:aws:iam::${account}:role/jobs/report`;
const watched = `arn:aws:iam::${account}:role/jobs/watched`;
const lent = (name: string) => ({ name, value: '${stranger}', tags: { 'rescind:lent': 'job' } });

describe('a credential that is asked for in several spellings', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({
      runners: 4,
      aws: {
        secrets: [lent('jobs/named'), lent('jobs/by-arn'), lent('jobs/other'), lent('jobs/sealed-one')],
        roles: [role, watched].map((arn) => ({ name: arn.split('/').at(-1) ?? '', path: '/jobs/', createDate: '2025-01-01T00:00:00Z' })),
      },
      leases: {
        subjects: [
          {
            name: 'broker', issuer: 'aws-iam', principal: brokerRole, platforms: ['nightly'], owner: 'platform',
            may: [
              { connector: 'vault', id: 'token/*', where },
              { connector: 'aws-secrets-manager', id: 'secret/jobs/named*' },
              { connector: 'aws-secrets-manager', id: 'secret/arn:*:secret:jobs/by-arn*' },
              { connector: 'aws-secrets-manager', id: 'secret/arn:*:secret:jobs/sealed*', where: { 'tag.team': 'nightly' } },
              { connector: 'aws-secrets-manager', id: 'secret/*rescind/*' },
              { connector: 'aws-role-session', id: role },
              { connector: 'aws-role-session', id: `${watched}@*` },
            ],
          },
          // whose rights are nobody else's
          { name: 'other', issuer: 'aws-iam', principal: `${brokerRole}-other`, platforms: ['nightly'], owner: 'platform', may: [{ connector: 'aws-secrets-manager', id: 'secret/jobs/*' }] },
        ],
      },
    });
  });
  afterAll(() => play.end());

  const ask = (run: string, connector: string, id: string): Promise<LeaseAnswer> =>
    play.town.lease('/iam/leases', { principal: brokerRole }, { run: { platform: 'nightly', run }, credential: { connector, id }, reason: 'the nightly report', minutes: 20 });
  const isLent = async (run: string, connector: string, id: string): Promise<{ id: string; credential: string }> => {
    const { status, body } = await ask(run, connector, id);
    expect(status, JSON.stringify(body)).toBe(201);
    return body as { id: string; credential: string };
  };
  const end = (id: string): Promise<LeaseAnswer> => play.town.lease(`/iam/leases/${id}/end`, { principal: brokerRole }, {});
  const arnOf = async (name: string): Promise<string> => (await play.town.clientOf(SecretsManagerClient).send(new DescribeSecretCommand({ SecretId: name }))).ARN ?? '';
  const noRight = { status: 403, body: { error: 'no right of this subject covers that credential' } };

  it('is one: it lives until the last lease of it ends, in whatever words that was asked for', async () => {
    const { town } = play;
    const credential = `vault:token/${accessorOf(1)}`;
    const first = await isLent('a', 'vault', `token/${accessorOf(1)}`);
    const others = [await isLent('b', 'vault', `token/${accessorOf(1)}@root`), await isLent('c', 'vault', `token/${accessorOf(1)}@/`), await isLent('d', 'vault', `token/${accessorOf(1)}@`)];
    expect([first, ...others].map((one) => one.credential)).toEqual([credential, credential, credential, credential]);
    for (const one of [first, ...others.slice(1)]) {
      await end(one.id);
      await town.becomes(one.id, 'handed-on');
      expect(await town.isAlive(credential)).toBe(true);
    }
    await end(others[0]?.id ?? '');
    await town.becomes(others[0]?.id ?? '', 'released');
    expect(await town.isAlive(credential)).toBe(false);
  });

  it('gives one lease to one run', async () => {
    const first = await ask('e', 'vault', `token/${accessorOf(2)}@root`);
    const again = await ask('e', 'vault', `token/${accessorOf(2)}`);
    expect([first.status, again.status, again.body.id]).toEqual([201, 200, first.body.id]);
  });

  it('is covered by a right in the words of the right or by the one name that its issuer has for it', async () => {
    const [named, byArn] = [await arnOf('jobs/named'), await arnOf('jobs/by-arn')];
    expect((await isLent('f', 'aws-secrets-manager', 'secret/jobs/named')).credential).toBe(`aws-secrets-manager:secret/${named}`);
    expect(await ask('g', 'aws-secrets-manager', `secret/${named}`)).toEqual(noRight);
    const first = await isLent('h', 'aws-secrets-manager', 'secret/jobs/by-arn');
    const second = await isLent('i', 'aws-secrets-manager', `secret/${byArn}`);
    expect([first.credential, second.credential]).toEqual([`aws-secrets-manager:secret/${byArn}`, `aws-secrets-manager:secret/${byArn}`]);
    await end(first.id);
    await play.town.becomes(first.id, 'handed-on');
    expect(await play.town.isAlive(first.credential)).toBe(true);
    await end(second.id);
    await play.town.becomes(second.id, 'released');
    expect(await play.town.isAlive(first.credential)).toBe(false);
  });

  it('tells nobody that it exists in words that no right covers', async () => {
    // covered in no words; only by its ARN, with a condition that is not met; not there
    for (const id of ['secret/jobs/other', 'secret/jobs/sealed-one', 'secret/jobs/sealed-none']) expect(await ask('j', 'aws-secrets-manager', id), id).toEqual(noRight);
    play.town.behaviours.add({ service: 'secretsmanager', operation: 'DescribeSecret', effect: 'refuse', code: 'AccessDeniedException', message: 'no', times: 1 });
    expect(await ask('j', 'aws-secrets-manager', 'secret/jobs/sealed-one')).toEqual(noRight);
  });

  it('of Rescind\'s own is refused in every spelling', async () => {
    expect(await ask('k', 'aws-secrets-manager', 'secret/rescind/vault')).toEqual({ status: 403, body: { error: "that is one of Rescind's own" } });
    expect(await ask('k', 'aws-secrets-manager', `secret/${await arnOf('rescind/vault')}`)).toEqual({ status: 403, body: { error: "that is one of Rescind's own" } });
  });

  it('is the sessions of a role without a time, so a right to those before a time is none to all', async () => {
    const time = '2030-01-01T00:00:00Z';
    expect(await ask('l', 'aws-role-session', `${watched}@${time}`)).toMatchObject({ status: 403 });
    expect((await isLent('m', 'aws-role-session', `${role}@${time}`)).credential).toBe(`aws-role-session:${role}`);
    expect((await isLent('n', 'aws-role-session', role)).credential).toBe(`aws-role-session:${role}`);
  });
});

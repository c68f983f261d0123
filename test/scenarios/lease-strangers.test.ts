import { QueryCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf, brokerRole, ownerId, projectId, repositoryId, type LeaseAnswer } from '../lease-world.ts';
import { inLeaseTown, openPlay } from './lease-play.ts';

const stranger = 'token/strangeraccessor00000000';
const wish = (n: number, more: object = {}) => ({ credential: { connector: 'vault', id: `token/${accessorOf(n)}` }, reason: 'builds the app', minutes: 10, ...more });

describe('who may lease', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 6 });
  });
  afterAll(() => play.end());

  const post = (token: string, body: unknown = wish(1), path = '/leases'): Promise<LeaseAnswer> => play.town.lease(path, { token }, body);
  const asPrincipal = (principal: string, body: unknown, path = '/iam/leases'): Promise<LeaseAnswer> => play.town.lease(path, { principal }, body);
  /** What the ledger keeps of refused uses, newest last. */
  const refusedUses = async (): Promise<{ reason: string; lease?: string; by: Record<string, unknown> }[]> => {
    const day = play.town.clock.now().toISOString().slice(0, 10);
    const { Items = [] } = await DynamoDBDocumentClient.from(play.town.clientOf(DynamoDBClient)).send(new QueryCommand({ TableName: 'leases', KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': `use#${day}` } }));
    return Items.filter(({ what }) => what === 'refused') as never[];
  };
  /** Nothing is lent, and nothing is refused without a reason. */
  const expectRefused = async (asked: Promise<LeaseAnswer>, status: number, why: string | RegExp): Promise<void> => {
    const answer = await asked;
    expect(answer).toEqual({ status, body: { error: expect.stringMatching(why) as string } });
    expect(await play.town.rows()).toEqual([]);
  };

  it.each([
    ['is of a stranger\'s repository', { repository_id: '999', repository_owner_id: '666', repository: 'mallory/app' }],
    ['is of a fork', { repository_id: '7999', repository: 'mallory/app', repository_owner: 'mallory', repository_owner_id: '666' }],
    ['is of a repository that took over our name', { repository_id: '7777' }],
    ['is of our repository, which went to another owner', { repository_owner_id: '666' }],
    ['has no ids', { repository_id: undefined, repository_owner_id: undefined }],
    ['has the id in a list', { repository_id: [repositoryId] }],
  ])('is nobody whose valid token %s', async (_, claims) => {
    const before = (await refusedUses()).length;
    await expectRefused(post(await play.town.githubToken(500, claims)), 403, /ids are not in the configuration|has no claim repository_id/);
    expect((await refusedUses()).length).toBeGreaterThanOrEqual(before + ('repository_id' in claims && claims.repository_id === undefined ? 0 : 1));
  });

  it('is nobody whose token is not right', async () => {
    const { town } = play;
    const now = Math.floor(town.clock.now().getTime() / 1000);
    const token = (options: object) => town.githubToken(500, {}, options);
    await expectRefused(post(await token({ audience: 'sts.amazonaws.com' })), 401, 'another audience');
    await expectRefused(post(await token({ issuedAt: now - 3600 })), 401, 'expired');
    await expectRefused(post(await token({ issuedAt: now + 3600 })), 401, 'future|not valid yet');
    await expectRefused(post(await token({ alg: 'none' })), 401, '');
    await expectRefused(post(await token({ alg: 'HS256' })), 401, 'not accepted');
    await expectRefused(post(await token({ key: 'foreign' })), 401, 'signature');
    await expectRefused(post(await town.token({ sub: 'x', repository_id: repositoryId, repository_owner_id: ownerId, run_id: '500', run_attempt: '1' }, { issuer: 'evil' })), 401, 'issuer is not trusted');
    // another trusted issuer's token is not GitHub's, whatever it claims
    await expectRefused(post(await town.token({ sub: 'x', repository_id: repositoryId, repository_owner_id: ownerId, run_id: '500', run_attempt: '1' }, { issuer: 'spiffe' })), 403, 'trusts this token');
    for (const bad of ['x', 'a.b.c', '..', 'x'.repeat(12_000)]) await expectRefused(post(bad), 401, '');
    const none = await fetch(`${town.url}/leases`, { method: 'POST', body: JSON.stringify(wish(1)) });
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  });

  it('is nobody whose right does not cover the credential, or whose issuer keeps it for somebody else', async () => {
    const { town } = play;
    const token = await town.githubToken(500);
    await expectRefused(post(token, wish(1, { credential: { connector: 'vault', id: stranger } })), 403, 'is not what this subject');
    await expectRefused(post(token, wish(1, { credential: { connector: 'vault', id: `token/${accessorOf(1, true)}` } })), 403, 'is not what this subject');
    await expectRefused(post(token, wish(1, { credential: { connector: 'vault', id: 'token/nosuchaccessor0000000000' } })), 403, 'is not what this subject');
    await expectRefused(post(token, wish(1, { credential: { connector: 'vault', id: 'prefix/database/creds' } })), 403, 'no right');
    await expectRefused(post(token, wish(1, { credential: { connector: 'aws-role-session', id: 'arn:aws:iam::111122223333:role/any' } })), 403, 'no right');
    await expectRefused(post(token, wish(1, { credential: { connector: 'vault', id: 'token/rescindaccessor000000000' } })), 403, 'is not what this subject');
    expect(await refusedUses()).toContainEqual(expect.objectContaining({ reason: expect.stringContaining('what the issuer keeps') as string, by: expect.objectContaining({ repository: 'acme/app', subject: 'repo:acme/app:ref:refs/heads/main' }) as object }));
  });

  it('is told of what it has no right to no more than of what does not exist', async () => {
    const { town } = play;
    const token = await town.githubToken(500);
    const before = (await refusedUses()).length;
    const ids = [stranger, 'token/nosuchaccessor0000000000', 'token/strangeraccessor00000000@root', 'token/..', 'token/rescindaccessor000000000'];
    const answers: LeaseAnswer[] = [];
    for (const id of ids) answers.push(await post(token, wish(1, { credential: { connector: 'vault', id } })));
    expect(answers).toEqual(ids.map(() => ({ status: 403, body: answers[0]?.body })));
    const uses = (await refusedUses()).slice(before);
    expect([uses.length, new Set(uses.map(({ reason }) => reason)).size]).toEqual([ids.length, 1]);
  });

  it('names no run but the one that the token is of', async () => {
    const { town } = play;
    const token = await town.githubToken(500, { check_run_id: '71' });
    const run = { platform: 'github-actions', run: `${repositoryId}/500`, attempt: '1' };
    await expectRefused(post(token, wish(1, { run: { ...run, run: `${repositoryId}/501` } })), 403, 'another run');
    await expectRefused(post(token, wish(1, { run: { ...run, attempt: '2' } })), 403, 'another run');
    await expectRefused(post(token, wish(1, { run: { ...run, platform: 'aws-batch', run: '500' } })), 403, 'another run');
    await expectRefused(post(token, wish(1, { run: { ...run, job: '72' } })), 403, 'another job');
    const svid = await town.token({ sub: 'spiffe://small.example/worker', iat: undefined }, { issuer: 'spiffe' });
    await expectRefused(post(svid, wish(1)), 400, 'run is missing');
    await expectRefused(post(svid, wish(1, { run })), 403, 'named by their own tokens only');
    await expectRefused(post(svid, wish(1, { run: { platform: 'aws-batch', run: 'j', attempt: 1 } })), 403, 'may not name runs of that platform');
    await expectRefused(asPrincipal(brokerRole, wish(1, { run })), 403, 'named by their own tokens only');
  });

  it('is no AWS principal that is not configured, and none without a name', async () => {
    const run = { platform: 'aws-batch', run: 'j-1' };
    for (const principal of ['arn:aws:iam::111122223333:role/other', 'arn:aws:sts::111122223333:assumed-role/other/broker', 'arn:aws:sts::999988887777:assumed-role/broker/x', 'broker']) {
      await expectRefused(asPrincipal(principal, wish(1, { run })), 403, 'trusts this principal');
    }
    const none = await fetch(`${play.town.url}/iam/leases`, { method: 'POST', body: JSON.stringify(wish(1, { run })) });
    expect(none.status).toBe(401);
    // a principal is none for the path of the tokens
    await expectRefused(play.town.lease('/leases', { principal: brokerRole }, wish(1, { run })), 401, 'OIDC token');
  });

  it('is whoever has the ids, under whatever name, by GitHub, GitLab, SPIFFE or AWS', async () => {
    const { town } = play;
    const renamed = await town.register(1, 500, { claims: { repository: 'newname/newapp', repository_owner: 'newname', sub: 'repo:newname/newapp:ref:refs/heads/main' } });
    expect(renamed).toMatchObject({ status: 201, body: { run: { platform: 'github-actions', run: `${repositoryId}/500`, attempt: '1' } } });
    expect(await town.look(renamed.body.id ?? '')).toMatchObject({ owner: 'orders', by: { as: 'app', repository: 'newname/newapp', actor: 'ada', workflow: 'acme/app/.github/workflows/build.yml@refs/heads/main', address: '127.0.0.1' } });
    const pipeline = await post(await town.gitlabToken(600), wish(2));
    expect(pipeline).toMatchObject({ status: 201, body: { run: { platform: 'gitlab', run: `${projectId}/600`, attempt: '1' } } });
    const svid = await town.token({ sub: 'spiffe://small.example/worker', iat: undefined }, { issuer: 'spiffe' });
    expect(await post(svid, wish(3, { run: { platform: 'kubernetes', run: 'default/job-1' } }))).toMatchObject({ status: 201, body: { run: { attempt: '1' } } });
    const batch = await asPrincipal('arn:aws:sts::111122223333:assumed-role/broker/session-1', wish(4, { run: { platform: 'aws-batch', run: 'j-1', attempt: 1 } }));
    expect(batch.status).toBe(201);
    expect(await town.look(batch.body.id ?? '')).toMatchObject({ by: { issuer: 'aws-iam', as: 'broker', actor: 'arn:aws:sts::111122223333:assumed-role/broker/session-1' } });
  });

  it('renews and ends its own leases; those of others do not exist for it, and the attempt is kept', async () => {
    const { town } = play;
    const { body } = await town.register(5, 505);
    const id = body.id ?? '';
    const others: [string, Promise<LeaseAnswer>][] = [];
    for (const what of ['renew', 'end']) {
      others.push(
        ['another run of the repository', post(await town.githubToken(506), {}, `/leases/${id}/${what}`)],
        ['another attempt', post(await town.githubToken(505, { run_attempt: '2' }), {}, `/leases/${id}/${what}`)],
        ['another branch', post(await town.githubToken(505, { sub: 'repo:acme/app:ref:refs/heads/evil' }), {}, `/leases/${id}/${what}`)],
        ['a pipeline', post(await town.gitlabToken(505), {}, `/leases/${id}/${what}`)],
        ['the broker', asPrincipal(brokerRole, {}, `/iam/leases/${id}/${what}`)],
      );
    }
    for (const [who, asked] of others) expect(await asked, who).toEqual({ status: 404, body: { error: 'there is no such lease of yours' } });
    expect((await refusedUses()).filter(({ lease }) => lease === id)).toHaveLength(others.length);
    expect(await post(await town.githubToken(505), {}, '/leases/l-nothing/end')).toEqual({ status: 404, body: { error: 'there is no such lease of yours' } });
    expect((await town.look(id)).status).toBe('active');
    expect(await post(await town.githubToken(505), undefined, `/leases/${id}/end`)).toMatchObject({ status: 202 });
    expect(await town.becomes(id, 'released')).toMatchObject({ ending: { kind: 'by-holder' } });
    expect(await town.isAlive(`vault:token/${accessorOf(5)}`)).toBe(false);
  });

  it('and an operator ends any lease, with a name and a reason', async () => {
    const { town } = play;
    const { body } = await town.register(6, 507);
    const path = `/leases/${body.id ?? ''}/revoke`;
    expect((await town.ask('POST', path, { reason: 'it leaks' }, null)).status).toBe(403);
    for (const fields of [undefined, {}, { reason: '' }, { reason: 'x'.repeat(501) }, { reason: 7 }]) expect((await town.ask('POST', path, fields)).status).toBe(400);
    expect((await town.ask('POST', '/leases/l-nothing/revoke', { reason: 'it leaks' })).status).toBe(404);
    expect((await town.ask('POST', path, { reason: 'it leaks' }, 'grace')).status).toBe(202);
    expect(await town.becomes(body.id ?? '', 'released')).toMatchObject({ ending: { kind: 'by-operator', reason: 'it leaks', by: { subject: 'grace' } } });
  });
});

describe('what a caller is told of a credential', () => {
  it('is that it does not exist, or that it is kept, only where a right is fulfilled', async () => {
    const tagged = (name: string, team: string, tags: Record<string, string> = {}) => ({ name, value: '${stranger}', tags: { team, ...tags } });
    const mine = { 'tag.team': 'ci' };
    await inLeaseTown(
      {
        runners: 1,
        aws: { secrets: [tagged('ci/kept', 'ci'), tagged('ci/theirs', 'payments'), tagged('open/kept', 'payments'), tagged('ci/lent', 'ci', { 'rescind:lent': 'job' })] },
        leases: {
          subjects: [{
            name: 'broker', issuer: 'aws-iam', principal: brokerRole, platforms: ['nightly'], owner: 'platform',
            may: [{ connector: 'aws-secrets-manager', id: 'secret/ci/*', where: mine }, { connector: 'aws-secrets-manager', id: 'secret/open/*' }, { connector: 'vault', id: 'token/nosuchaccessor0000000000' }],
          }],
        },
      },
      async ({ town }) => {
        const ask = async (connector: string, id: string): Promise<[number, string | undefined]> => {
          const { status, body } = await town.lease('/iam/leases', { principal: brokerRole }, { run: { platform: 'nightly', run: 'r' }, credential: { connector, id }, reason: 'x', minutes: 5 });
          return [status, body.error];
        };
        const secret = (name: string) => ask('aws-secrets-manager', `secret/${name}`);
        const refused = [403, "what the issuer keeps about that credential is not what this subject's right asks for"];
        expect(await secret('ci/theirs')).toEqual(refused);
        expect(await secret('ci/none')).toEqual(refused);
        expect(await secret('ci/kept')).toEqual([409, expect.stringContaining('no tag rescind:lent')]);
        expect(await secret('open/kept')).toEqual([409, expect.stringContaining('no tag rescind:lent')]);
        expect(await secret('open/none')).toEqual([404, 'its issuer knows no such credential']);
        expect(await ask('vault', 'token/nosuchaccessor0000000000')).toEqual([404, 'its issuer knows no such credential']);
        expect((await secret('ci/lent'))[0]).toBe(201);
      },
    );
  });
});

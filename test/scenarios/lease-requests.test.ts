import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf, brokerRole, type LeaseAnswer } from '../lease-world.ts';
import { openPlay } from './lease-play.ts';

const marked = `Mark3d${randomUUID().replaceAll('-', '')}`;
const credential = { connector: 'vault', id: `token/${accessorOf(1)}` };
const wish = { credential, reason: 'builds the app', minutes: 10 };
const run = { platform: 'nightly', run: 'r-1' };

const rubbish: [what: string, body: unknown][] = [
  ['nothing', undefined],
  ['no JSON', `{${marked}`],
  ['a text', JSON.stringify(marked)],
  ['a list', [wish]],
  ['null', 'null'],
  ['an empty object', {}],
  ['an unknown field', { ...wish, [marked]: 1 }],
  ['a value', { ...wish, value: marked }],
  ['no reason', { credential, minutes: 10 }],
  ['an empty reason', { ...wish, reason: '' }],
  ['a reason of 501 characters', { ...wish, reason: marked.padEnd(501, 'x') }],
  ['a reason with a line end', { ...wish, reason: `${marked}\n` }],
  ['a reason that is a number', { ...wish, reason: 7 }],
  ['a credential that is a text', { ...wish, credential: `vault:${marked}` }],
  ['a credential that is null', { ...wish, credential: null }],
  ['a credential without an id', { ...wish, credential: { connector: 'vault' } }],
  ['a credential with a value', { ...wish, credential: { ...credential, value: marked } }],
  ['an id that is too long', { ...wish, credential: { connector: 'vault', id: marked.padEnd(1025, 'x') } }],
  ['an id with a control character', { ...wish, credential: { connector: 'vault', id: `token/${marked}\u0000` } }],
  ['a connector that is an object', { ...wish, credential: { connector: {}, id: marked } }],
  ['until something', { ...wish, until: marked }],
  ['minutes as a text', { ...wish, minutes: '10' }],
  ['no minutes at all', { ...wish, minutes: 0 }],
  ['minutes below zero', { ...wish, minutes: -1 }],
  ['more minutes than are allowed', { ...wish, minutes: 61 }],
  ['endless minutes', { ...wish, minutes: 1e308 }],
  ['minutes and an expiry', { ...wish, expiresAt: '2030-01-01T00:00:00Z' }],
  ['an expiry in the past', { credential, reason: 'x', expiresAt: '2020-01-01T00:00:00Z' }],
  ['an expiry far ahead', { credential, reason: 'x', expiresAt: '2999-01-01T00:00:00Z' }],
  ['an expiry without a zone', { credential, reason: 'x', expiresAt: '2030-01-01T00:00:00' }],
  ['an expiry that is no time', { credential, reason: 'x', expiresAt: marked }],
  ['a run that is a text', { ...wish, run: marked }],
  ['a run with an unknown field', { ...wish, run: { ...run, [marked]: 1 } }],
  ['a run without a platform', { ...wish, run: { run: marked } }],
  ['a run of a strange platform', { ...wish, run: { ...run, platform: `${marked}/..` } }],
  ['a run without an id', { ...wish, run: { platform: 'nightly' } }],
  ['a run whose id is an object', { ...wish, run: { ...run, run: {} } }],
  ['a run whose attempt is half', { ...wish, run: { ...run, attempt: 1.5 } }],
  ['a run whose job is a list', { ...wish, run: { ...run, job: [marked] } }],
];

describe('a request for a lease', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 7 });
  });
  afterAll(() => play.end());
  const broker = (body: unknown, path = '/iam/leases'): Promise<LeaseAnswer> => play.town.lease(path, { principal: brokerRole }, body);

  it.each(rubbish)('with %s is refused with a reason that quotes nothing', async (_, body) => {
    const { status, body: { error = '' } } = await broker(typeof body === 'object' && body !== null && !Array.isArray(body) && !('run' in body) ? { ...body, run } : body);
    expect([status, error.length > 10, error.includes(marked)]).toEqual([400, true, false]);
    expect(await play.town.rows()).toEqual([]);
  });

  it('is refused by a token\'s path in the same words', async () => {
    const { town } = play;
    for (const body of [undefined, `{${marked}`, { ...wish, minutes: 61 }, { ...wish, [marked]: 1 }]) {
      const answer = await town.lease('/leases', { token: await town.githubToken(500) }, body);
      expect(answer).toEqual({ status: 400, body: (await broker(body)).body });
    }
    expect(await town.rows()).toEqual([]);
  });

  it('that is too large, or for a path or with a method that is not there, is told so', async () => {
    const { town } = play;
    expect((await broker({ ...wish, run, more: 'x'.repeat(64 * 1024) })).status).toBe(413);
    const asked = async (method: string, path: string): Promise<[number, string | null]> => {
      const response = await fetch(`${town.url}${path}`, { method });
      expect(await response.json()).toEqual({ error: expect.any(String) as string });
      return [response.status, response.headers.get('allow')];
    };
    expect(await asked('DELETE', '/leases')).toEqual([405, 'GET, POST']);
    expect(await asked('PUT', '/leases/l-1')).toEqual([405, 'GET']);
    expect(await asked('GET', '/leases/l-1/renew')).toEqual([405, 'POST']);
    expect(await asked('GET', '/iam/leases')).toEqual([405, 'POST']);
    expect(await asked('GET', '/leases/l-1/what')).toEqual([404, null]);
    expect(await asked('GET', '/leases/l-1')).toEqual([404, null]);
    expect(await asked('GET', '/iam')).toEqual([404, null]);
    expect(await asked('GET', '/leases?status=dead')).toEqual([400, null]);
    expect(await asked('GET', '/leases?limit=0')).toEqual([400, null]);
    expect(await asked('GET', '/leases?cursor=..%2F..')).toEqual([400, null]);
  });

  it('is answered 201, and 200 with the same lease when it comes again, for at most the minutes that are allowed', async () => {
    const { town, clock } = play;
    const from = clock.now().getTime();
    const [first, again, other] = [await broker({ ...wish, run, minutes: 60 }), await broker({ ...wish, run, minutes: 5 }), await broker({ ...wish, run: { ...run, run: 'r-2' } })];
    expect([first.status, again.status, other.status]).toEqual([201, 200, 201]);
    expect([again.body.id, again.body.expiresAt]).toEqual([first.body.id, first.body.expiresAt]);
    expect(other.body.id).not.toBe(first.body.id);
    const ahead = new Date(first.body.expiresAt ?? '').getTime() - from;
    expect([ahead > 59 * 60_000, ahead <= clock.now().getTime() - from + 60 * 60_000]).toEqual([true, true]);
    expect((await town.look(first.body.id ?? '')).timeline).toHaveLength(1);
  });

  it('is one lease although it comes twenty times at once', async () => {
    const { town } = play;
    const before = town.counted.get('LeaseRegistered') ?? 0;
    const answers = await Promise.all(Array.from({ length: 20 }, () => town.register(2, 502)));
    expect([...new Set(answers.map(({ body }) => body.id))]).toEqual([expect.stringMatching(/^l-/)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
    const lease = await town.look(answers[0]?.body.id ?? '');
    expect([lease.timeline.length, lease.status, town.counted.get('LeaseRegistered')]).toEqual([1, 'active', before + 1]);
    expect(town.platform.timers().filter(({ name }) => name === lease.id)).toHaveLength(1);
    await town.runEnded(502);
    await town.becomes(lease.id, 'released');
  });

  it('shows every lease once, newest first, over as many pages as it takes', async () => {
    const { town } = play;
    for (let k = 0; k < 7; k += 1) expect((await town.register(3, 600 + k)).status).toBe(201);
    const seen: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await town.get<{ leases: { id: string; registeredAt: string }[]; cursor?: string }>(`/leases?limit=3${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.leases.map(({ id, registeredAt }) => `${registeredAt} ${id}`));
      cursor = page.cursor;
    }
    expect(seen).toHaveLength(10);
    expect(seen).toEqual([...new Set(seen)].sort().reverse());
    expect(await town.rows('&status=active')).toHaveLength(9);
  });

  it('that comes again when its lease is over is told so by the lease\'s name, though its issuer knows the credential no more', async () => {
    const { town } = play;
    const { body: { id = '' } } = await town.register(4, 504);
    await town.runEnded(504);
    await town.becomes(id, 'released');
    const over: LeaseAnswer = { status: 409, body: { lease: id, error: expect.stringContaining(`over (released), as ${id}`) as string } };
    expect(await town.register(4, 504)).toEqual(over);
    // in every spelling that it can be asked for in
    expect(await town.register(4, 504, { body: { credential: { connector: 'vault', id: `token/${accessorOf(4)}@root` } } })).toEqual(over);
    // whoever is another run learns no more than that the right finds nothing
    expect(await town.register(4, 505)).toMatchObject({ status: 403 });
    expect((await town.look(id)).status).toBe('released');
    const byBroker = { credential: { connector: 'vault', id: `token/${accessorOf(5)}` }, reason: 'x', minutes: 10, run: { ...run, run: 'r-5' } };
    const own = (await broker(byBroker)).body.id ?? '';
    expect((await town.lease(`/iam/leases/${own}/end`, { principal: brokerRole }, {})).status).toBe(202);
    await town.becomes(own, 'released');
    expect(await broker(byBroker)).toMatchObject({ status: 409, body: { lease: own } });
    expect(await broker({ ...byBroker, run: { ...run, run: 'r-6' } })).not.toMatchObject({ status: 409 });
  });

  it('that comes again while its lease ends is told so by the name, and is the same lease where only its credential is gone', async () => {
    const { town, between } = play;
    const { body: { id = '' } } = await town.register(6, 506);
    const answers: LeaseAnswer[] = [];
    const asked = async () => void answers.push(await town.register(6, 506));
    // right after the claim, and after each line that is written on the way
    for (const call of ['release DynamoDB UpdateItem', 'release DynamoDB PutItem', 'release DynamoDB DeleteItem']) between.after(call, asked);
    await town.runEnded(506);
    await town.becomes(id, 'released');
    await town.until(() => answers.length >= 2, 'it was asked meanwhile');
    for (const answer of answers) expect(answer).toMatchObject({ status: 409, body: { lease: id, error: expect.stringContaining(id) as string } });

    const { body: { id: other = '' } } = await town.register(7, 507);
    const { vault } = town.providers;
    await fetch(`${vault?.url}/v1/auth/token/revoke-accessor`, { method: 'POST', headers: { 'x-vault-token': town.value('vaultToken') }, body: JSON.stringify({ accessor: accessorOf(7) }) });
    expect(await town.register(7, 507)).toMatchObject({ status: 200, body: { id: other, status: 'active' } });
    expect((await town.register(7, 508)).status).toBe(403);
  });
});

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessorOf, brokerRole, repositoryId, type LeaseAnswer, type LeaseTown } from '../lease-world.ts';
import { inLeaseTown, openPlay, quiet } from './lease-play.ts';

interface Use {
  what: string;
  by: { issuer: string; subject: string; as?: string; repository?: string; workflow?: string; address?: string };
  reason?: string;
  lease?: string;
}

/** What the table keeps of uses of the API by callers other than those who only look, oldest first. */
const usesOf = async (town: LeaseTown): Promise<Use[]> => {
  const day = town.clock.now().toISOString().slice(0, 10);
  const { Items = [] } = await DynamoDBDocumentClient.from(town.clientOf(DynamoDBClient)).send(new QueryCommand({ TableName: 'leases', KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': `use#${day}` } }));
  return (Items as Use[]).filter(({ what }) => what !== 'listed' && what !== 'shown');
};

const wish = (n: number, more: object = {}) => ({ credential: { connector: 'vault', id: `token/${accessorOf(n)}` }, reason: 'builds the app', minutes: 10, ...more });
const app = { subject: 'repo:acme/app:ref:refs/heads/main', as: 'app', repository: 'acme/app', workflow: 'acme/app/.github/workflows/build.yml@refs/heads/main', address: '127.0.0.1' };

describe('a use of the lease API by somebody who proved who they are', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 6 });
  });
  afterAll(() => play.end());

  const post = (token: string, body: unknown, path = '/leases'): Promise<LeaseAnswer> => play.town.lease(path, { token }, body);
  /** What was kept of what happens meanwhile. */
  const keptOf = async (act: () => Promise<unknown>): Promise<Use[]> => {
    const before = (await usesOf(play.town)).length;
    await act();
    return (await usesOf(play.town)).slice(before);
  };

  it('is kept where the same request finds its lease again, or a renewal gains nothing', async () => {
    const { town } = play;
    const { body } = await town.register(1, 500);
    const id = body.id ?? '';
    const again = await keptOf(async () => expect((await town.register(1, 500)).status).toBe(200));
    expect(again).toMatchObject([{ what: 'registered-again', lease: id, reason: 'builds the app', by: app }]);
    const token = await town.githubToken(500);
    // that one is a line of the lease itself
    expect(await keptOf(async () => expect((await post(token, { minutes: 50 }, `/leases/${id}/renew`)).status).toBe(200))).toEqual([]);
    const renewed = await keptOf(async () => expect((await post(token, { minutes: 5 }, `/leases/${id}/renew`)).status).toBe(200));
    expect(renewed).toMatchObject([{ what: 'renewed-again', lease: id, by: app }]);
  });

  it('is kept for everybody who asked for an end, whoever came first', async () => {
    const { town } = play;
    const { body } = await town.register(2, 502);
    const id = body.id ?? '';
    const token = await town.githubToken(502);
    const kept = await keptOf(async () => {
      const answers = await Promise.all([post(token, '', `/leases/${id}/end`), town.ask('POST', `/leases/${id}/revoke`, { reason: 'it leaks' }, 'grace')]);
      expect(answers.map(({ status }) => status)).toEqual([202, 202]);
      await town.becomes(id, 'released');
      expect((await town.ask('POST', `/leases/${id}/revoke`, { reason: 'to be sure' }, 'heidi')).status).toBe(202);
      expect((await post(token, '', `/leases/${id}/end`)).status).toBe(202);
    });
    expect(kept).toHaveLength(4);
    expect(kept.every(({ lease }) => lease === id)).toBe(true);
    const operators = kept.filter(({ what }) => what === 'revoke-asked').map(({ by, reason }) => [by, reason]);
    expect(operators).toEqual([
      [{ issuer: 'aws-iam', subject: 'grace', address: '127.0.0.1' }, 'it leaks'],
      [{ issuer: 'aws-iam', subject: 'heidi', address: '127.0.0.1' }, 'to be sure'],
    ]);
    expect(kept.filter(({ what }) => what === 'end-asked')).toMatchObject([{ by: app }, { by: app }]);
  });

  it('is kept once where it was refused, with the reason', async () => {
    const { town } = play;
    const { body } = await town.register(3, 503);
    const id = body.id ?? '';
    await town.lease(`/leases/${id}/end`, { token: await town.githubToken(503) });
    await town.becomes(id, 'released');
    const { body: other } = await town.register(4, 504);
    await town.runEnded(505);
    await quiet(town);
    const token = await town.githubToken(503);
    const svid = await town.token({ sub: 'spiffe://small.example/worker' }, { issuer: 'spiffe' });
    const batch = { platform: 'aws-batch', run: 'j' };
    const stories: [status: number, reason: RegExp, ask: () => Promise<{ status: number }>, lease?: unknown][] = [
      [403, /another run/, () => post(token, wish(5, { run: { platform: 'github-actions', run: `${repositoryId}/999`, attempt: '1' } }))],
      [403, /may not name runs of that platform/, () => post(svid, wish(5, { run: batch }))],
      [400, /run is missing/, () => post(svid, wish(5))],
      [403, /has no claim run_id/, async () => post(await town.githubToken(503, { run_id: undefined }), wish(5))],
      [403, /ids are not in the configuration/, async () => post(await town.githubToken(503, { repository_id: '999' }), wish(5))],
      [403, /trusts this principal/, () => town.lease('/iam/leases', { principal: 'arn:aws:iam::111122223333:role/other' }, wish(5))],
      [403, /no right/, () => post(token, wish(5, { credential: { connector: 'vault', id: 'prefix/database/creds' } }))],
      [400, /not known here/, () => town.lease('/iam/leases', { principal: brokerRole }, { ...wish(5), value: 'x' })],
      [409, /the run is over/, () => town.register(5, 505), expect.stringMatching(/^l-/)],
      [409, /this lease is over/, () => post(token, {}, `/leases/${id}/renew`), id],
      [404, /another subject or run/, () => post(token, {}, `/leases/${other.id ?? ''}/renew`), other.id],
      [404, /no such lease of yours/, () => post(token, '', `/leases/l-${'0'.repeat(20)}-${'0'.repeat(16)}/end`), `l-${'0'.repeat(20)}-${'0'.repeat(16)}`],
      [404, /no such lease of yours/, () => post(token, '', '/leases/s.something/end')],
      [400, /a reason is required/, () => town.ask('POST', `/leases/${other.id ?? ''}/revoke`, {}, 'grace'), other.id],
      [404, /no such lease/, () => town.ask('POST', '/leases/s.something/revoke', { reason: 'x' }, 'grace')],
    ];
    for (const [status, reason, ask, lease] of stories) {
      const kept = await keptOf(async () => expect((await ask()).status, String(reason)).toBe(status));
      expect(kept, String(reason)).toMatchObject([{ what: 'refused', reason: expect.stringMatching(reason) as string, by: { subject: expect.stringMatching(/./) as string, address: '127.0.0.1' } }]);
      expect(kept[0]?.lease, String(reason)).toEqual(lease);
    }
  });

  it('is not kept of whoever proved nothing, nor of who only looks beyond the one line', async () => {
    const { town } = play;
    const kept = await keptOf(async () => {
      expect((await post(await town.githubToken(505, {}, { key: 'foreign' }), wish(6))).status).toBe(401);
      expect((await post('x', wish(6))).status).toBe(401);
      expect((await town.ask('POST', '/leases/l-nothing/revoke', { reason: 'x' }, null)).status).toBe(403);
      await town.rows();
    });
    expect(kept).toEqual([]);
  });
});

describe('an end that was asked for', () => {
  it.each([
    ['the holder', (town: LeaseTown, id: string) => town.githubToken(600).then((token) => town.lease(`/leases/${id}/end`, { token }, ''))],
    ['an operator', (town: LeaseTown, id: string) => town.lease(`/leases/${id}/revoke`, { principal: 'grace' }, { reason: 'it leaks' })],
  ])('by %s is done although that could not be written down; who asks again is kept', async (_, ask) => {
    let isDown = false;
    await inLeaseTown(
      { runners: 1 },
      async ({ town }) => {
        const { body } = await town.register(1, 600);
        const id = body.id ?? '';
        isDown = true;
        const answer = await ask(town, id);
        isDown = false;
        expect(answer).toMatchObject({ status: 503, body: { error: expect.stringContaining('goes ahead') as string } });
        expect((await town.becomes(id, 'released')).status).toBe('released');
        expect(await usesOf(town)).toEqual([]);
        expect((await ask(town, id)).status).toBe(202);
        expect(await usesOf(town)).toMatchObject([{ what: expect.stringMatching(/^(end|revoke)-asked$/) as string, lease: id }]);
      },
      {
        hooks: {
          onCall: (by, { operation }, input) => {
            if (isDown && by === 'leases' && operation === 'PutItem' && JSON.stringify(input).includes('use#')) throw new Error('no room for it');
          },
        },
      },
    );
  });
});

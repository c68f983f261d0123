import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { accessorOf } from '../lease-world.ts';
import { inLeaseTown, quiet } from './lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;

describe('mode observe', () => {
  it('records what would have ended, by run, timer, holder and sweep, and touches nothing', async () => {
    await inLeaseTown({ mode: 'observe', runners: 5 }, async ({ town, clock }) => {
      const lent = async (n: number): Promise<string> => (await town.register(n, 500 + n, { minutes: 10 })).body.id ?? '';
      const ids = [await lent(1), await lent(2), await lent(3), await lent(4)];
      const calls = async (): Promise<string[]> => (await town.truth()).filter(({ alive }) => !alive).map(({ id }) => id);
      const dead = await calls();
      await town.runEnded(501);
      expect(await town.becomes(ids[0] ?? '', 'observed')).toMatchObject({ ending: { kind: 'run-ended' } });
      await town.lease(`/leases/${ids[1] ?? ''}/end`, { token: await town.githubToken(502) });
      await town.becomes(ids[1] ?? '', 'observed');
      expect((await town.ask('POST', `/leases/${ids[2] ?? ''}/revoke`, { reason: 'it leaks' }, 'grace')).status).toBe(202);
      await town.becomes(ids[2] ?? '', 'observed');
      clock.leap(11 * 60);
      expect(await town.becomes(ids[3] ?? '', 'observed')).toMatchObject({ ending: { kind: 'expired' } });
      // what is registered after the end is recorded as well
      expect((await town.register(5, 501)).status).toBe(409);
      await town.until(async () => (await town.rows('&status=observed')).length === 5, 'it is observed');
      await town.runEnded(501);
      await town.due('day');
      await quiet(town);
      expect([await calls(), await town.views(), town.counted.get('LeaseReleased')]).toEqual([dead, [], undefined]);
      for (const n of [1, 2, 3, 4, 5]) expect(await town.isAlive(token(n))).toBe(true);
      // and none of them holds anything any more
      const documents = DynamoDBDocumentClient.from(town.clientOf(DynamoDBClient));
      for (const n of [1, 2, 3, 4, 5]) expect((await documents.send(new GetCommand({ TableName: 'leases', Key: { pk: `credential#${token(n)}`, sk: 'holders' }, ConsistentRead: true }))).Item?.holders).toBeUndefined();
    });
  });

  it('that is over leaves nothing in the way: what is lent after it dies with its run', async () => {
    await inLeaseTown({}, async ({ town }) => {
      const { body } = await town.register(1, 500);
      // one that is over may stay noted as a holder
      const observed = (await town.register(2, 501)).body.id ?? '';
      await town.runEnded(501);
      await town.becomes(observed, 'released');
      await DynamoDBDocumentClient.from(town.clientOf(DynamoDBClient)).send(new PutCommand({ TableName: 'leases', Item: { pk: `credential#${token(1)}`, sk: 'holders', holders: new Set([observed, body.id]) } }));
      await town.runEnded(500);
      await town.becomes(body.id ?? '', 'released');
      expect(await town.isAlive(token(1))).toBe(false);
    });
  });
});

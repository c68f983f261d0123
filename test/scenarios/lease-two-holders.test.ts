import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UpdateCommand, DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { accessorOf } from '../lease-world.ts';
import { openPlay } from './lease-play.ts';

const token = (n: number): string => `vault:token/${accessorOf(n)}`;
const keyOf = (n: number) => ({ pk: `credential#${token(n)}`, sk: 'holders' });

describe('a credential that was lent twice', () => {
  let play: Awaited<ReturnType<typeof openPlay>>;
  beforeAll(async () => {
    play = await openPlay({ runners: 15 });
  });
  afterAll(() => play.end());

  const lent = async (n: number, run: number): Promise<string> => {
    const { status, body } = await play.town.register(n, run);
    expect(status).toBe(201);
    return body.id ?? '';
  };
  const statuses = async (...ids: string[]): Promise<string[]> => Promise.all(ids.map(async (id) => (await play.town.look(id)).status));
  const documents = () => DynamoDBDocumentClient.from(play.town.clientOf(DynamoDBClient));

  it('dies with the last lease, whichever ends first', async () => {
    const { town } = play;
    const [first, second] = [await lent(1, 501), await lent(1, 511)];
    await town.runEnded(511);
    expect(await town.becomes(second, 'handed-on')).toMatchObject({ with: [expect.stringContaining(first) as string] });
    expect(await town.isAlive(token(1))).toBe(true);
    await town.runEnded(501);
    await town.becomes(first, 'released');
    expect(await town.isAlive(token(1))).toBe(false);
    await town.until(() => town.platform.timers().length === 0, 'their timers are deleted');
  });

  // both see the other: one hands on to the one that then is the last
  it.each([[2, 'release DynamoDB GetItem', 1], [3, 'release DynamoDB UpdateItem', 1], [4, 'release DynamoDB Query', 2]])('dies although both end at the same moment (credential %i, the other comes after %s)', async (n, call, nth) => {
    const { town, between } = play;
    const [first, second] = [await lent(n, 500 + n), await lent(n, 510 + n)];
    between.after(call, async () => {
      await town.runEnded(510 + n);
      await town.until(async () => (await town.look(second)).status !== 'active', 'the other one is through').catch(() => undefined);
    }, nth);
    await town.runEnded(500 + n);
    await town.becomes(first, 'released', 'handed-on');
    await town.becomes(second, 'released', 'handed-on');
    expect((await statuses(first, second)).sort()).toEqual(['handed-on', 'released']);
    expect(await town.isAlive(token(n))).toBe(false);
  });

  it('dies when all its ends come at once', async () => {
    const { town } = play;
    const ids: string[] = [];
    for (let k = 0; k < 5; k += 1) ids.push(await lent(5, 550 + k));
    await Promise.all(ids.map((_, k) => town.runEnded(550 + k)));
    for (const id of ids) await town.becomes(id, 'released', 'handed-on');
    expect((await statuses(...ids)).filter((status) => status === 'released')).toHaveLength(1);
    expect(await town.isAlive(token(5))).toBe(false);
  });

  it('lives on while one of the leases is renewed', async () => {
    const { town } = play;
    const [first, second] = [await lent(6, 506), await lent(6, 516)];
    const before = (await town.look(second)).expiresAt;
    const renewed = await town.lease(`/leases/${second}/renew`, { token: await town.githubToken(516) }, { minutes: 50 });
    expect([renewed.status, (renewed.body.expiresAt ?? '') > before]).toEqual([200, true]);
    await town.runEnded(506);
    await town.becomes(first, 'handed-on');
    expect([await town.isAlive(token(6)), await statuses(second)]).toEqual([true, ['active']]);
    await town.runEnded(516);
    await town.becomes(second, 'released');
    expect(await town.isAlive(token(6))).toBe(false);
  });

  it('dies although a holder crashed before its line, or is over and was never taken off', async () => {
    const { town } = play;
    const over = await lent(7, 507);
    await town.runEnded(507);
    await town.becomes(over, 'released');
    const [crashed, alone] = [`${over.slice(0, -4)}ffff`, await lent(8, 508)];
    const add = (n: number, ids: string[]) => documents().send(new UpdateCommand({ TableName: 'leases', Key: keyOf(n), UpdateExpression: 'ADD holders :ids', ExpressionAttributeValues: { ':ids': new Set(ids) } }));
    await add(8, [crashed, over]);
    await town.runEnded(508);
    await town.becomes(alone, 'released');
    expect(await town.isAlive(token(8))).toBe(false);
  });

  it('dies although only such holders are noted, because the one that ends crashed before its own note', async () => {
    const { town } = play;
    const over = await lent(9, 509);
    await town.runEnded(509);
    await town.becomes(over, 'released');
    const alone = await lent(10, 510);
    await documents().send(new PutCommand({ TableName: 'leases', Item: { ...keyOf(10), holders: new Set([over]) } }));
    await town.runEnded(510);
    await town.becomes(alone, 'released');
    expect(await town.isAlive(token(10))).toBe(false);
  });

  it('is not lent again while it is being taken back', async () => {
    const { town, between } = play;
    const first = await lent(11, 511_00);
    let late: Awaited<ReturnType<typeof town.register>> | undefined;
    between.after('release DynamoDB UpdateItem', async () => void (late = await town.register(11, 512_00)));
    await town.runEnded(511_00);
    await town.becomes(first, 'released');
    expect(late).toMatchObject({ status: 409, body: { error: expect.stringContaining('being taken back') as string } });
    const refused = (await town.rows()).filter(({ credential, status }) => credential === token(11) && status === 'refused');
    expect(refused).toHaveLength(1);
    expect(await town.isAlive(token(11))).toBe(false);
  });

  it('is lent anew although the lease that had claimed its end died before it forgot that, and not while it is at work', async () => {
    const { town } = play;
    const [over, working] = [await lent(12, 612), await lent(13, 613)];
    await town.runEnded(612);
    await town.becomes(over, 'released');
    const claim = (n: number, ending: string) => documents().send(new PutCommand({ TableName: 'leases', Item: { ...keyOf(n), ending, endingAt: town.clock.now().toISOString() } }));
    await claim(14, over);
    const id = await lent(14, 614);
    expect((await statuses(id))).toEqual(['active']);
    await town.runEnded(614);
    await town.becomes(id, 'released');
    expect(await town.isAlive(token(14))).toBe(false);
    await claim(15, working);
    expect(await town.register(15, 615)).toMatchObject({ status: 409, body: { error: expect.stringContaining('being taken back') as string } });
  });
});

import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { batchEnded, batchJob, leaseHouseOf, tokenAt } from '../../bench/lease-house.ts';
import { leaseAt, leaseItems, runAt } from '../../bench/lease-loader.ts';
import { priceRows } from '../../bench/list-prices.ts';
import { perJob } from '../../bench/lease-measure.ts';
import { readsOf } from '../../bench/reads.ts';
import { smallTable } from '../../bench/small-table.ts';
import { measuredLambda, queueRequests } from '../../bench/usage.ts';
import { sources } from '../../events/index.ts';
import { digest } from '../../functions/aws/digest.ts';
import { leaseOf, type LeaseLine } from '../../functions/core/lease.ts';
import { runKeyOf } from '../../functions/core/lease-terms.ts';

const call = (operation: string, input: object, output: object) => ({ service: 'DynamoDBDocument', operation, input: input as Record<string, unknown>, output: output as Record<string, unknown> });

describe('the reads of an end', () => {
  it('are queries and single reads with what came back, and no writes', () => {
    const item = { pk: 'run#1', sk: 'ended' };
    expect(readsOf([call('Query', { TableName: 'leases', ConsistentRead: true }, { Items: [item, item] }), call('Get', { TableName: 'leases' }, { Item: item }), call('Get', { TableName: 'leases' }, {}), call('Put', { TableName: 'leases', Item: item }, {})])).toEqual({ queries: 1, gets: 2, items: 3, bytes: 3 * 14, units: 1 + 0.5 + 0.5 });
  });

  it('are never counted past a scan', () => {
    expect(() => readsOf([call('Scan', { TableName: 'leases' }, { Items: [] })])).toThrow(/not known/);
  });
});

describe('the units of an end', () => {
  it('count a message as sent by itself, received and deleted with its batch', () => {
    expect([queueRequests(10, 10), queueRequests(11, 10), queueRequests(1, 10)]).toEqual([12, 15, 3]);
  });

  it('take our own work for longer where the memory gives a part of a processor', () => {
    expect(measuredLambda(1_769, 1, 100, 50)).toEqual({ lambdaInvocation: 1, gigabyteSecond: (1_769 / 1024) * 0.1 });
    expect(measuredLambda(256, 2, 100, 50).gigabyteSecond).toBeCloseTo(0.25 * (0.05 + (0.05 * 1_769) / 256));
  });

  it('are shared by the jobs of a batch', () => {
    const one = { usage: { writeUnit: 70, gigabyteSecond: 2 }, operations: new Map([['DynamoDB PutItem', 30]]), milliseconds: 100, ownMilliseconds: 20 };
    expect(perJob([one, { ...one, milliseconds: 200 }], 20)).toEqual({ usage: { writeUnit: 7, gigabyteSecond: 0.2 }, operations: new Map([['DynamoDB PutItem', 3]]), milliseconds: 150, ownMilliseconds: 20 });
  });

  it('are priced by the million, with a total', () => {
    expect(priceRows([{ writeUnit: 4, queueRequest: 1.2 }])).toEqual([['DynamoDB, write units', '4', '$2.50'], ['SQS, requests', '1.20', '$0.48'], ['total', '', '$2.98']]);
  });
});

describe('the table of the throughput', () => {
  const key = { pk: { S: 'credential#1' }, sk: { S: 'holders' } };
  const values = (lease: string) => ({ ':me': { S: lease }, ':set': { SS: [lease] }, ':now': { S: 't' }, ':one': { N: '1' } });
  const claim = (lease: string) => ({ Key: key, UpdateExpression: 'SET ending = :me, endingAt = :now DELETE holders :set', ConditionExpression: 'ending = :me OR attribute_not_exists(ending) AND attribute_not_exists(holders) OR attribute_not_exists(ending) AND contains(holders, :me) AND size(holders) = :one', ExpressionAttributeValues: values(lease) });
  const add = (lease: string) => ({ Key: key, UpdateExpression: 'ADD holders :set', ConditionExpression: 'attribute_not_exists(ending)', ExpressionAttributeValues: values(lease) });
  const leave = (lease: string) => ({ Key: key, UpdateExpression: 'DELETE holders :set', ConditionExpression: 'attribute_not_exists(ending) AND attribute_exists(holders) AND (NOT contains(holders, :me) OR size(holders) > :one)', ExpressionAttributeValues: values(lease) });
  const failed = expect.objectContaining({ name: 'ConditionalCheckFailedException' }) as Error;

  it('lets only the last holder claim a credential, and nobody hold it after that', () => {
    const table = smallTable();
    table.UpdateItem?.(add('l-1'));
    table.UpdateItem?.(add('l-2'));
    expect(() => table.UpdateItem?.(claim('l-1'))).toThrow(failed);
    table.UpdateItem?.(leave('l-2'));
    expect(() => table.UpdateItem?.(leave('l-1'))).toThrow(failed);
    table.UpdateItem?.(claim('l-1'));
    expect(table.GetItem?.({ Key: key })).toEqual({ Item: { ...key, ending: { S: 'l-1' }, endingAt: { S: 't' } } });
    expect(() => table.UpdateItem?.(add('l-3'))).toThrow(failed);
    expect(() => table.DeleteItem?.({ Key: key, ConditionExpression: 'ending = :me', ExpressionAttributeValues: values('l-2') })).toThrow(failed);
    table.DeleteItem?.({ Key: key, ConditionExpression: 'ending = :me AND attribute_not_exists(holders)', ExpressionAttributeValues: values('l-1') });
    expect(table.Query?.({ ExpressionAttributeValues: { ':pk': key.pk } })).toEqual({ Count: 0, Items: [] });
  });

  it('looks into maps and compares numbers as numbers', () => {
    const table = smallTable();
    const put = (n: string) => table.PutItem?.({ Item: { ...key, head: { M: { n: { N: '9' } } } }, ConditionExpression: 'attribute_not_exists(pk) OR #head.#n < :n', ExpressionAttributeNames: { '#head': 'head', '#n': 'n' }, ExpressionAttributeValues: { ':n': { N: n } } });
    put('9');
    expect(() => put('9')).toThrow(failed);
    expect(() => put('10')).not.toThrow();
  });

  it('refuses what it does not know', () => {
    expect(() => smallTable().PutItem?.({ Item: key, ConditionExpression: 'begins_with(pk, :x)', ExpressionAttributeValues: { ':x': { S: 'c' } } })).toThrow(/does not know the condition/);
    expect(() => smallTable().UpdateItem?.({ Key: key, UpdateExpression: 'SET n = if_not_exists(n, :x)', ExpressionAttributeValues: { ':x': { N: '1' } } })).toThrow(/does not know the update/);
  });
});

describe('the leases of the benches', () => {
  it('are written as a registration writes them, under the run that its event names', async () => {
    const items = await leaseItems(new Date('2026-03-02T08:15:00Z'))(7, 3);
    expect(items.map(({ pk, sk }) => `${String(pk)} ${String(sk)}`)).toEqual([
      `run#${runKeyOf(digest, runAt(7))} lease#${leaseAt(7, 3)}#line#000001`,
      `run#${runKeyOf(digest, runAt(7))} lease#${leaseAt(7, 3)}#head`,
      `credential#${tokenAt(3)} holders`,
    ]);
    expect(leaseOf(leaseAt(7, 3), [items[0]?.line as LeaseLine])).toMatchObject({ status: 'active', terms: { credential: tokenAt(3), run: { run: batchJob(7) } } });
    expect(() => items.map((item) => marshall(item, { removeUndefinedValues: true }))).not.toThrow();
  });

  it('end with the event that the benches send', () => {
    const event = batchEnded(7, new Date('2026-03-02T08:20:00Z'));
    const parsed = sources.find(({ name }) => name === 'aws-batch')?.parse(event as never);
    expect(parsed).toMatchObject({ kind: 'triggers', triggers: [{ trigger: 'JobEnded', run: runAt(7) }] });
  });

  it('are of tokens that the vault has', () => {
    const { vault } = leaseHouseOf([1, 2]);
    expect(vault.tokens.map(({ accessor }) => `vault:token/${accessor}`)).toEqual(expect.arrayContaining([tokenAt(1), tokenAt(2)]));
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { ConditionalCheckFailedException, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { Level } from 'level';
import { afterEach, expect, test } from 'vitest';
import { Behaviours } from '../../../../local/fakes/behaviour.ts';
import type { DynamoCall, DynamoOptions } from '../../../../local/fakes/platform/dynamo.ts';
import { startDynamo } from '../../../../local/fakes/platform/dynamo.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const table: CreateTableCommandInput = {
  TableName: 'cases',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }, { AttributeName: 'owner', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  GlobalSecondaryIndexes: [{ IndexName: 'owner', KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' } }],
};
const start = async (options: DynamoOptions = {}) => {
  const dynamo = await startDynamo(options);
  const client = new DynamoDBClient({ endpoint: dynamo.url, region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
  await dynamo.createTables([table, { ...table, TableName: 'ledger' }]);
  const put = (pk: string) => client.send(new PutItemCommand({ TableName: 'cases', Item: { pk: { S: pk } }, ConditionExpression: 'attribute_not_exists(pk)' }));
  const has = async (pk: string) => (await client.send(new GetItemCommand({ TableName: 'cases', Key: { pk: { S: pk } } }))).Item !== undefined;
  return { dynamo, put, has };
};

test('a conditional write decides, tables may be asked for twice, and every call is heard', async () => {
  const calls: DynamoCall[] = [];
  const { dynamo, put, has } = await start({ onCall: (call) => calls.push(call) });
  ends.push(() => dynamo.close());
  await dynamo.createTables([table]);
  await put('a');
  await expect(put('a')).rejects.toBeInstanceOf(ConditionalCheckFailedException);
  expect(await has('a')).toBe(true);
  expect(calls.slice(-3)).toEqual([{ operation: 'PutItem', table: 'cases' }, { operation: 'PutItem', table: 'cases' }, { operation: 'GetItem', table: 'cases' }]);
});

test('throttled and down it writes nothing; a drop writes and hangs up; a lie only says so', async () => {
  const behaviours = new Behaviours();
  const { dynamo, put, has } = await start({ behaviours });
  ends.push(() => dynamo.close());
  const only = (effect: 'throttle' | 'down' | 'drop' | 'lie') => behaviours.set([{ service: 'dynamodb', operation: 'PutItem', resource: 'cases', effect, times: 1 }]);
  only('throttle');
  await expect(put('a')).rejects.toMatchObject({ name: 'ProvisionedThroughputExceededException' });
  only('down');
  await expect(put('a')).rejects.toThrow();
  only('lie');
  await put('a');
  expect(await has('a')).toBe(false);
  only('drop');
  await expect(put('a')).rejects.toThrow();
  expect(await has('a')).toBe(true);
});

test('closing lets what is under way finish, and nothing is carried out afterwards', async () => {
  for (let milliseconds = 0; milliseconds < 40; milliseconds += 2) {
    const { dynamo, put } = await start();
    const puts = Promise.allSettled(Array.from({ length: 20 }, (_, n) => put(`item-${n}`)));
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await dynamo.close();
    await puts;
  }
});

test('tables on disk are there after a restart', async () => {
  const path = mkdtempSync(join(tmpdir(), 'dynamo-'));
  ends.push(() => rmSync(path, { recursive: true }));
  const first = await start({ path });
  await first.put('kept');
  await first.dynamo.close();
  const second = await start({ path });
  ends.push(() => second.dynamo.close());
  expect(await second.has('kept')).toBe(true);
});

test('a table that a killed process was still making can be used after a restart, with all of its indexes', async () => {
  const path = mkdtempSync(join(tmpdir(), 'dynamo-'));
  ends.push(() => rmSync(path, { recursive: true }));
  await (await start({ path })).dynamo.close();
  const store = new Level<string, { TableStatus: string; GlobalSecondaryIndexes: { IndexStatus: string }[] }>(path, { valueEncoding: 'json' });
  const kept = await store.get('table~cases');
  expect(kept?.TableStatus).toBe('ACTIVE');
  if (kept) await store.put('table~cases', { ...kept, TableStatus: 'CREATING', GlobalSecondaryIndexes: kept.GlobalSecondaryIndexes.map((index) => ({ ...index, IndexStatus: 'CREATING' })) });
  await store.close();
  const { dynamo, put, has } = await start({ path });
  ends.push(() => dynamo.close());
  await put('a');
  expect(await has('a')).toBe(true);
});

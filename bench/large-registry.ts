import { createRequire } from 'node:module';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { Registry } from '../functions/aws/registry.ts';
import { tables } from '../functions/aws/tables.ts';
import type { Leaf } from '../functions/core/identify.ts';
import { startDynamo } from '../local/fakes/platform/dynamo.ts';
import { tableInput } from '../local/tables.ts';
import { copiesOf, credentialIdAt, fingerprintAt } from './made-up-registry.ts';

/** What the parent asks of this process: to write credentials into the table on disk, or to serve it. */
export type Order = { do: 'fill'; path: string; from: number; to: number } | { do: 'serve'; path: string };
export type Reply = { filled: number } | { url: string };

interface Store {
  getItemDb(table: string): { batch(operations: { type: 'put'; key: string; value: unknown }[], done: (error?: Error) => void): void };
  getTable(name: string, done: (error: Error | undefined, table: unknown) => void): void;
  db: { close(done: (error?: Error) => void): void };
}

// dynalite's own store: over HTTP a million credentials would take an hour
const { create, createKey } = createRequire(import.meta.url)('dynalite/db') as { create(options: object): Store; createKey(item: object, table: unknown): string };

const batchItems = 2_000;

/** Writes the credentials as the index function does, through the registry; only the way into the store is shorter. The index of kinds is left out: no match reads it. */
const fill = async (path: string, from: number, to: number): Promise<number> => {
  const dynamo = await startDynamo({ path });
  await dynamo.createTables([tableInput(tables.registry)]);
  await dynamo.close();
  const store = create({ path });
  const table = await new Promise<unknown>((resolve, reject) => store.getTable(tables.registry.name, (error, found) => (error ? reject(error) : resolve(found))));
  const items = store.getItemDb(tables.registry.name);
  let waiting: { type: 'put'; key: string; value: unknown }[] = [];
  let count = 0;
  const flush = async (): Promise<void> => {
    const operations = waiting;
    waiting = [];
    count += operations.length;
    await new Promise<void>((resolve, reject) => items.batch(operations, (error) => (error ? reject(error) : resolve())));
  };
  const documents = {
    send: async ({ input }: { input: { Item?: object; RequestItems?: Record<string, { PutRequest: { Item: object } }[]> } }) => {
      const puts = input.Item ? [input.Item] : Object.values(input.RequestItems ?? {}).flatMap((requests) => requests.map(({ PutRequest }) => PutRequest.Item));
      for (const item of puts) {
        const value = marshall(item, { removeUndefinedValues: true });
        waiting.push({ type: 'put', key: createKey(value, table), value });
      }
      if (waiting.length >= batchItems) await flush();
      return {};
    },
  } as unknown as DynamoDBDocumentClient;
  const registry = new Registry(documents, tables.registry.name);
  for (let i = from; i < to; i += 1) {
    const id = credentialIdAt(i);
    const leaves = copiesOf(i).map((place): Leaf => ({ fingerprint: fingerprintAt(i), place: place.place, name: place.name, path: 'secretAccessKey', version: 'v-1', current: true, names: [id] }));
    await registry.putAll(leaves.flatMap((leaf) => [{ pk: `fingerprint#${leaf.fingerprint}`, sk: `leaf#${leaf.place}#${leaf.path}`, leaf }, { pk: `credential#${id}`, sk: `leaf#${leaf.place}#${leaf.path}`, leaf }]));
    await registry.putCredential({ id, issuer: 'aws-iam-key', principal: `user-${i}`, account: '111122223333' });
  }
  await flush();
  await new Promise<void>((resolve, reject) => store.db.close((error) => (error ? reject(error) : resolve())));
  return count;
};

process.on('message', (order: Order) => {
  const work = async (): Promise<Reply> => (order.do === 'fill' ? { filled: await fill(order.path, order.from, order.to) } : { url: (await startDynamo({ path: order.path })).url });
  work().then(
    (reply) => process.send?.(reply),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

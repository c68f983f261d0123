import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { Registry } from '../functions/aws/registry.ts';
import { tables } from '../functions/aws/tables.ts';
import type { Leaf } from '../functions/core/identify.ts';
import { startDynamo } from '../local/fakes/platform/dynamo.ts';
import { largeStore } from './large-store.ts';
import { copiesOf, credentialIdAt, fingerprintAt } from './made-up-registry.ts';
import { obey } from './own-process.ts';

/** What the parent asks of this process: to write credentials into the table on disk, or to serve it. */
export type Order = { do: 'fill'; path: string; from: number; to: number } | { do: 'serve'; path: string };
export type Reply = { filled: number } | { url: string };

/** Writes the credentials as the index function does, through the registry; only the way into the store is shorter. The index of kinds is left out: no match reads it. */
const fill = async (path: string, from: number, to: number): Promise<number> => {
  const store = await largeStore(path, tables.registry);
  const documents = {
    send: async ({ input }: { input: { Item?: object; RequestItems?: Record<string, { PutRequest: { Item: object } }[]> } }) => {
      const puts = input.Item ? [input.Item] : Object.values(input.RequestItems ?? {}).flatMap((requests) => requests.map(({ PutRequest }) => PutRequest.Item));
      for (const item of puts) await store.put(marshall(item, { removeUndefinedValues: true }));
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
  return store.close();
};

obey<Order, Reply>(async (order) => (order.do === 'fill' ? { filled: await fill(order.path, order.from, order.to) } : { url: (await startDynamo({ path: order.path })).url }));

import { createRequire } from 'node:module';
import type { TableDefinition } from '../functions/aws/tables.ts';
import { startDynamo } from '../local/fakes/platform/dynamo.ts';
import { tableInput } from '../local/tables.ts';

interface Store {
  getItemDb(table: string): { batch(operations: { type: 'put'; key: string; value: unknown }[], done: (error?: Error) => void): void };
  getTable(name: string, done: (error: Error | undefined, table: unknown) => void): void;
  db: { close(done: (error?: Error) => void): void };
}

// dynalite's own store: over HTTP a million credentials would take an hour
const { create, createKey } = createRequire(import.meta.url)('dynalite/db') as { create(options: object): Store; createKey(item: object, table: unknown): string };

const batchItems = 2_000;

/** Writes items in wire format into a table on disk, faster than over HTTP. Its indexes stay empty. */
export interface LargeStore {
  put(item: object): Promise<void>;
  /** Writes what is left and resolves with the number of items; nothing can be put after that. */
  close(): Promise<number>;
}

/** Opens a table in a folder, and makes it where it is not there. */
export const largeStore = async (path: string, definition: TableDefinition): Promise<LargeStore> => {
  const dynamo = await startDynamo({ path });
  await dynamo.createTables([tableInput(definition)]);
  await dynamo.close();
  const store = create({ path });
  const table = await new Promise<unknown>((resolve, reject) => store.getTable(definition.name, (error, found) => (error ? reject(error) : resolve(found))));
  const items = store.getItemDb(definition.name);
  let waiting: { type: 'put'; key: string; value: unknown }[] = [];
  let count = 0;
  const flush = async (): Promise<void> => {
    const operations = waiting;
    waiting = [];
    count += operations.length;
    await new Promise<void>((resolve, reject) => items.batch(operations, (error) => (error ? reject(error) : resolve())));
  };
  return {
    put: async (item) => {
      waiting.push({ type: 'put', key: createKey(item, table), value: item });
      if (waiting.length >= batchItems) await flush();
    },
    close: async () => {
      await flush();
      await new Promise<void>((resolve, reject) => store.db.close((error) => (error ? reject(error) : resolve())));
      return count;
    },
  };
};

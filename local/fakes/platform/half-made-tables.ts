import { existsSync } from 'node:fs';
import { Level } from 'level';

interface Kept {
  TableStatus?: string;
  GlobalSecondaryIndexes?: { IndexStatus?: string }[];
}

/** How dynalite names its record of a table. */
const prefix = 'table~';

/**
 * Finishes what a killed process left of making tables: dynalite writes a table as being created, then as active, and waits for
 * ever for one that stands between. Such a table is empty and whole.
 */
export const finishTables = async (path: string): Promise<void> => {
  if (!existsSync(path)) return;
  const store = new Level<string, Kept>(path, { valueEncoding: 'json' });
  try {
    for await (const [key, table] of store.iterator({ gte: prefix, lt: `${prefix}\u{10ffff}` })) {
      if (table.TableStatus !== 'CREATING') continue;
      const indexes = table.GlobalSecondaryIndexes?.map((index) => ({ ...index, IndexStatus: 'ACTIVE' }));
      await store.put(key, { ...table, TableStatus: 'ACTIVE', ...(indexes === undefined ? {} : { GlobalSecondaryIndexes: indexes }) });
    }
  } finally {
    await store.close();
  }
};

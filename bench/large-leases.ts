import { marshall } from '@aws-sdk/util-dynamodb';
import { digest } from '../functions/aws/digest.ts';
import { tables } from '../functions/aws/tables.ts';
import { runKeyOf } from '../functions/core/lease-terms.ts';
import { startDynamo } from '../local/fakes/platform/dynamo.ts';
import { largeStore } from './large-store.ts';
import { accessorAt, batchJob } from './lease-house.ts';
import { leaseAt, leaseItems, runAt } from './lease-loader.ts';
import { obey } from './own-process.ts';

/** What the parent asks of this process: to write leases into the table on disk, those of `asked` to the letter, or to serve it. */
export type Order = { do: 'fill'; path: string; from: number; to: number; asked: number[]; at: number } | { do: 'serve'; path: string };
export type Reply = { filled: number } | { url: string };

/** What differs between the items of two leases. */
const idsOf = (n: number): string[] => [leaseAt(n, n), runKeyOf(digest, runAt(n)), batchJob(n), accessorAt(n)];

/**
 * Writes a lease for each number, of a run and of a token of its own. Those that are asked for are made by the code that writes
 * leases; the others are copies of the first with their own ids.
 */
const fill = async ({ path, from, to, asked, at }: Extract<Order, { do: 'fill' }>): Promise<number> => {
  const store = await largeStore(path, tables.leases);
  const make = leaseItems(new Date(at));
  const itemsOf = async (n: number): Promise<object[]> => (await make(n, n)).map((item) => marshall(item, { removeUndefinedValues: true }));
  const exact = new Set(asked);
  const model = JSON.stringify(await itemsOf(from));
  const pieces = new RegExp(idsOf(from).join('|'), 'g');
  const first = idsOf(from);
  for (let n = from; n < to; n += 1) {
    const ids = idsOf(n);
    const items = exact.has(n) ? await itemsOf(n) : (JSON.parse(model.replace(pieces, (id) => ids[first.indexOf(id)] ?? id)) as object[]);
    for (const item of items) await store.put(item);
  }
  return store.close();
};

obey<Order, Reply>(async (order) => (order.do === 'fill' ? { filled: await fill(order) } : { url: (await startDynamo({ path: order.path })).url }));

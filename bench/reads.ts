import type { Sent } from './recorder.ts';
import { bytesOf, TableUnits, type Item } from './table-units.ts';

/** What some calls read of tables. */
export interface Reads {
  queries: number;
  /** Reads of one item. */
  gets: number;
  items: number;
  bytes: number;
  units: number;
}

/** Counts the reads among these calls: what was asked, what came back, and what it is charged as. Throws where a table is scanned. */
export const readsOf = (sent: readonly Pick<Sent, 'service' | 'operation' | 'input' | 'output'>[]): Reads => {
  const units = new TableUnits();
  const reads: Reads = { queries: 0, gets: 0, items: 0, bytes: 0, units: 0 };
  for (const { service, operation, input, output } of sent) {
    if (service !== 'DynamoDBDocument' || !['Query', 'Get', 'Scan', 'BatchGet'].includes(operation)) continue;
    const found = (operation === 'Get' ? [output?.Item] : ((output?.Items ?? []) as unknown[])).filter((item): item is Item => item !== undefined);
    reads.units += units.of(operation, input, output).read;
    reads[operation === 'Get' ? 'gets' : 'queries'] += 1;
    reads.items += found.length;
    reads.bytes += found.reduce((sum, item) => sum + bytesOf(item), 0);
  }
  return reads;
};

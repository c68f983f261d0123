import { tables } from '../functions/aws/tables.ts';

/** An item as the document client takes and gives it. */
export type Item = Record<string, unknown>;

/** What one call used. */
export interface Units {
  read: number;
  write: number;
}

const writeBytes = 1024;
const readBytes = 4096;

const utf8 = (text: string): number => Buffer.byteLength(text);

const valueBytes = (value: unknown): number => {
  if (value === null || typeof value === 'boolean') return 1;
  if (typeof value === 'string') return utf8(value);
  if (typeof value === 'number' || typeof value === 'bigint') return Math.ceil(String(value).replace(/[-.]/g, '').length / 2) + 1;
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) return 3 + value.reduce<number>((sum, one) => sum + 1 + valueBytes(one), 0);
  return 3 + Object.entries(value as object).reduce((sum, [name, one]) => sum + (one === undefined ? 0 : 1 + utf8(name) + valueBytes(one)), 0);
};

/** An item's size in bytes as DynamoDB counts it: names, values, three bytes for a list or map and one for each thing in it. */
export const bytesOf = (item: Item): number => Object.entries(item).reduce((sum, [name, value]) => sum + (value === undefined ? 0 : utf8(name) + valueBytes(value)), 0);

const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / writeBytes));

/** Read units for so many bytes; half of them where the read need not be consistent. */
export const readUnits = (bytes: number, isConsistent: boolean): number => Math.max(1, Math.ceil(bytes / readBytes)) * (isConsistent ? 1 : 0.5);

const indexesOf = (table: string): { partitionKey: string; sortKey: string }[] => Object.values(tables).find(({ name }) => name === table)?.indexes ?? [];

/** Write units of one change: the table's, and those of each index that holds the item before or after it (one to take it out, one to put it in). */
export const changeUnits = (table: string, before: Item | undefined, after: Item | undefined): number => {
  let units = writeUnits(Math.max(before ? bytesOf(before) : 0, after ? bytesOf(after) : 0));
  for (const { partitionKey, sortKey } of indexesOf(table)) {
    const keyOf = (item: Item | undefined): string | undefined => (item?.[partitionKey] !== undefined && item[sortKey] !== undefined ? JSON.stringify([item[partitionKey], item[sortKey]]) : undefined);
    const [old, now] = [keyOf(before), keyOf(after)];
    if (old !== undefined && old === now) units += writeUnits(Math.max(bytesOf(before as Item), bytesOf(after as Item)));
    else units += (old === undefined ? 0 : writeUnits(bytesOf(before as Item))) + (now === undefined ? 0 : writeUnits(bytesOf(after as Item)));
  }
  return units;
};

/** About what an item of the limits' list measures: those are counted, never handed out. */
const countedItemBytes = 120;

/** Follows the items of tables as calls change them, and says what each call used. */
export class TableUnits {
  private readonly items = new Map<string, Item>();

  /** `operation` is the document client's: `Put`, `Get`, `Query`, `BatchWrite`, `Delete`, `Update`. A refused condition is paid for too. */
  of(operation: string, input: Record<string, unknown>, output: Record<string, unknown> | undefined, isRefused = false): Units {
    const table = input.TableName as string;
    switch (operation) {
      case 'Put':
        return { read: 0, write: this.change(table, input.Item as Item, input.Item as Item, isRefused) };
      case 'Delete':
        return { read: 0, write: this.change(table, input.Key as Item, undefined, isRefused) };
      case 'Update': {
        const before = this.items.get(this.key(table, input.Key as Item));
        return { read: 0, write: changeUnits(table, before, before) };
      }
      case 'BatchWrite': {
        const requests = Object.entries(input.RequestItems as Record<string, { PutRequest?: { Item: Item } }[]>);
        return { read: 0, write: requests.reduce((sum, [name, puts]) => sum + puts.reduce((units, { PutRequest }) => units + (PutRequest ? this.change(name, PutRequest.Item, PutRequest.Item, false) : 0), 0), 0) };
      }
      case 'Get':
        return { read: readUnits(output?.Item ? bytesOf(output.Item as Item) : 0, input.ConsistentRead === true), write: 0 };
      case 'Query': {
        const bytes = input.Select === 'COUNT' ? Number(output?.Count ?? 0) * countedItemBytes : ((output?.Items ?? []) as Item[]).reduce((sum, item) => sum + bytesOf(item), 0);
        return { read: readUnits(bytes, input.ConsistentRead === true), write: 0 };
      }
      default:
        throw new Error(`what ${operation} uses is not known here`);
    }
  }

  private key(table: string, { pk, sk }: Item): string {
    return JSON.stringify([table, pk, sk]);
  }

  private change(table: string, key: Item, after: Item | undefined, isRefused: boolean): number {
    const before = this.items.get(this.key(table, key));
    if (isRefused) return writeUnits(before ? bytesOf(before) : 0);
    if (after) this.items.set(this.key(table, key), after);
    else this.items.delete(this.key(table, key));
    return changeUnits(table, before, after);
  }
}

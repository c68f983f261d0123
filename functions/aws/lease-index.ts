import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { LeaseStatus } from '../core/lease.ts';
import type { LeaseHead } from './leases.ts';
import type { Page } from './ledger.ts';

/** The table of leases, and how it is reached. */
export interface LeaseTable {
  readonly documents: DynamoDBDocumentClient;
  readonly table: string;
}

/** How much one page of a list looks at where most heads are of another status: heads of one read, and reads of one shard. */
export interface LookedAt {
  heads: number;
  reads: number;
}

/** What a head's index keys begin with: leases are spread over so many partitions of an index, so that a burst of ends is not throttled. */
const shards = 4;

/** What is alive or unfinished: found by its status without reading the rest. */
const listed: readonly LeaseStatus[] = ['active', 'pending-revocation', 'shared'];

/** 8,000 leases over all shards, some 5 MB, in less than a second: far from the 15 seconds of a function. */
const lookedAt: LookedAt = { heads: 500, reads: 4 };

// by both parts of the id: many runs may be lent the same by the same holder, and one run may have many leases
const shardOf = (id: string): number => (Number.parseInt(id.slice(-2), 16) + Number.parseInt(id.slice(2, 4), 16)) % shards;

/** The keys by which a head is found in the indexes. Only what is alive or unfinished has a status there. */
export const indexKeysOf = ({ id, status, registeredAt, dueAt }: Pick<LeaseHead, 'id' | 'status' | 'registeredAt' | 'dueAt'>): Record<string, string> => {
  const shard = shardOf(id);
  return { kindKey: `lease#${shard}`, sortKey: `${registeredAt}#${id}`, ...(listed.includes(status) ? { statusKey: `${status}#${shard}`, dueKey: `${dueAt ?? '9999'}#${id}` } : {}) };
};

const cursorAt = (place: string): string => Buffer.from(place).toString('base64url');

/** The place in a list that a page's cursor names; undefined for anything that no page ended with. */
export const placeOf = (cursor: string): string | undefined => {
  const place = Buffer.from(cursor, 'base64url').toString('utf8');
  return /^(9999|[+-]?\d{4,6}-\d\d-\d\dT[\d:.]+Z)#l-[0-9a-f]+-[0-9a-f]+$/.test(place) && cursorAt(place) === cursor ? place : undefined;
};

interface Placed {
  place: string;
  head: LeaseHead;
}

/**
 * A page of heads, newest first; of what is alive or unfinished by status, the latest due first. A page that is full or
 * that has looked at as much as one may ends with a cursor: a page may be short, or empty, and more may follow. Without
 * one the list is at its end. Throws a RangeError for a cursor that no page ended with.
 */
export const pageOfLeases = async (at: LeaseTable, status: LeaseStatus | undefined, limit: number, cursor?: string, most: LookedAt = lookedAt): Promise<Page<LeaseHead>> => {
  const before = cursor === undefined ? undefined : placeOf(cursor);
  if (cursor !== undefined && before === undefined) throw new RangeError('no page of leases ended with this cursor');
  const looks = await Promise.all(Array.from({ length: shards }, (_, shard) => newestOf(at, shard, status, limit, before, most)));
  // beyond the place to which every shard was looked at, something newer may still be found in another one
  const horizon = looks.map(({ to }) => to ?? '').reduce((one, other) => (one > other ? one : other));
  const found = looks.flatMap(({ heads }) => heads).filter(({ place }) => place >= horizon);
  const shown = found.sort((a, b) => (a.place < b.place ? 1 : -1)).slice(0, limit);
  const end = shown.length === limit ? shown.at(-1)?.place : horizon;
  return { items: shown.map(({ head }) => head), ...(end ? { cursor: cursorAt(end) } : {}) };
};

/** The newest heads of a shard, and to which place it was looked at; that is absent at its end. */
const newestOf = async ({ documents, table }: LeaseTable, shard: number, status: LeaseStatus | undefined, limit: number, before: string | undefined, most: LookedAt): Promise<{ heads: Placed[]; to?: string }> => {
  const isFiltered = status !== undefined && !listed.includes(status);
  const [index, partition, sort, key] = status === undefined || isFiltered ? ['byKind', 'kindKey', 'sortKey', `lease#${shard}`] : ['byStatus', 'statusKey', 'dueKey', `${status}#${shard}`];
  const heads: Placed[] = [];
  let from: Record<string, unknown> | undefined;
  for (let reads = 0; reads < most.reads; reads += 1) {
    const page = await documents.send(
      new QueryCommand({
        TableName: table,
        IndexName: index,
        KeyConditionExpression: before === undefined ? `${partition} = :key` : `${partition} = :key AND ${sort} < :before`,
        ...(isFiltered ? { FilterExpression: '#head.#status = :status', ExpressionAttributeNames: { '#head': 'head', '#status': 'status' } } : {}),
        ExpressionAttributeValues: { ':key': key, ...(before === undefined ? {} : { ':before': before }), ...(isFiltered ? { ':status': status } : {}) },
        ScanIndexForward: false,
        Limit: isFiltered ? most.heads : limit,
        ExclusiveStartKey: from,
      }),
    );
    heads.push(...(page.Items ?? []).map((item) => ({ place: String(item[sort]), head: item.head as LeaseHead })));
    from = page.LastEvaluatedKey;
    if (!from || heads.length >= limit) break;
  }
  return { heads, ...(from ? { to: String(from[sort]) } : {}) };
};

/** Heads of a status whose time came before `until`, the longest due first, page by page. */
export async function* dueLeases({ documents, table }: LeaseTable, status: 'active' | 'pending-revocation', until: Date): AsyncGenerator<LeaseHead> {
  for (let shard = 0; shard < shards; shard += 1) {
    let from: Record<string, unknown> | undefined;
    do {
      const page = await documents.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'byStatus',
          KeyConditionExpression: 'statusKey = :key AND dueKey < :until',
          ExpressionAttributeValues: { ':key': `${status}#${shard}`, ':until': until.toISOString() },
          ExclusiveStartKey: from,
        }),
      );
      for (const item of page.Items ?? []) yield item.head as LeaseHead;
      from = page.LastEvaluatedKey;
    } while (from);
  }
}

import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexKeysOf, pageOfLeases, placeOf, type LookedAt } from '../../functions/aws/lease-index.ts';
import type { LeaseHead } from '../../functions/aws/leases.ts';
import type { LeaseStatus } from '../../functions/core/lease.ts';
import { openLeaseDesk } from './lease-desk.ts';

const hex = (n: number, length: number): string => n.toString(16).padStart(length, '0');
const statusOf = (n: number): LeaseStatus => (n % 100 === 7 ? 'refused' : n % 9 === 0 ? 'handed-on' : n % 5 === 0 ? 'shared' : 'released');
const headOf = (n: number): LeaseHead => ({
  id: `l-${hex((n * 7919) % 65_536, 20)}-${hex(n, 16)}`, n: 1, status: statusOf(n), credential: `vault:token/t${n}`, run: { platform: 'nightly', run: String(n), attempt: '1' }, owner: 'orders', subject: 'broker',
  // several within one millisecond
  registeredAt: new Date(Date.UTC(2026, 2, 2) + (n >> 2)).toISOString(), expiresAt: '2026-03-02T09:00:00.000Z', dueAt: new Date(Date.UTC(2026, 2, 2) + (n >> 1)).toISOString(),
});
const heads = Array.from({ length: 2_500 }, (_, n) => headOf(n));

describe('a list of leases', () => {
  let desk: Awaited<ReturnType<typeof openLeaseDesk>>;
  beforeAll(async () => {
    desk = await openLeaseDesk();
    for (let from = 0; from < heads.length; from += 25) {
      const puts = heads.slice(from, from + 25).map((head) => ({ PutRequest: { Item: { pk: `run#${head.id}`, sk: `lease#${head.id}#head`, ...indexKeysOf(head), head } } }));
      await desk.documents.send(new BatchWriteCommand({ RequestItems: { leases: puts } }));
    }
  });
  afterAll(() => desk.close());

  /** Every page of a list, with how often the table was asked for each. */
  const pagesOf = async (status: LeaseStatus | undefined, limit: number, most?: LookedAt) => {
    const pages: { ids: string[]; reads: number }[] = [];
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const from = desk.calls.length;
      const page = await pageOfLeases(desk.leases, status, limit, cursor, most);
      pages.push({ ids: page.items.map(({ id }) => id), reads: desk.calls.length - from });
      cursor = page.cursor;
    }
    return pages;
  };
  const newestFirst = (status: LeaseStatus | undefined): string[] => {
    const placed = heads.filter((head) => status === undefined || head.status === status).map(({ id, registeredAt, dueAt }) => ({ id, place: `${status === 'shared' ? dueAt : registeredAt}#${id}` }));
    return placed.sort((a, b) => (a.place < b.place ? 1 : -1)).map(({ id }) => id);
  };

  it.each<[LeaseStatus | undefined, number, LookedAt | undefined]>([
    [undefined, 200, undefined],
    [undefined, 37, undefined],
    ['shared', 50, undefined],
    ['refused', 50, undefined],
    ['refused', 3, { heads: 20, reads: 2 }],
    ['refused', 200, { heads: 10, reads: 1 }],
    ['handed-on', 10, { heads: 30, reads: 3 }],
    ['handed-on', 2, { heads: 3, reads: 1 }],
    ['observed', 50, { heads: 100, reads: 2 }],
  ])('of %s shows each once, newest first, in pages of %i, however little is looked at for a page (%o)', async (status, limit, most) => {
    const pages = await pagesOf(status, limit, most);
    expect(pages.flatMap(({ ids }) => ids)).toEqual(newestFirst(status));
    for (const { ids } of pages) expect(ids.length).toBeLessThanOrEqual(limit);
  });

  it('asks the table for no page more often than is stated, and gives one that is empty with a cursor', async () => {
    const pages = await pagesOf('observed', 50, { heads: 25, reads: 2 });
    expect(pages.length).toBeGreaterThan(10);
    expect(pages.every(({ ids, reads }) => ids.length === 0 && reads <= 8)).toBe(true);
  });

  it('looks at 8,000 leases for a page at most, unless told otherwise', async () => {
    const from = desk.calls.length;
    const page = await pageOfLeases(desk.leases, 'observed', 50);
    const limits = desk.calls.slice(from).map(({ input }) => Number(input.Limit));
    expect([page, Math.max(...limits), limits.length <= 16]).toEqual([{ items: [] }, 500, true]);
  });

  it('refuses a cursor that no page ended with, before it asks the table', async () => {
    const from = desk.calls.length;
    for (const cursor of ['A', '_', 'AAAA', Buffer.from('#').toString('base64url'), Buffer.from('2026-03-02T08:00:00.000Z#').toString('base64url')]) {
      expect(placeOf(cursor)).toBeUndefined();
      await expect(pageOfLeases(desk.leases, undefined, 50, cursor)).rejects.toThrow(RangeError);
    }
    expect(desk.calls).toHaveLength(from);
  });
});

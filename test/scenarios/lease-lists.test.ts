import { expect, it } from 'vitest';
import { accessorOf, brokerRole } from '../lease-world.ts';
import { inLeaseTown } from './lease-play.ts';

it('lists end with a page without a cursor, and a cursor that none ended with is refused', () =>
  inLeaseTown({ runners: 1 }, async ({ town }) => {
    const credential = { connector: 'vault', id: `token/${accessorOf(1)}` };
    for (const run of ['r-1', 'r-2', 'r-3']) expect((await town.lease('/iam/leases', { principal: brokerRole }, { run: { platform: 'nightly', run }, credential, reason: 'builds', minutes: 30 })).status).toBe(201);
    const ask = async (query: string): Promise<[number, { leases?: { id: string }[]; cursor?: string; error?: string }]> => {
      const response = await fetch(`${town.url}/leases?${query}`);
      return [response.status, (await response.json()) as object];
    };
    for (const cursor of ['A', 'AA', '_', 'abc', Buffer.from('\u0000').toString('base64url'), Buffer.from('9999#').toString('base64url'), 'x'.repeat(2_000), Buffer.from('{"pk":"","sk":""}').toString('base64url')]) {
      for (const status of ['', '&status=active', '&status=released']) expect(await ask(`cursor=${cursor}${status}`)).toEqual([400, { error: expect.stringContaining('cursor is the one of the page before') as string }]);
    }
    const ids = new Set<string>();
    let cursor: string | undefined;
    for (let page = 0; page < 3; page += 1) {
      const [status, body] = await ask(`limit=1${cursor === undefined ? '' : `&cursor=${cursor}`}`);
      expect([status, body.leases?.length]).toEqual([200, 1]);
      for (const { id } of body.leases ?? []) ids.add(id);
      cursor = body.cursor;
    }
    expect(ids.size).toBe(3);
    expect(await ask(`limit=1&cursor=${cursor}`)).toEqual([200, { leases: [] }]);
    expect(await ask('status=refused')).toEqual([200, { leases: [] }]);
  }));

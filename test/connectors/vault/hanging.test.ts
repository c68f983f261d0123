import { afterAll, describe, expect, it } from 'vitest';
import type { Notes } from '../house.ts';
import { closeDoors, json, oneDoor, serve, type Reply } from './door.ts';
import { newId, openVault, type VaultHouse } from './subject.ts';

const houses: VaultHouse[] = [];
afterAll(async () => {
  for (const house of houses.splice(0)) await house.close();
  await closeDoors();
});
const lease = `database/creds/ci/${newId()}`;

/** A connector to a vault that never answers synchronous orders, the others as told, and what was ordered (`sync` of each). */
const open = async (irrevocable: string[] = [], queued: Reply = (_request, response) => void response.writeHead(202).end()) => {
  const orders: unknown[] = [];
  const { url } = await serve(oneDoor((request, response) => {
    const body = (request.text === '' ? {} : JSON.parse(request.text)) as { sync?: boolean; lease_id?: string };
    if (request.url === '/v1/sys/leases/lookup') return json(response, 200, { data: { id: body.lease_id } });
    if (request.method === 'LIST') return json(response, 200, { data: { keys: ['a', 'b'] } });
    if (request.url?.startsWith('/v1/sys/leases?')) return json(response, 200, { data: { leases: irrevocable.map((lease_id) => ({ lease_id })) } });
    orders.push(body.sync);
    if (body.sync === false) queued(request, response);
  }));
  const house = await openVault({ address: url });
  houses.push(house);
  return { ...house, orders };
};

describe('an engine that hangs', () => {
  it.concurrent.each([`lease/${lease}`, 'prefix/database/creds'])('is given the order once more, to be queued, in five seconds of its own: %s', { timeout: 60_000 }, async (name) => {
    const { revoke, orders } = await open();
    const notes: Notes = [];
    const from = performance.now();
    expect(await revoke(name, { notes })).toMatchObject({ result: 'pending', note: expect.stringContaining('not answered in time') as string, evidence: { queued: true } });
    expect(performance.now() - from).toBeLessThan(15_500);
    expect(notes).toEqual([{ queued: true }]);
    expect(await revoke(name, { notes })).toMatchObject({ result: 'pending' });
    expect(orders.filter((sync) => sync === false)).toHaveLength(1);
  });

  it.concurrent('behind a lease that the vault has given up is counted, and the leases beside it are queued all the same', { timeout: 60_000 }, async () => {
    const { revoke, orders } = await open([lease]);
    const evidence = { irrevocable: 1, leases: [lease] };
    expect(await revoke('prefix/database/creds')).toMatchObject({ result: 'refused', reason: expect.stringContaining('irrevocable') as string, evidence });
    expect(orders.at(-1)).toBe(false);
  });

  it.concurrent('that holds up the queueing as well is pending, and both orders are given again', { timeout: 60_000 }, async () => {
    const { revoke, orders } = await open([], () => undefined);
    const notes: Notes = [];
    const from = performance.now();
    expect(await revoke(`lease/${lease}`, { notes })).toMatchObject({ result: 'pending', note: expect.stringContaining('it is given again') as string });
    expect(performance.now() - from).toBeLessThan(17_000);
    expect(notes).toEqual([]);
    // an order that the vault waits with is not given twice in one try
    expect(orders.filter((sync) => sync === true)).toHaveLength(1);
  });
});

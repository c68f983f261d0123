import { afterEach, describe, expect, it } from 'vitest';
import { closeDoors, json, oneDoor, serve } from './door.ts';
import { newId, openVault, type VaultHouse, type VaultHouseOptions } from './subject.ts';

let house: VaultHouse;
afterEach(async () => {
  await house.close();
  await closeDoors();
});
const open = async (options: VaultHouseOptions = {}): Promise<VaultHouse> => (house = await openVault(options));

describe('a list that is longer than is read', () => {
  const long = JSON.stringify({ data: { keys: Array.from({ length: 40_000 }, (_, n) => `${String(n).padStart(24, '0')}abcdef`) } });

  it('of leases holds up no order: they are taken back, and counted as what was seen of them', async () => {
    let ordered = false;
    const { url } = await serve(oneDoor((request, response) => {
      if (request.url?.startsWith('/v1/sys/leases/revoke-prefix/')) {
        ordered = true;
        return void response.writeHead(204).end();
      }
      if (request.method === 'LIST') return ordered ? json(response, 404, { errors: [] }) : void response.writeHead(200, { 'content-type': 'application/json' }).end(long);
      return json(response, 400, { errors: ['invalid lease'] });
    }));
    const { find, probe, revoke } = await open({ address: url });
    expect(await find('prefix/auth/approle/login')).toMatchObject({ exists: true, note: 'at least 1 lease under it' });
    expect((await probe('prefix/auth/approle/login')).verdict).toBe('alive');
    expect(await revoke('prefix/auth/approle/login')).toMatchObject({ result: 'done', note: expect.stringContaining('revoked at least 1 lease') as string });
    expect(ordered).toBe(true);
  });

  it.each([[200, { data: { policies: [] } }, 'dead'], [403, { errors: ['permission denied'] }, 'unknown']])('of secret-ids is no control, and the role is asked for: with status %i', async (status, body, verdict) => {
    const { url } = await serve(oneDoor((request, response) => {
      if (request.url?.endsWith('/lookup')) return json(response, 404, { data: { error: 'failed to find accessor entry for secret_id_accessor: "x"' } });
      if (request.method === 'LIST') return void response.writeHead(200, { 'content-type': 'application/json' }).end(long);
      return json(response, status, body);
    }));
    const { probe } = await open({ address: url });
    expect(await probe(`secret-id/approle/deploy/${newId()}`)).toMatchObject({ verdict, ...(verdict === 'dead' ? {} : { note: expect.stringContaining('let our token read the role') as string }) });
  });
});

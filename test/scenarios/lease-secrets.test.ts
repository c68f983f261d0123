import { describe, expect, it } from 'vitest';
import { accessorOf, brokerRole } from '../lease-world.ts';
import { inLeaseTown } from './lease-play.ts';

describe('what nobody may see', () => {
  it('is nowhere, however a token or a value is misplaced: in a body, a path, a header or a reason\'s place', async () => {
    await inLeaseTown({ runners: 3 }, async ({ town }) => {
      const token = await town.githubToken(500);
      const value = town.value('runner1');
      const credential = { connector: 'vault', id: `token/${accessorOf(1)}` };
      // what a test says itself is not ours: these are not written down by it
      const ask = async (method: string, path: string, headers: Record<string, string>, body?: object): Promise<number> => {
        const response = await fetch(`${town.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
        const text = await response.text();
        town.said.push(['answer', text]);
        return response.status;
      };
      const bearer = { authorization: `Bearer ${token}` };
      expect(await ask('POST', '/leases', bearer, { credential: { connector: 'vault', id: `token/${value}` }, reason: 'x', minutes: 5 })).toBe(403);
      expect(await ask('POST', '/leases', bearer, { credential: { connector: 'vault', id: value }, reason: 'x', minutes: 5 })).toBe(403);
      expect(await ask('POST', '/leases', bearer, { credential: { connector: value, id: value }, reason: 'x', minutes: 5 })).toBe(403);
      expect(await ask('POST', '/leases', bearer, { credential, reason: 'x', minutes: 5, [value]: token })).toBe(400);
      expect(await ask('POST', '/leases', bearer, { credential, reason: 'x', expiresAt: token })).toBe(400);
      expect(await ask('POST', '/leases', { authorization: `Bearer ${value}` }, { credential, reason: 'x' })).toBe(401);
      expect(await ask('POST', '/leases', { authorization: value }, { credential, reason: 'x' })).toBe(401);
      for (const path of [`/leases/${token}`, `/leases/${value}`, `/leases?cursor=${value}`, `/leases?status=${value}`]) expect(await ask('GET', path, { 'x-rescind-caller': 'ada' })).toBeGreaterThanOrEqual(400);
      for (const what of ['renew', 'end']) expect(await ask('POST', `/leases/${value}/${what}`, bearer, {})).toBe(404);
      expect(await ask('POST', `/leases/${value}/revoke`, { 'x-rescind-caller': 'ada' }, { reason: 'x' })).toBe(404);
      expect(await ask('POST', `/iam/leases/${value}/end`, { 'x-rescind-caller': brokerRole }, {})).toBe(404);
      // and a whole life of a lease, with a vault that quotes what it was asked
      const { body } = await town.register(1, 501);
      town.behaviours.add({ service: 'vault', effect: 'refuse', status: 500, message: `what is ${town.value('vaultToken')}?`, times: 3 });
      await town.runEnded(501);
      await town.becomes(body.id ?? '', 'released');
      expect(await town.isAlive(`vault:token/${accessorOf(1)}`)).toBe(false);
    });
  });
});

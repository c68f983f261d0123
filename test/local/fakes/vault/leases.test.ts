import { expect, test } from 'vitest';
import { openVault, withDatabase } from './town.ts';

const revoke = 'sys/leases/revoke';

test('a queued revocation is done a moment later, a synchronous one at once', async () => {
  const { ask, clock, mint, lease, lives } = await openVault(withDatabase());
  const job = (await mint({ policies: ['job'] })).value;
  const [queued, synced, untold] = [await lease(job), await lease(job), await lease(job)];
  expect((await ask('PUT', revoke, { lease_id: queued, sync: false })).status).toBe(202);
  expect((await ask('PUT', revoke, { lease_id: synced, sync: true })).status).toBe(204);
  expect((await ask('PUT', revoke, { lease_id: untold })).status, 'it waits unless it is told not to').toBe(204);
  expect([queued, synced, untold].map((id) => lives(`lease/${id}`))).toEqual([true, false, false]);
  clock.pass(1);
  expect(lives(`lease/${queued}`)).toBe(false);
  expect((await ask('POST', 'sys/leases/lookup', { lease_id: queued })).body.errors).toEqual(['invalid lease']);
});

test('a lease is renewed up to its maximum and no further', async () => {
  const { ask, clock, mint, lease } = await openVault({ ...withDatabase(), engines: [{ mount: 'database', roles: { orders: { ttlSeconds: 600, maxTtlSeconds: 1000 } } }] });
  const id = await lease((await mint({ policies: ['job'] })).value);
  clock.pass(500);
  expect((await ask('POST', 'sys/leases/renew', { lease_id: id, increment: 600 })).body).toMatchObject({ lease_id: id, lease_duration: 500 });
  clock.pass(499);
  expect((await ask('POST', 'sys/leases/lookup', { lease_id: id })).body.data).toMatchObject({ ttl: 1, renewable: true });
  clock.pass(2);
  expect((await ask('POST', 'sys/leases/renew', { lease_id: id })).body.errors).toEqual(['lease not found']);
});

test('where the database does not take a login back, the lease stays, and is irrevocable after six tries', async () => {
  const { ask, clock, mint, lease, lives } = await openVault(withDatabase('fails'));
  const job = await mint({ policies: ['job'] });
  const id = await lease(job.value);
  const count = async () => (await ask('GET', 'sys/leases/count?type=irrevocable')).body.data?.lease_count;
  const synced = await ask('POST', revoke, { lease_id: id, sync: true });
  expect([synced.status, synced.body.errors?.[0]]).toEqual([400, expect.stringMatching(/^failed to revoke entry: .*connection refused$/)]);
  expect((await ask('POST', 'auth/token/revoke-accessor', { accessor: job.accessor })).status, 'the token dies all the same').toBe(204);
  clock.pass(60);
  expect([await count(), lives(`lease/${id}`)]).toEqual([0, true]);
  clock.pass(600);
  expect([await count(), lives(`lease/${id}`)]).toEqual([1, true]);
  expect((await ask('GET', 'sys/leases?type=irrevocable')).body.data).toMatchObject({ leases: [{ lease_id: id, error: expect.stringMatching(/connection refused/) as unknown }] });
  expect((await ask('POST', 'sys/leases/lookup', { lease_id: id })).body.data).toMatchObject({ id, renewable: false });
  expect((await ask('POST', 'sys/leases/revoke-force/database', {})).status).toBe(204);
  expect([await count(), lives(`lease/${id}`)], 'forgotten by the vault and alive at the database').toEqual([0, true]);
});

test('a database that was away is asked again, and a liar keeps what it says is gone', async () => {
  const { ask, clock, mint, lease, lives, behaviours } = await openVault(withDatabase());
  const job = (await mint({ policies: ['job'] })).value;
  const [first, second] = [await lease(job), await lease(job)];
  behaviours.set([{ service: 'vault:database', operation: 'REVOKE database/creds/orders', resource: first, effect: 'refuse', times: 2 }, { service: 'vault:database', resource: second, effect: 'lie' }]);
  await ask('POST', 'sys/leases/revoke-prefix/database/creds', { sync: false });
  clock.pass(5);
  expect([lives(`lease/${first}`), lives(`lease/${second}`)]).toEqual([true, true]);
  expect((await ask('POST', 'sys/leases/lookup', { lease_id: second })).status).toBe(400);
  clock.pass(60);
  expect([lives(`lease/${first}`), lives(`lease/${second}`)]).toEqual([false, true]);
});

test('revoking the prefix of an auth mount kills the tokens that it gave', async () => {
  const { ask, vault } = await openVault({ approles: [{ role: 'deploy', roleId: 'role-1', secretIds: [{ value: 'secret-1', accessor: 'acc-1' }] }] });
  const { body } = await ask('POST', 'auth/approle/login', { role_id: 'role-1', secret_id: 'secret-1' }, null);
  const value = body.auth?.client_token ?? '';
  expect(vault.alive(value)).toBe(true);
  expect((await ask('LIST', 'sys/leases/lookup/auth/approle/')).body.data).toEqual({ keys: ['login/'] });
  expect((await ask('PUT', 'sys/leases/revoke-prefix/auth/approle', { sync: true })).status).toBe(204);
  expect(vault.alive(value)).toBe(false);
});

const REVOKE = { service: 'vault', operation: 'POST /v1/auth/token/revoke-accessor' } as const;

test('behaviours: throttled, refused, down, lied to, later and behind, for one accessor only', async () => {
  const { ask, clock, mint, vault, behaviours } = await openVault();
  const [one, other] = [await mint({ policies: ['default'] }), await mint({ policies: ['default'] })];
  const kill = async ({ accessor }: { accessor: string }) => (await ask('POST', 'auth/token/revoke-accessor', { accessor })).status;
  behaviours.set([{ ...REVOKE, resource: one.accessor, effect: 'throttle', times: 1 }, { ...REVOKE, resource: one.accessor, effect: 'refuse', status: 500, message: 'storage is away', times: 1 }]);
  expect([await kill(one), vault.alive(one.value)]).toEqual([429, true]);
  behaviours.set([{ ...REVOKE, resource: one.accessor, effect: 'lie' }]);
  expect([await kill(one), vault.alive(one.value), await kill(other), vault.alive(other.value)]).toEqual([204, true, 204, false]);
  behaviours.set([{ ...REVOKE, effect: 'down' }]);
  await expect(kill(one)).rejects.toThrow();
  behaviours.set([{ ...REVOKE, effect: 'later', seconds: 60 }]);
  expect([await kill(one), vault.alive(one.value)]).toEqual([204, true]);
  clock.pass(61);
  expect(vault.alive(one.value)).toBe(false);
  const last = await mint({ policies: ['default'] });
  behaviours.set([{ ...REVOKE, effect: 'lag', seconds: 60 }]);
  expect([await kill(last), (await ask('POST', 'auth/token/lookup-accessor', { accessor: last.accessor })).status]).toEqual([204, 200]);
  clock.pass(61);
  expect((await ask('POST', 'auth/token/lookup-accessor', { accessor: last.accessor })).status).toBe(400);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openVault, valued, withDatabase } from './town.ts';

test('a token that expires takes its children and all their leases with it; an orphan stays', async () => {
  const { clock, mint, lease, lives, vault } = await openVault(withDatabase());
  const parent = await mint({ policies: ['job'], ttl: '10m' });
  const child = await mint({ policies: ['job'], ttl: '1h' }, parent.value);
  const orphan = await mint({ policies: ['job'], ttl: '1h' }, parent.value, 'create-orphan');
  const [ofChild, ofOrphan] = [await lease(child.value), await lease(orphan.value)];
  expect([lives(`token/${child.accessor}`), lives(`lease/${ofChild}`), lives(`lease/${ofOrphan}`)]).toEqual([true, true, true]);
  clock.pass(599);
  expect(vault.alive(child.value)).toBe(true);
  clock.pass(2);
  expect([parent, child, orphan].map(({ value }) => vault.alive(value))).toEqual([false, false, true]);
  expect([lives(`lease/${ofChild}`), lives(`lease/${ofOrphan}`)]).toEqual([false, true]);
  clock.pass(1200);
  expect(lives(`lease/${ofOrphan}`), 'a lease ends by itself').toBe(false);
});

test('revoking a parent kills what it made, and leases a moment later', async () => {
  const { ask, clock, mint, lease, lives, vault } = await openVault(withDatabase());
  const parent = await mint({ policies: ['job'] });
  const child = await mint({ policies: ['job'] }, parent.value);
  const orphan = await mint({ policies: ['default'] }, child.value, 'create-orphan');
  const grandchild = await mint({ policies: ['default'] }, child.value);
  const ofChild = await lease(child.value);
  expect((await ask('PUT', 'auth/token/revoke-accessor', { accessor: parent.accessor })).status).toBe(204);
  expect([parent, child, grandchild, orphan].map(({ value }) => vault.alive(value))).toEqual([false, false, false, true]);
  expect(lives(`lease/${ofChild}`), 'leases are worked off afterwards').toBe(true);
  clock.pass(1);
  expect(lives(`lease/${ofChild}`)).toBe(false);
});

test('revoke-orphan frees the children and kills the one', async () => {
  const { ask, mint, vault } = await openVault(withDatabase());
  const parent = await mint({ policies: ['job'] });
  const child = await mint({ policies: ['default'] }, parent.value);
  const batch = await mint({ policies: ['default'], type: 'batch', ttl: '1h' }, parent.value);
  expect((await ask('POST', 'auth/token/revoke-orphan', { token: parent.value })).status).toBe(204);
  expect([parent, child, batch].map(({ value }) => vault.alive(value))).toEqual([false, true, false]);
  expect((await ask('POST', 'auth/token/lookup', { token: child.value })).body.data).toMatchObject({ orphan: true });
});

test('a batch token has no accessor, cannot be renewed or make others, and dies with its parent', async () => {
  const { ask, mint, vault, lives } = await openVault(withDatabase());
  const parent = await mint({ policies: ['job'] });
  const batch = await mint({ policies: ['job'], type: 'batch', ttl: '1h', display_name: 'nightly' }, parent.value);
  expect(batch.accessor).toBe('');
  expect(lives('batch/token-nightly')).toBe(true);
  expect((await ask('POST', 'auth/token/renew-self', {}, batch.value)).body.errors).toEqual(['batch tokens cannot be renewed']);
  expect((await ask('POST', 'auth/token/create', {}, batch.value)).body.errors).toEqual(['batch tokens cannot create more tokens']);
  expect((await ask('POST', 'auth/token/create', { type: 'batch', num_uses: 3 })).body.errors).toEqual(['batch tokens cannot have "num_uses" set']);
  await ask('POST', 'auth/token/revoke', { token: parent.value });
  expect([vault.alive(batch.value), lives('batch/token-nightly')]).toEqual([false, false]);
});

test('a token lives as long as it is renewed: a periodic one for ever, another up to its maximum', async () => {
  const { ask, clock, mint, vault } = await openVault();
  const periodic = await mint({ policies: ['default'], period: '1h' });
  const bounded = await mint({ policies: ['default'], ttl: '1h', explicit_max_ttl: '90m' });
  clock.pass(3000);
  expect((await ask('POST', 'auth/token/renew-self', {}, periodic.value)).body.auth?.lease_duration).toBe(3600);
  const renewed = await ask('POST', 'auth/token/renew-accessor', { accessor: bounded.accessor, increment: '2h' });
  expect(renewed.body.auth).toMatchObject({ lease_duration: 2400, client_token: '' });
  expect(renewed.body.warnings?.[0]).toMatch(/exceeded the effective max_ttl/);
  clock.pass(3000);
  expect([vault.alive(periodic.value), vault.alive(bounded.value)]).toEqual([true, false]);
  expect((await ask('POST', 'auth/token/renew', { token: bounded.value })).body.errors).toEqual(['token not found']);
  expect((await ask('POST', 'auth/token/renew-self', {})).body.errors).toEqual(['lease is not renewable']);
});

test('a token of two uses is dead after two', async () => {
  const { ask, mint } = await openVault();
  const { value } = await mint({ policies: ['default'], num_uses: 2 });
  expect((await ask('GET', 'auth/token/lookup-self', undefined, value)).status).toBe(200);
  expect((await ask('POST', 'auth/token/create', {}, value)).status).toBe(403);
  expect((await ask('GET', 'auth/token/lookup-self', undefined, value)).status).toBe(403);
});

test('a token does what its policies say and nothing else', async () => {
  const { ask, mint, lease } = await openVault({ ...withDatabase(), policies: { ...withDatabase().policies, lister: { 'sys/leases/lookup/*': ['list', 'sudo'], 'auth/token/accessors': ['list', 'sudo'] }, denied: { 'sys/leases/lookup/database/*': ['deny'] } } });
  const rescind = (await mint({ policies: ['rescind'] })).value;
  const job = await mint({ policies: ['job'] });
  await lease(job.value);
  const status = async (method: string, path: string, token: string | null, body?: object) => (await ask(method, path, body, token)).status;
  expect(await status('POST', 'auth/token/lookup-accessor', rescind, { accessor: job.accessor })).toBe(200);
  expect(await status('POST', 'auth/token/lookup', rescind, { token: job.value })).toBe(403);
  expect(await status('GET', 'database/creds/orders', rescind)).toBe(403);
  expect(await status('LIST', 'sys/leases/lookup/database/creds/orders', rescind), 'without sudo').toBe(403);
  expect(await status('LIST', 'sys/leases/lookup/database/creds/orders', (await mint({ policies: ['lister'] })).value)).toBe(200);
  expect(await status('GET', 'sys/leases/lookup/database/creds/orders?list=true', (await mint({ policies: ['lister'] })).value)).toBe(200);
  expect(await status('LIST', 'sys/leases/lookup/database/creds/orders', (await mint({ policies: ['lister', 'denied'] })).value)).toBe(403);
  expect(await status('LIST', 'auth/token/accessors', (await mint({ policies: ['lister'] })).value)).toBe(200);
  expect(await status('POST', 'sys/leases/revoke-prefix/database', rescind, {})).toBe(403);
  for (const token of [null, 'invented', `${rescind}x`]) expect(await status('GET', 'auth/token/lookup-self', token)).toBe(403);
  expect((await ask('POST', 'auth/token/create', { policies: ['rescind'] }, job.value)).body.errors).toEqual(['child policies must be subset of parent']);
  expect((await ask('POST', 'auth/token/create', { policies: ['job'], no_parent: true }, job.value)).body.errors).toEqual(['root or sudo privileges required to create orphan token']);
  expect((await ask('POST', 'auth/token/create', { policies: ['nosuch'] })).body.warnings).toEqual(['Policy "nosuch" does not exist']);
});

test('what is not there is 404, what is not done there 405', async () => {
  const { ask, vault } = await openVault();
  expect((await ask('GET', 'nosuch/path')).status).toBe(404);
  expect((await ask('GET', 'sys/nosuch')).status).toBe(404);
  expect((await ask('DELETE', 'auth/token/lookup-self')).status).toBe(405);
  expect((await ask('POST', 'auth/token/create/ci', {})).body.errors).toEqual(['unknown role ci']);
  expect(await (await fetch(`${vault.url}/v2/x`)).json()).toEqual({ errors: [] });
});

test('a sealed server answers nothing but its state until it is unsealed', async () => {
  const { ask, vault } = await openVault({ sealed: true, unsealKey: 'open sesame' });
  expect((await ask('GET', 'auth/token/lookup-self')).body.errors).toEqual(['Vault is sealed']);
  expect((await ask('GET', 'sys/health', undefined, null)).status).toBe(503);
  expect((await ask('GET', 'sys/seal-status', undefined, null)).body).toMatchObject({ sealed: true });
  expect((await ask('PUT', 'sys/unseal', { key: 'wrong' }, null)).status).toBe(400);
  expect((await ask('PUT', 'sys/unseal', { key: 'open sesame' }, null)).body).toMatchObject({ sealed: false });
  expect((await ask('GET', 'auth/token/lookup-self')).status).toBe(200);
  expect((await fetch(`${vault.url}/v1/sys/health`, { method: 'HEAD' })).status).toBe(200);
});

test('what a namespace holds is not seen from another, by header or by path', async () => {
  const { ask, mint, lives } = await openVault({ namespaces: ['team-a'], tokens: [{ id: 'a', value: valued('in-team-a'), accessor: 'accA.Ab12Cd', policies: [], namespace: 'team-a' }] });
  expect(lives('token/accA.Ab12Cd@team-a')).toBe(true);
  expect((await ask('POST', 'auth/token/lookup-accessor', { accessor: 'accA.Ab12Cd' })).status).toBe(500);
  expect((await ask('POST', 'team-a/auth/token/lookup-accessor', { accessor: 'accA.Ab12Cd' })).body.data).toMatchObject({ namespace_path: 'team-a/' });
  expect((await ask('GET', 'auth/token/lookup-self', undefined, valued('in-team-a'), { 'x-vault-namespace': 'team-a/' })).status).toBe(200);
  expect((await ask('GET', 'auth/token/lookup-self', undefined, valued('in-team-a'))).status).toBe(403);
  expect((await ask('GET', 'auth/token/lookup-self', undefined, undefined, { 'x-vault-namespace': 'team-b' })).status).toBe(404);
  const inside = await ask('POST', 'auth/token/create', { policies: ['default'] }, undefined, { 'x-vault-namespace': 'team-a' });
  expect(inside.body.auth?.accessor).toMatch(/\.Ab12Cd$/);
  const weak = await mint({ policies: ['default'] });
  expect((await ask('POST', 'team-a/auth/token/create', {}, weak.value)).status).toBe(403);
});

test('a disabled entity shuts out service and batch tokens, and nothing is lost when it is enabled again', async () => {
  const tokens = [{ id: 's', value: valued('svc'), accessor: 'acc-svc', policies: [], entity: 'mira' }, { id: 'b', value: valued('bat', 'b'), accessor: '', policies: [], type: 'batch' as const, displayName: 'batch-of-mira', entity: 'mira' }];
  const { ask, lives, vault } = await openVault({ tokens, entities: [{ name: 'mira', id: 'entity-1' }] });
  expect((await ask('POST', 'identity/entity/name/mira', { disabled: true })).status).toBe(204);
  expect([vault.alive(valued('svc')), lives('batch/batch-of-mira'), lives('entity/entity-1')]).toEqual([false, false, false]);
  expect((await ask('POST', 'auth/token/lookup-accessor', { accessor: 'acc-svc' })).status, 'the look-up still finds it').toBe(200);
  await ask('POST', 'identity/entity/id/entity-1', { disabled: false });
  expect([vault.alive(valued('svc')), lives('batch/batch-of-mira'), lives('entity/entity-1')]).toEqual([true, true, true]);
});

test('a secret-id ends by its time, by its uses and by its role', async () => {
  const secretIds = [{ value: 'one-use', accessor: 'acc-1', uses: 1 }, { value: 'ten-minutes', accessor: 'acc-2', ttlSeconds: 600 }, { value: 'lasting', accessor: 'acc-3' }];
  const { ask, clock, lives } = await openVault({ approles: [{ role: 'deploy', roleId: 'role-1', secretIds }] });
  const logIn = async (secret_id: string) => (await ask('POST', 'auth/approle/login', { role_id: 'role-1', secret_id }, null)).status;
  expect([await logIn('one-use'), await logIn('one-use'), await logIn('ten-minutes')]).toEqual([200, 400, 200]);
  clock.pass(601);
  expect([await logIn('ten-minutes'), await logIn('lasting')]).toEqual([400, 200]);
  expect(['acc-1', 'acc-2', 'acc-3'].map((accessor) => lives(`secret-id/approle/deploy/${accessor}`))).toEqual([false, false, true]);
  await ask('DELETE', 'auth/approle/role/deploy');
  expect([await logIn('lasting'), lives('secret-id/approle/deploy/acc-3')]).toEqual([400, false]);
});

test('after a restart the server knows what it knew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vault-fake-'));
  try {
    const first = await openVault(withDatabase(), { folder });
    const [dead, living] = [await first.mint({ policies: ['job'] }), await first.mint({ policies: ['job'] })];
    const lease = await first.lease(living.value);
    await first.ask('POST', 'auth/token/revoke-accessor', { accessor: dead.accessor });
    await first.vault.close();
    const second = await openVault(withDatabase(), { folder, clock: first.clock });
    expect([second.vault.alive(dead.value), second.vault.alive(living.value), second.lives(`lease/${lease}`)]).toEqual([false, true, true]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

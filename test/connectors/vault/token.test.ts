import { afterEach, describe, expect, it } from 'vitest';
import { newId, newToken, openVault, watch, type VaultHouse, type VaultHouseOptions } from './subject.ts';

let house: VaultHouse;
afterEach(() => house.close());
const open = async (options: VaultHouseOptions = {}): Promise<VaultHouse> => (house = await openVault(options));

describe('a token', () => {
  it('is found with what a rule can ask for', async () => {
    const { who, find } = await open();
    expect(await find(`token/${who.job.accessor}`)).toMatchObject({
      exists: true,
      principal: 'token-ci-runner',
      attributes: { path: 'auth/token/create-orphan', display_name: 'token-ci-runner', type: 'service', orphan: 'true', policies: 'default,minter', 'meta.pipeline': '1842' },
    });
    expect(await find(`token/${who.person.accessor}`)).toMatchObject({ principal: who.person.entity, attributes: { entity_id: who.person.entity } });
    expect(await find(`token/${newId()}`)).toMatchObject({ exists: false });
  });

  it('dies with its children and not with the orphans it made, and the note is honest about both', async () => {
    const { who, revoke, probe, isAlive, vault } = await open();
    const acted = await revoke(`token/${who.job.accessor}`);
    expect(acted).toMatchObject({ result: 'done', note: expect.stringMatching(/with the tokens that it made; leases that they held are queued for revocation by the vault, and their end is not seen here; orphans .* cannot be listed/) as string });
    expect('children' in acted ? acted.children : undefined).toBeUndefined();
    expect([isAlive(`token/${who.job.accessor}`), isAlive(`token/${who.child.accessor}`), vault.alive(who.batch), isAlive(`token/${who.orphan.accessor}`)]).toEqual([false, false, false, true]);
    expect(await probe(`token/${who.child.accessor}`)).toMatchObject({ verdict: 'dead', basis: 'record', control: true });
    expect(await probe(`token/${who.orphan.accessor}`)).toMatchObject({ verdict: 'alive' });
  });

  it('of our own is never revoked, and its entity never disabled', async () => {
    const { who, revoke, issuer, vault } = await open({ world: (world) => ({ tokens: world.tokens.map((seed) => (seed.id === 'rescind' ? { ...seed, entity: 'mira' } : seed)) }) });
    expect(await revoke(`token/${who.own.accessor}`)).toMatchObject({ result: 'refused', reason: expect.stringContaining("Rescind's own") as string });
    expect(await revoke(`entity/${who.person.entity}`)).toMatchObject({ result: 'refused', reason: expect.stringContaining("Rescind's own") as string });
    expect(await revoke('prefix/auth/token')).toMatchObject({ result: 'refused', reason: expect.stringContaining("Rescind's own") as string });
    expect(await revoke('prefix/auth')).toMatchObject({ result: 'refused' });
    expect(await revoke(`lease/auth/token/create-orphan/h${newId()}`)).toMatchObject({ result: 'refused', reason: expect.stringContaining("Rescind's own") as string });
    expect(vault.alive(who.own.value)).toBe(true);
    expect(issuer.facts({})).toMatchObject({ effect: 'immediate', settleSeconds: { typical: 0, max: 0 }, children: 'unknown', reach: 'credential' });
  });

  it('whose entity is disabled is neither alive nor dead: it is denied until the entity is enabled', async () => {
    const { who, probe, revoke, asRoot, vault } = await open();
    expect((await probe(`token/${who.person.accessor}`)).verdict).toBe('alive');
    await asRoot('POST', `identity/entity/id/${who.person.entity}`, { disabled: true });
    expect(vault.alive(who.person.value)).toBe(false);
    expect(await probe(`token/${who.person.accessor}`)).toMatchObject({ verdict: 'unknown', control: false, note: expect.stringContaining('denied while its entity is disabled') as string });
    await asRoot('POST', `identity/entity/id/${who.person.entity}`, { disabled: false });
    expect(vault.alive(who.person.value)).toBe(true);
    await asRoot('POST', `identity/entity/id/${who.person.entity}`, { disabled: true });
    expect((await revoke(`token/${who.person.accessor}`)).result).toBe('done');
    expect((await probe(`token/${who.person.accessor}`)).verdict).toBe('dead');
  });

  it('whose entity we may not read is taken for alive', async () => {
    const { who, probe, asRoot } = await open({ world: ({ policies }) => ({ policies: { ...policies, rescind: Object.fromEntries(Object.entries(policies?.rescind ?? {}).filter(([path]) => !path.startsWith('identity'))) } }) });
    await asRoot('POST', `identity/entity/id/${who.person.entity}`, { disabled: true });
    expect((await probe(`token/${who.person.accessor}`)).verdict).toBe('alive');
  });

  it('that no process of ours ever saw is said to be so', async () => {
    const { who, probe, revoke, another, context } = await open();
    const stranger = `token/${newId()}`;
    expect(await probe(stranger)).toMatchObject({ verdict: 'dead', note: expect.stringContaining('may never have been in this vault') as string });
    expect(await revoke(stranger)).toMatchObject({ result: 'already' });
    await revoke(`token/${who.job.accessor}`);
    const credential = { id: `vault:token/${who.job.accessor}`, issuer: 'vault', name: `token/${who.job.accessor}`, copies: [] };
    expect((await probe(`token/${who.job.accessor}`)).note).not.toContain('never have been');
    expect((await another().probe(credential, undefined, context())).note).toContain('never have been');
  });

  it('cannot be suspended, and says so', async () => {
    const { who, contain, restore } = await open();
    for (const name of [`token/${who.job.accessor}`, `lease/${who.lease}`, `prefix/${who.prefix}`, `secret-id/approle/deploy/${who.secretId.accessor}`]) {
      expect(await contain(name)).toMatchObject({ result: 'refused', reason: expect.stringContaining('only an entity') as string });
      expect(await restore(name, {})).toMatchObject({ result: 'refused' });
    }
  });
});

describe('a batch token', () => {
  it('is nothing that an accessor names: who disables its entity or revokes its maker stops it', async () => {
    const { who, revoke, vault, asRoot } = await open({ world: (world) => ({ tokens: world.tokens.map((seed) => (seed.id === 'batch' ? { ...seed, parent: undefined, entity: 'mira' } : seed)) }) });
    expect((await revoke('token/')).result).toBe('refused');
    expect(vault.alive(who.batch)).toBe(true);
    expect((await revoke(`entity/${who.person.entity}`)).result).toBe('done');
    expect(vault.alive(who.batch)).toBe(false);
    await asRoot('POST', `identity/entity/id/${who.person.entity}`, { disabled: false });
  });

  it('as our own token gives no control, so nothing is called dead', async () => {
    let ours = '';
    const { probe, vault } = await open({
      world: (world) => ({ tokens: [...world.tokens, { id: 'ours', value: (ours = `b.${newId(60)}`), accessor: '', type: 'batch', policies: ['rescind'] }] }),
      secret: () => `b.${'x'.repeat(60)}`,
    });
    await setToken(ours);
    expect(vault.alive(ours)).toBe(true);
    expect(await probe(`token/${newId()}`)).toMatchObject({ verdict: 'unknown', control: false, note: expect.stringContaining('service token') as string });
  });
});

const setToken = async (value: string): Promise<void> => {
  watch.values.add(value);
  for (const version of Object.values(house.house.aws.state().secrets['rescind/vault']?.versions ?? {})) version.value = value;
};

describe('a namespace', () => {
  const inTeam = async (options: { ours?: boolean; preset?: string } = {}) => {
    const open1 = await open({ namespace: options.preset, world: (world) => ({ namespaces: ['team-a', 'team-b'], policies: { ...world.policies, rescind: { ...world.policies?.rescind, ...Object.fromEntries(Object.entries(world.policies?.rescind ?? {}).map(([path, can]) => [`+/${path}`, can])) } } }) });
    const made = (await open1.asRoot('POST', 'auth/token/create', { policies: ['default'], ttl: '1h' }, 'team-a')) as { auth: { accessor: string; client_token: string } };
    watch.values.add(made.auth.client_token);
    return { ...open1, accessor: made.auth.accessor };
  };

  it('is said behind the id, or preset by the configuration', async () => {
    const { accessor, find, probe, revoke } = await inTeam();
    expect(accessor).toMatch(/\.\w+$/);
    expect(await find(`token/${accessor}@team-a`)).toMatchObject({ exists: true });
    expect((await probe(`token/${accessor}@team-a/`)).verdict).toBe('alive');
    expect((await revoke(`token/${accessor}@team-a`)).result).toBe('done');
    expect(await probe(`token/${accessor}@team-a`)).toMatchObject({ verdict: 'dead', control: true, note: expect.stringContaining('in the root namespace') as string });
    await house.close();
    const other = await inTeam({ preset: 'team-a' });
    expect((await other.probe(`token/${other.accessor}`)).verdict).toBe('alive');
    expect((await other.revoke(`token/${other.accessor}`)).result).toBe('done');
    expect((await other.probe(`token/${other.accessor}`)).verdict).toBe('dead');
    expect((await other.probe(`token/${other.who.job.accessor}@root`)).verdict).toBe('alive');
  });

  it('that is the wrong one makes nothing dead, alive or gone', async () => {
    const { accessor, find, probe, revoke, asRoot, who } = await inTeam();
    const wrong = [`token/${accessor}`, `token/${accessor}@team-b`, `token/${accessor}@nowhere`, `token/${who.job.accessor}@team-a`];
    for (const name of wrong) expect(await probe(name), name).toMatchObject({ verdict: 'unknown', control: false });
    for (const name of wrong.slice(0, 2)) expect(await find(name), name).toMatchObject({ exists: false });
    for (const name of wrong) expect((await revoke(name)).result, name).toBe('refused');
    await asRoot('POST', 'auth/token/revoke-accessor', { accessor }, 'team-a');
    for (const name of wrong.slice(0, 3)) expect((await probe(name)).verdict, name).toBe('unknown');
  });
});

describe('our own token', () => {
  it('is read from the secret again where it was replaced', async () => {
    const { who, probe, asRoot } = await open();
    expect((await probe(`token/${who.job.accessor}`)).verdict).toBe('alive');
    const made = (await asRoot('POST', 'auth/token/create-orphan', { policies: ['rescind'], ttl: '1h' })) as { auth: { client_token: string } };
    await setToken(made.auth.client_token);
    await asRoot('POST', 'auth/token/revoke-accessor', { accessor: who.own.accessor });
    expect((await probe(`token/${who.job.accessor}`)).verdict).toBe('alive');
    expect(await probe(`token/${who.own.accessor}`)).toMatchObject({ verdict: 'dead', control: true });
  });

  it('may be a field of a JSON object', async () => {
    const { who, probe } = await open({ secret: ({ own }) => JSON.stringify({ token: own.value }) });
    expect((await probe(`token/${who.job.accessor}`)).verdict).toBe('alive');
  });

  it('that is no token is never sent, nor quoted', async () => {
    const { who, probe, requests, revoke } = await open({ secret: () => `two words ${newToken()}` });
    expect(await probe(`token/${who.job.accessor}`)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('rescind/vault') as string });
    await expect(revoke(`token/${who.job.accessor}`)).rejects.toThrow('put a token there');
    expect(requests).toEqual([]);
  });

  it('is read, and is told who it is, once for many', async () => {
    const { who, revoke, probe, house: { calls }, requests } = await open();
    const names = [who.job, who.orphan, who.person].map(({ accessor }) => `token/${accessor}`);
    await Promise.all(names.map((name) => revoke(name)));
    await Promise.all(names.map((name) => probe(name)));
    expect(calls.filter(({ operation }) => operation === 'GetSecretValue')).toHaveLength(1);
    expect(requests.filter((one) => one.endsWith('lookup-self'))).toHaveLength(1);
    // three looks, and controls of which those that were asked at the same moment were one
    expect(requests.filter((one) => one.endsWith('lookup-accessor')).length).toBeLessThan(6);
  });
});

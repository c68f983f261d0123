import { afterEach, describe, expect, it } from 'vitest';
import { credentialOf, newId, openVault, type VaultHouse, type VaultHouseOptions } from './subject.ts';

let house: VaultHouse;
afterEach(() => house.close());
const open = async (options: VaultHouseOptions = {}): Promise<VaultHouse> => (house = await openVault(options));
const without = (...gone: string[]): VaultHouseOptions => ({ world: ({ policies }) => ({ policies: { ...policies, rescind: Object.fromEntries(Object.entries(policies?.rescind ?? {}).filter(([path]) => !gone.includes(path))) } }) });

describe('a secret-id', () => {
  it('is found with its metadata, and destroyed; twice is fine', async () => {
    const { who, find, revoke, probe } = await open();
    const name = `secret-id/approle/deploy/${who.secretId.accessor}`;
    expect(await find(name)).toMatchObject({ exists: true, principal: 'deploy', attributes: { role: 'deploy', 'metadata.job': '1842' } });
    const children = [{ id: `vault-tokens:of ${name}`, accounted: false, how: expect.stringContaining('until they expire') as string }];
    expect(await revoke(name)).toMatchObject({ result: 'done', note: expect.stringContaining('live on') as string, children });
    expect(await revoke(name)).toMatchObject({ result: 'already', note: expect.stringContaining('500') as string, children });
    expect(await probe(name)).toMatchObject({ verdict: 'dead', control: true, note: expect.stringContaining('404') as string });
  });

  it('is asked to be destroyed once, though that it is gone is answered as a fault', async () => {
    const { who, revoke, requests } = await open();
    expect((await revoke(`secret-id/approle/deploy/${newId()}`)).result).toBe('already');
    expect(requests.filter((one) => one.endsWith('/destroy'))).toHaveLength(1);
    expect(who.secretId.accessor).toBeTruthy();
  });

  it('of a role that has no other is dead all the same', async () => {
    const { probe } = await open();
    expect(await probe(`secret-id/approle/idle/${newId()}`)).toMatchObject({ verdict: 'dead', note: expect.stringContaining('has no secret-id') as string });
  });

  it('of an unknown role or mount is unknown, and nothing there is called gone', async () => {
    const { who, probe, revoke } = await open();
    for (const name of [`secret-id/approle/nosuch/${who.secretId.accessor}`, `secret-id/other/deploy/${who.secretId.accessor}`]) {
      expect(await probe(name), name).toMatchObject({ verdict: 'unknown', control: false });
      expect((await revoke(name)).result, name).toBe('refused');
    }
  });

  it('whose role may not list is judged by the role, and by nothing where that is closed too', async () => {
    await open(without('auth/approle/role/+/secret-id'));
    expect(await house.probe(`secret-id/approle/deploy/${newId()}`)).toMatchObject({ verdict: 'dead', note: expect.stringContaining('its role is there') as string });
    await house.close();
    await open(without('auth/approle/role/+/secret-id', 'auth/approle/role/+'));
    expect(await house.probe(`secret-id/approle/deploy/${newId()}`)).toMatchObject({ verdict: 'unknown', control: false });
  });
});

describe('an entity', () => {
  it('is disabled and enabled again, by another process too', async () => {
    const { who, contain, vault, another, context, find } = await open();
    const name = `entity/${who.person.entity}`;
    expect(await find(name)).toMatchObject({ exists: true, principal: 'mira', attributes: { name: 'mira', disabled: 'false' } });
    const acted = await contain(name);
    expect(acted).toMatchObject({ result: 'done', evidence: { entity: who.person.entity, disabled: false } });
    expect(vault.alive(who.person.value)).toBe(false);
    const restored = await another().restore?.(credentialOf(name), 'evidence' in acted ? (acted.evidence ?? {}) : {}, context());
    expect(restored?.result).toBe('done');
    expect(vault.alive(who.person.value)).toBe(true);
  });

  it('that was disabled before stays so', async () => {
    const { who, contain, restore, vault, asRoot } = await open();
    const name = `entity/${who.person.entity}`;
    await asRoot('POST', `identity/entity/id/${who.person.entity}`, { disabled: true });
    const acted = await contain(name);
    expect(acted).toMatchObject({ result: 'already', evidence: { disabled: true } });
    expect((await restore(name, 'evidence' in acted ? (acted.evidence ?? {}) : {})).result).toBe('already');
    expect(vault.alive(who.person.value)).toBe(false);
  });

  it('is not enabled on the word of evidence about another, or of none', async () => {
    const { who, contain, restore, vault } = await open();
    const name = `entity/${who.person.entity}`;
    await contain(name);
    expect((await restore(name, {})).result).toBe('refused');
    expect((await restore(name, { entity: 'other', disabled: false })).result).toBe('refused');
    expect(vault.alive(who.person.value)).toBe(false);
  });

  it('that is not found is neither dead nor done with: it may have been merged, or be elsewhere', async () => {
    const { who, find, probe, asRoot, contain, revoke, restore } = await open({ world: () => ({ namespaces: ['team-a'] }), secret: ({ root }) => root });
    const name = `entity/${who.person.entity}`;
    await asRoot('DELETE', `identity/entity/id/${who.person.entity}`);
    for (const missing of [name, `${name}@team-a`]) {
      expect(await probe(missing)).toMatchObject({ verdict: 'unknown', control: false, note: expect.stringMatching(/^status 404: .*merged into another/) as string });
      expect(await find(missing)).toMatchObject({ exists: false });
      for (const acted of [await contain(missing), await revoke(missing)]) expect(acted).toMatchObject({ result: 'refused', reason: expect.stringMatching(/merged_entity_ids.*by their accessors/) as string });
    }
    expect(await restore(name, { entity: who.person.entity, disabled: false })).toMatchObject({ result: 'refused', reason: expect.stringContaining('deleted') as string });
  });

  it('that is looked for outside of the namespace its id ends in is said to be', async () => {
    const { probe, revoke } = await open();
    const name = `entity/${newId()}.VW8TYw`;
    expect(await probe(name)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('@<namespace>') as string });
    expect(await revoke(name)).toMatchObject({ result: 'refused', reason: expect.stringContaining('@<namespace>') as string });
  });

  it('leaves what its tokens had leased and the orphans that they made, which is not accounted for, in every repeat', async () => {
    const { who, contain, revoke } = await open();
    const name = `entity/${who.person.entity}`;
    const children = [{ id: `vault-leases:of ${name}`, accounted: false, how: expect.stringContaining('denied, not revoked') as string }, { id: `vault-tokens:of ${name}`, accounted: false, how: expect.stringContaining('belong to no entity') as string }];
    expect(await contain(name)).toMatchObject({ result: 'done', children });
    expect(await revoke(name)).toMatchObject({ result: 'already', children });
  });
});

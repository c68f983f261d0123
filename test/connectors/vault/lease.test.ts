import { afterEach, describe, expect, it } from 'vitest';
import { newId, openVault, type VaultHouse, type VaultHouseOptions } from './subject.ts';
import type { Notes } from '../house.ts';

let house: VaultHouse;
afterEach(() => house.close());
const open = async (options: VaultHouseOptions = {}): Promise<VaultHouse> => (house = await openVault(options));
const failing: VaultHouseOptions = { world: ({ engines }) => ({ engines: engines?.map((engine) => ({ ...engine, revocation: 'fails' as const })), revocation: { queueSeconds: 0.1, retrySeconds: 0.1, attempts: 2 } }) };
const later = (seconds: number): Promise<void> => house.house.clock.sleep(seconds * 1000);
const forced = (): string[] => house.requests.filter((one) => one.includes('revoke-force'));

describe('a lease', () => {
  it('is found at its path, and waits for the engine behind it when it is revoked', async () => {
    const { who, find, revoke, isAlive } = await open();
    expect(await find(`lease/${who.lease}`)).toMatchObject({ exists: true, attributes: { path: 'database/creds/ci' } });
    expect(await find(`lease/database/creds/ci/${newId()}`)).toMatchObject({ exists: false });
    expect(await revoke(`lease/${who.lease}`)).toMatchObject({ result: 'done' });
    expect(isAlive(`lease/${who.lease}`)).toBe(false);
  });

  it('whose engine does not give in is pending, then irrevocable, and never dead', async () => {
    const { who, revoke, probe, isAlive, find } = await open(failing);
    const notes: Notes = [];
    expect(await revoke(`lease/${who.lease}`, { notes })).toMatchObject({ result: 'pending', evidence: { queued: true } });
    expect((await probe(`lease/${who.lease}`)).verdict).toBe('alive');
    await later(2);
    expect(await revoke(`lease/${who.lease}`, { notes })).toMatchObject({ result: 'refused', reason: expect.stringContaining('irrevocable') as string, evidence: { irrevocable: 1, leases: [who.lease] } });
    expect(notes).toContainEqual({ irrevocable: 1, leases: [who.lease] });
    expect(isAlive(`lease/${who.lease}`)).toBe(true);
    expect((await probe(`lease/${who.lease}`)).verdict).toBe('alive');
    expect((await find(`lease/${who.lease}`)).exists).toBe(true);
    expect(forced()).toEqual([]);
  });

  it('of a mount that nobody has is unknown, and so is one whose mounts we may not see', async () => {
    const { probe } = await open();
    expect(await probe(`lease/datbase/creds/ci/${newId()}`)).toMatchObject({ verdict: 'unknown', control: false, note: expect.stringContaining('no such mount') as string });
    await house.close();
    await open({ world: ({ policies }) => ({ policies: { ...policies, rescind: Object.fromEntries(Object.entries(policies?.rescind ?? {}).filter(([path]) => path !== 'sys/mounts')) } }) });
    const { who: { lease } } = house;
    expect((await house.revoke(`lease/${lease}`)).result).toBe('done');
    expect(await house.probe(`lease/${lease}`)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('sys/mounts') as string });
  });

  it('asked for in a namespace that its id does not end in is unknown', async () => {
    const { who, probe, revoke } = await open({ world: () => ({ namespaces: ['team-a'] }), secret: ({ root }) => root });
    expect(await probe(`lease/${who.lease}@team-a`)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('@root') as string });
    expect((await revoke(`lease/${who.lease}@team-a`)).result).toBe('refused');
    expect((await probe(`lease/${who.lease}`)).verdict).toBe('alive');
  });
});

describe('a prefix', () => {
  it('is taken back with all that is under it and with nothing else', async () => {
    const { who, find, probe, revoke, vault } = await open();
    expect(await find(`prefix/${who.prefix}`)).toMatchObject({ exists: true, note: '3 leases under it' });
    expect(await find('prefix/database')).toMatchObject({ note: '5 leases under it' });
    expect(await probe(`prefix/${who.prefix}`)).toMatchObject({ verdict: 'alive', note: expect.stringContaining('3 leases') as string });
    expect(await revoke(`prefix/${who.prefix}`)).toMatchObject({ result: 'done', note: expect.stringContaining('3 leases') as string });
    expect(vault.credentials().filter(({ id, alive }) => id.startsWith('lease/') && alive)).toHaveLength(2);
    expect(await revoke(`prefix/${who.prefix}`)).toMatchObject({ result: 'already' });
    expect((await probe('prefix/database/cre')).verdict).toBe('dead');
    expect((await probe('prefix/database')).verdict).toBe('alive');
  });

  it('under which one engine fails is pending, then refused with the irrevocable ones counted and kept', async () => {
    const { who, revoke, probe } = await open({
      ...failing,
      world: (world) => ({ ...failing.world?.(world, house?.who), engines: [...(world.engines ?? []), { mount: 'broken', roles: { x: {} }, revocation: 'fails' as const }], leases: [...(world.leases ?? []), { id: `broken/creds/x/${newId()}`, token: 'orphan' }, { id: `broken/creds/x/${newId()}`, token: 'orphan' }] }),
    });
    const notes: Notes = [];
    expect(await revoke('prefix/broken/creds', { notes })).toMatchObject({ result: 'pending', note: expect.stringContaining('2 leases of 2 leases') as string });
    await later(2);
    expect(await revoke('prefix/broken/creds', { notes })).toMatchObject({ result: 'refused', reason: expect.stringMatching(/given up on 2 of them as irrevocable/) as string, evidence: { irrevocable: 2 } });
    expect((await probe('prefix/broken/creds')).verdict).toBe('alive');
    expect((await revoke(`prefix/${who.prefix}`)).result).toBe('done');
    expect(forced()).toEqual([]);
  });

  it('that fails at its first lease still has the others taken back', async () => {
    const { who, revoke, vault, house: { behaviours } } = await open({ world: () => ({ revocation: { queueSeconds: 0.1, retrySeconds: 5, attempts: 6 } }) });
    const first = vault.credentials().find(({ id }) => id.startsWith(`lease/${who.prefix}/`))?.id.slice('lease/'.length) ?? '';
    behaviours.add({ service: 'vault:database', operation: 'REVOKE database/creds/batch', resource: first, effect: 'refuse', times: 1 });
    const notes: Notes = [];
    const acted = await revoke(`prefix/${who.prefix}`, { notes });
    expect(acted.result).toBe('pending');
    await later(1);
    expect((await revoke(`prefix/${who.prefix}`, { notes })).result).toBe('already');
    expect(vault.credentials().filter(({ id, alive }) => id.startsWith(`lease/${who.prefix}/`) && alive)).toEqual([]);
  });

  it('that we may not list is not called empty', async () => {
    const { who, probe, revoke, find } = await open({ world: ({ policies }) => ({ policies: { ...policies, rescind: Object.fromEntries(Object.entries(policies?.rescind ?? {}).filter(([path]) => path !== 'sys/leases/lookup/*')) } }) });
    expect(await probe(`prefix/${who.prefix}`)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('403') as string });
    expect(await revoke(`prefix/${who.prefix}`)).toMatchObject({ result: 'refused', reason: expect.stringContaining('list leases') as string });
    await expect(find(`prefix/${who.prefix}`)).rejects.toThrow('sudo');
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRealHouse, type RealHouse } from './house.ts';

let house: RealHouse;
beforeAll(async () => {
  house = await openRealHouse();
});
afterAll(() => house.close());
beforeEach(() => {
  house.broker.deletion = 'works';
});

describe('a token of a real OpenBao', () => {
  it('dies with what it made, orphans and nothing else apart', async () => {
    const job = await house.mint({ policies: ['minter'], meta: { pipeline: '1842' }, no_parent: true });
    const child = await house.mint({ policies: ['default'] }, job);
    const batch = await house.mint({ policies: ['default'], type: 'batch' }, job);
    const orphan = await house.mint({ policies: ['default'] }, job, { path: 'auth/token/create-orphan' });
    const name = `token/${job.accessor}`;
    expect(await house.find(name)).toMatchObject({ exists: true, account: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, attributes: { 'meta.pipeline': '1842', type: 'service', orphan: 'true', policies: 'default,minter' } });
    expect(await house.probe(name)).toMatchObject({ verdict: 'alive', basis: 'record' });
    expect([await house.opens(job), await house.opens(child), await house.opens(batch)]).toEqual([true, true, true]);
    expect(await house.revoke(name)).toMatchObject({ result: 'done' });
    expect(await house.probe(name)).toMatchObject({ verdict: 'dead', basis: 'record', control: true });
    expect([await house.opens(job), await house.opens(child), await house.opens(batch), await house.opens(orphan)]).toEqual([false, false, false, true]);
    expect([(await house.probe(`token/${child.accessor}`)).verdict, (await house.probe(`token/${orphan.accessor}`)).verdict]).toEqual(['dead', 'alive']);
    expect(await house.revoke(name)).toMatchObject({ result: 'already' });
    expect((await house.find(name)).exists).toBe(false);
  });

  it('of our own is kept, and everything here is done under the documented policy', async () => {
    expect(await house.find(`token/${house.own.accessor}`)).toMatchObject({ exists: true, protectedBy: expect.stringContaining('own token') as string, attributes: { policies: 'default,rescind', orphan: 'true' } });
    expect((await house.revoke(`token/${house.own.accessor}`)).result).toBe('refused');
    expect((await house.revoke('prefix/auth/token')).result).toBe('refused');
    expect(await house.opens(house.own)).toBe(true);
  });

  it('is dead when its time is over', async () => {
    const short = await house.mint({ policies: ['default'], ttl: '1s', explicit_max_ttl: '1s' });
    expect((await house.probe(`token/${short.accessor}`)).verdict).toBe('alive');
    await expect.poll(() => house.opens(short), { timeout: 10_000 }).toBe(false);
    await expect.poll(async () => (await house.probe(`token/${short.accessor}`)).verdict, { timeout: 10_000 }).toBe('dead');
  });

  it('that was used up is dead: one that may be used once', async () => {
    const once = await house.mint({ policies: ['default'], num_uses: 1 });
    expect((await house.probe(`token/${once.accessor}`)).verdict).toBe('alive');
    expect(await house.opens(once)).toBe(true);
    await expect.poll(async () => (await house.probe(`token/${once.accessor}`)).verdict, { timeout: 10_000 }).toBe('dead');
  });
});

describe('a lease of a real OpenBao', () => {
  it('is revoked at its engine and waited for, and the one beside it lives', async () => {
    const [first, second] = [await house.lend(), await house.lend()];
    const name = `lease/${first.lease}`;
    expect(await house.find(name)).toMatchObject({ exists: true });
    expect((await house.probe(name)).verdict).toBe('alive');
    expect(await house.revoke(name)).toMatchObject({ result: 'done' });
    expect([...house.broker.users]).toEqual([second.user]);
    expect(await house.probe(name)).toMatchObject({ verdict: 'dead', control: true });
    expect((await house.probe(`lease/${second.lease}`)).verdict).toBe('alive');
    expect((await house.revoke(name)).result).toBe('already');
  });

  it('dies with all that are under its prefix, and with no other', async () => {
    const under = [await house.lend('batch'), await house.lend('batch'), await house.lend('batch')];
    const other = await house.lend('ci');
    expect((await house.probe('prefix/rabbitmq/creds/batch')).verdict).toBe('alive');
    expect((await house.revoke('prefix/rabbitmq/creds/batch')).result).toBe('done');
    expect(await house.probe('prefix/rabbitmq/creds/batch')).toMatchObject({ verdict: 'dead', control: true });
    expect(under.some(({ user }) => house.broker.users.has(user))).toBe(false);
    expect(house.broker.users.has(other.user)).toBe(true);
  });

  it.each(['fails', 'hangs'] as const)('waits while its engine %s, is never called dead, and is dead when the engine is back', { timeout: 120_000 }, async (deletion) => {
    const { lease, user } = await house.lend();
    house.broker.deletion = deletion;
    expect((await house.revoke(`lease/${lease}`)).result).toBe('pending');
    expect((await house.probe(`lease/${lease}`)).verdict).not.toBe('dead');
    expect((await house.probe('prefix/rabbitmq/creds/ci')).verdict).not.toBe('dead');
    expect(house.broker.users.has(user)).toBe(true);
    house.broker.restart();
    await expect.poll(async () => (await house.revoke(`lease/${lease}`)).result, { timeout: 100_000, interval: 1000 }).toMatch(/^(done|already)$/);
    expect([(await house.probe(`lease/${lease}`)).verdict, house.broker.users.has(user)]).toEqual(['dead', false]);
  });

  it('of a mount that is not there proves nothing', async () => {
    expect((await house.probe('lease/nomount/creds/ci/0123456789abcdefghijABCD')).verdict).toBe('unknown');
    expect((await house.probe('prefix/nomount/creds')).verdict).toBe('unknown');
  });
});

describe('a secret-id of a real OpenBao', () => {
  it('is destroyed, and what was issued for it lives on', async () => {
    const { data } = await house.bao.ask('POST', 'auth/approle/role/deploy/secret-id', { metadata: '{"job":"1842"}' });
    const { role_id } = (await house.bao.ask('GET', 'auth/approle/role/deploy/role-id')).data ?? {};
    const login = () => house.bao.ask('POST', 'auth/approle/login', { role_id, secret_id: data?.secret_id });
    const before = await login();
    const name = `secret-id/approle/deploy/${String(data?.secret_id_accessor)}`;
    expect(await house.find(name)).toMatchObject({ exists: true, attributes: { role: 'deploy', 'metadata.job': '1842' } });
    expect(await house.revoke(name)).toMatchObject({ result: 'done', children: [{ accounted: false }] });
    expect(await house.probe(name)).toMatchObject({ verdict: 'dead', control: true });
    expect((await login()).status).toBe(400);
    expect(await house.opens({ value: before.auth?.client_token ?? '', accessor: '' })).toBe(true);
    expect((await house.revoke(name)).result).toBe('already');
    expect((await house.probe('secret-id/approle/nosuch/33298fd1-b8fd-7ef7-550c-2801d5202fdf')).verdict).toBe('unknown');
  });
});

describe('an entity of a real OpenBao', () => {
  it('is disabled with its batch tokens, and enabled again', async () => {
    const role_id = (await house.bao.ask('GET', 'auth/approle/role/deploy/role-id')).data?.role_id;
    const login = async () => {
      const { data } = await house.bao.ask('POST', 'auth/approle/role/deploy/secret-id', {});
      const { auth } = await house.bao.ask('POST', 'auth/approle/login', { role_id, secret_id: data?.secret_id });
      return { value: auth?.client_token ?? '', accessor: auth?.accessor ?? '', entity: auth?.entity_id ?? '' };
    };
    const person = await login();
    await house.bao.ask('POST', 'auth/approle/role/deploy', { token_policies: ['default'], token_type: 'batch' });
    const batch = await login();
    await house.bao.ask('POST', 'auth/approle/role/deploy', { token_policies: ['default'], token_type: 'service' });
    expect([batch.accessor, batch.entity, await house.opens(batch)]).toEqual(['', person.entity, true]);
    const name = `entity/${person.entity}`;
    expect((await house.probe(name)).verdict).toBe('alive');
    expect((await house.contain(name)).result).toBe('done');
    expect([await house.opens(person), await house.opens(batch)]).toEqual([false, false]);
    expect(await house.probe(name)).toMatchObject({ verdict: 'dead', control: true });
    // its token is denied, and lives again with it
    expect((await house.probe(`token/${person.accessor}`)).verdict).toBe('unknown');
    expect((await house.restore(name, { entity: person.entity, disabled: false })).result).toBe('done');
    expect([await house.opens(person), (await house.probe(name)).verdict, (await house.probe(`token/${person.accessor}`)).verdict]).toEqual([true, 'alive', 'alive']);
    expect((await house.probe('entity/7d2e3179-f69b-450c-7179-ac8ee8bd8ca9')).verdict).toBe('unknown');
  });
});

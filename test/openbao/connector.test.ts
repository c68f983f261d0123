import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { documented, openRealHouse, type RealHouse } from './house.ts';

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

describe('a lease of a real OpenBao', () => {
  it('that is written as a prefix is not gone because nothing is under it', async () => {
    const { lease, user } = await house.lend();
    expect(await house.find(`prefix/${lease}`)).toMatchObject({ exists: false, note: expect.stringContaining('lease/') as string });
    expect((await house.revoke(`prefix/${lease}`)).result).toBe('refused');
    expect([(await house.probe(`prefix/${lease}`)).verdict, house.broker.users.has(user)]).toEqual(['alive', true]);
  });

  it('of logins takes the tokens back, and does not say that what they leased is', async () => {
    const { bao } = house;
    await bao.ask('POST', 'sys/auth/userpass', { type: 'userpass' });
    await bao.ask('POST', 'auth/userpass/users/mira', { password: 'throwaway', token_policies: ['minter'] });
    const { auth } = await bao.ask('POST', 'auth/userpass/login/mira', { password: 'throwaway' });
    const token = { value: auth?.client_token ?? '', accessor: auth?.accessor ?? '' };
    const { user } = await house.lend('ci', token);
    house.broker.deletion = 'fails';
    expect(await house.revoke('prefix/auth/userpass/login/mira')).toMatchObject({ result: 'done', note: expect.stringContaining('leases that those held are queued') as string });
    expect([(await house.probe('prefix/auth/userpass/login/mira')).verdict, await house.opens(token), house.broker.users.has(user)]).toEqual(['dead', false, true]);
  });

  it('is dead with its engine, where it was lent from that: a mount that is gone has taken its leases back', async () => {
    const { bao } = house;
    await bao.ask('POST', 'sys/mounts/passing', { type: 'rabbitmq' });
    await bao.ask('POST', 'passing/config/connection', { connection_uri: house.broker.url, username: 'admin', password: 'throwaway', verify_connection: false });
    await bao.ask('POST', 'passing/roles/ci', { tags: 'monitoring' });
    const { lease_id: lease = '', data } = await bao.ask('GET', 'passing/creds/ci');
    const names = [`lease/${lease}`, 'prefix/passing/creds/ci'];
    const accounts = await Promise.all(names.map(async (name) => (await house.find(name)).account));
    house.broker.deletion = 'fails';
    // it does not go while a lease cannot be taken back
    expect((await bao.ask('DELETE', 'sys/mounts/passing')).status).toBe(400);
    expect((await house.probe(names[0] ?? '', accounts[0])).verdict).not.toBe('dead');
    house.broker.deletion = 'works';
    await expect.poll(async () => (await bao.ask('DELETE', 'sys/mounts/passing')).status, { timeout: 20_000 }).toBe(204);
    expect(house.broker.users.has(String(data?.username))).toBe(false);
    for (const [n, name] of names.entries()) {
      expect([name, (await house.probe(name, accounts[n])).verdict, (await house.revoke(name, accounts[n])).result]).toEqual([name, 'dead', 'already']);
      // whoever never saw it there cannot know that it was
      expect((await house.probe(name)).verdict).toBe('unknown');
    }
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

describe('a secret-id of a real OpenBao', () => {
  const issue = async (role: string, mount = 'approle'): Promise<{ name: string; account?: string; login: (at?: string) => Promise<number> }> => {
    const { bao } = house;
    const { data } = await bao.ask('POST', `auth/${mount}/role/${role}/secret-id`, {});
    const role_id = (await bao.ask('GET', `auth/${mount}/role/${role}/role-id`)).data?.role_id;
    const name = `secret-id/${mount}/${role}/${String(data?.secret_id_accessor)}`;
    return { name, account: (await house.find(name)).account, login: async (at = mount) => (await bao.ask('POST', `auth/${at}/login`, { role_id, secret_id: data?.secret_id })).status };
  };

  it('is not dead because its mount was moved and another one is at its place', async () => {
    const { bao } = house;
    await bao.ask('POST', 'sys/auth/movable', { type: 'approle' });
    await bao.ask('POST', 'auth/movable/role/deploy', { token_policies: ['default'] });
    const policy = (mount: string) => ['secret-id', 'secret-id-accessor/lookup', 'secret-id-accessor/destroy'].map((path) => `path "auth/${mount}/role/+/${path}" { capabilities = ["list", "update"] }`).join('\n');
    await bao.bao(['policy', 'write', 'rescind', '-'], `${documented().policy}\n${policy('movable')}`);
    const { name, account, login } = await issue('deploy', 'movable');
    await bao.ask('POST', 'sys/remount', { from: 'auth/movable', to: 'auth/moved' });
    await expect.poll(async () => Object.keys((await bao.ask('GET', 'sys/auth')).data ?? {}), { timeout: 20_000 }).toContain('moved/');
    await bao.ask('POST', 'sys/auth/movable', { type: 'approle' });
    await bao.ask('POST', 'auth/movable/role/deploy', { token_policies: ['default'] });
    expect(await login('moved')).toBe(200);
    expect(await house.probe(name, account)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('not the mount that it was lent from') as string });
    expect((await house.revoke(name, account)).result).toBe('refused');
  });

  it('is dead with its role', async () => {
    await house.bao.ask('POST', 'auth/approle/role/passing', { token_policies: ['default'] });
    const { name, account, login } = await issue('passing');
    expect(await login()).toBe(200);
    await house.bao.ask('DELETE', 'auth/approle/role/passing');
    expect(await login()).toBe(400);
    expect(await house.probe(name, account)).toMatchObject({ verdict: 'dead', control: true });
    expect((await house.revoke(name, account)).result).toBe('already');
    expect((await house.probe(name)).verdict).toBe('unknown');
  });

  it('of another role is not found under this one, and is left alone', async () => {
    await house.bao.ask('POST', 'auth/approle/role/other', { token_policies: ['default'] });
    const { name, login } = await issue('other');
    const wrong = name.replace('/other/', '/deploy/');
    expect((await house.find(wrong)).exists).toBe(false);
    expect([(await house.probe(wrong)).verdict, (await house.revoke(wrong)).result, await login()]).toEqual(['unknown', 'refused', 200]);
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

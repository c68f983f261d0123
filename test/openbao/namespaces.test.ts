import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documented, openRealHouse, type Minted, type RealHouse } from './house.ts';

let house: RealHouse;
beforeAll(async () => {
  house = await openRealHouse();
  for (const [path, namespace] of [['team-a', undefined], ['team-b', undefined], ['inner', 'team-a']] as const) await house.bao.ask('POST', `sys/namespaces/${path}`, {}, { namespace });
  // as the page says: the same paths with the namespace before them, for those that are lent from
  const { policy } = documented();
  const below = (namespace: string): string => policy.replaceAll(/^path "/gm, `path "${namespace}/`);
  await house.bao.bao(['policy', 'write', 'rescind', '-'], [policy, below('team-a'), below('team-a/inner')].join('\n'));
});
afterAll(() => house.close());

const inNamespace = (namespace: string, body: object = {}): Promise<Minted> => house.mint({ policies: ['default'], ...body }, undefined, { namespace });

describe('a namespace of a real OpenBao', () => {
  it.each(['team-a', 'team-a/inner'])('%s: its tokens are found, revoked and seen dead there, under the documented policy', async (namespace) => {
    const [token, other] = [await inNamespace(namespace, { meta: { job: '7' } }), await inNamespace(namespace)];
    const name = `token/${token.accessor}@${namespace}`;
    expect(await house.find(name)).toMatchObject({ exists: true, attributes: { 'meta.job': '7' } });
    expect((await house.probe(name)).verdict).toBe('alive');
    expect((await house.revoke(name)).result).toBe('done');
    expect(await house.probe(name)).toMatchObject({ verdict: 'dead', control: true });
    expect([await house.opens(token, namespace), await house.opens(other, namespace)]).toEqual([false, true]);
    expect((await house.revoke(name)).result).toBe('already');
  });

  it('an accessor that is looked for in another one is never dead, and nothing is revoked', async () => {
    const token = await inNamespace('team-a');
    for (const where of ['@root', '@team-b', '@team-a/inner', '@nosuch', '']) {
      const name = `token/${token.accessor}${where}`;
      expect([where, (await house.probe(name)).verdict]).toEqual([where, 'unknown']);
      expect([where, (await house.revoke(name)).result]).toEqual([where, 'refused']);
    }
    const ofRoot = await house.mint({ policies: ['default'] });
    expect((await house.probe(`token/${ofRoot.accessor}@team-a`)).verdict).toBe('unknown');
    expect((await house.revoke(`token/${ofRoot.accessor}@team-a`)).result).toBe('refused');
    expect([await house.opens(token, 'team-a'), await house.opens(ofRoot)]).toEqual([true, true]);
  });

  it('that our own token may not ask in is unknown', async () => {
    const token = await inNamespace('team-b');
    expect((await house.probe(`token/${token.accessor}@team-b`)).verdict).toBe('unknown');
    expect((await house.revoke(`token/${token.accessor}@team-b`)).result).toBe('refused');
    expect(await house.opens(token, 'team-b')).toBe(true);
  });

  it('has leases of its own, which no other namespace calls dead while they live', async () => {
    for (const namespace of ['team-a', 'team-a/inner', 'team-b']) {
      await house.bao.ask('POST', 'sys/mounts/rabbitmq', { type: 'rabbitmq' }, { namespace });
      await house.bao.ask('POST', 'rabbitmq/config/connection', { connection_uri: house.broker.url, username: 'admin', password: 'throwaway', verify_connection: false }, { namespace });
      await house.bao.ask('POST', 'rabbitmq/roles/ci', { tags: 'monitoring' }, { namespace });
    }
    const lend = async (namespace: string) => {
      const { lease_id: lease = '', data } = await house.bao.ask('GET', 'rabbitmq/creds/ci', undefined, { namespace });
      return { lease, user: String(data?.username) };
    };
    const [first, second, ofB, ofRoot] = [await lend('team-a'), await lend('team-a'), await lend('team-b'), await house.lend()];
    for (const { lease } of [first, ofB]) for (const where of ['', '@root', '@team-a', '@team-a/inner', '@team-b', '@nosuch']) expect([where, (await house.probe(`lease/${lease}${where}`)).verdict]).not.toEqual([where, 'dead']);
    for (const where of ['@team-a', '@team-a/inner', '@team-b']) expect((await house.probe(`lease/${ofRoot.lease}${where}`)).verdict).toBe('unknown');
    // the server itself finds a lease by its id wherever it is asked, and takes it back there: a right on one namespace would reach into the others
    expect((await house.bao.ask('POST', 'sys/leases/lookup', { lease_id: first.lease }, { namespace: 'team-b' })).status).toBe(200);
    for (const where of ['@team-a/inner', '@team-b', '@root']) {
      expect([where, await house.find(`lease/${first.lease}${where}`).then(({ exists }) => exists, () => 'asked again')]).not.toEqual([where, true]);
      expect([where, await house.revoke(`lease/${first.lease}${where}`).then(({ result }) => result, () => 'asked again')]).not.toEqual([where, 'done']);
    }
    expect(house.broker.users.has(first.user)).toBe(true);
    expect((await house.probe(`lease/${first.lease}@team-a`)).verdict).toBe('alive');
    expect((await house.revoke(`lease/${first.lease}@team-a`)).result).toBe('done');
    expect([(await house.probe(`lease/${first.lease}@team-a`)).verdict, [...house.broker.users].sort()]).toEqual(['dead', [second.user, ofB.user, ofRoot.user].sort()]);
    expect((await house.revoke('prefix/rabbitmq/creds/ci@team-a')).result).toBe('done');
    expect([(await house.probe('prefix/rabbitmq/creds/ci@team-a')).verdict, [...house.broker.users].sort()]).toEqual(['dead', [ofB.user, ofRoot.user].sort()]);
    expect((await house.probe('prefix/rabbitmq/creds/ci@team-b')).verdict).toBe('unknown');
  });

  it('has secret-ids of its own', async () => {
    const at = { namespace: 'team-a' };
    await house.bao.ask('POST', 'sys/auth/approle', { type: 'approle' }, at);
    await house.bao.ask('POST', 'auth/approle/role/deploy', { token_policies: ['default'] }, at);
    const { data } = await house.bao.ask('POST', 'auth/approle/role/deploy/secret-id', {}, at);
    const secretId = `secret-id/approle/deploy/${String(data?.secret_id_accessor)}`;
    // the root has a role of that name as well, and knows nothing of this one
    expect((await house.probe(secretId)).verdict).not.toBe('alive');
    expect((await house.probe(`${secretId}@team-a`)).verdict).toBe('alive');
    expect((await house.revoke(`${secretId}@team-a`)).result).toBe('done');
    expect(await house.probe(`${secretId}@team-a`)).toMatchObject({ verdict: 'dead', control: true });
  });

  it('keeps its entities apart', async () => {
    const at = { namespace: 'team-a' };
    const { data } = await house.bao.ask('POST', 'identity/entity', { name: 'mira' }, at);
    const name = `entity/${String(data?.id)}`;
    expect((await house.probe(`${name}@root`)).verdict).toBe('unknown');
    expect((await house.revoke(`${name}@root`)).result).toBe('refused');
    expect((await house.revoke(`${name}@team-a`)).result).toBe('done');
    expect(await house.probe(`${name}@team-a`)).toMatchObject({ verdict: 'dead', control: true });
    expect((await house.bao.ask('GET', `identity/entity/id/${String(data?.id)}`, undefined, at)).data?.disabled).toBe(true);
  });

  it('that is gone is unknown, with all that was in it', async () => {
    await house.bao.ask('POST', 'sys/namespaces/short', {});
    const token = await inNamespace('short');
    await house.bao.ask('DELETE', 'sys/namespaces/short');
    await expect.poll(() => house.opens(token, 'short'), { timeout: 10_000 }).toBe(false);
    expect((await house.probe(`token/${token.accessor}@short`)).verdict).toBe('unknown');
  });

  it('that was deleted and made again does not tell of what the old one had lent: its engine may not have been asked', async () => {
    const at = { namespace: 'anew' };
    const furnishEngine = async () => {
      await house.bao.ask('POST', 'sys/namespaces/anew', {});
      await house.bao.ask('POST', 'sys/mounts/rabbitmq', { type: 'rabbitmq' }, at);
      await house.bao.ask('POST', 'rabbitmq/config/connection', { connection_uri: house.broker.url, username: 'admin', password: 'throwaway', verify_connection: false }, at);
      await house.bao.ask('POST', 'rabbitmq/roles/ci', { tags: 'monitoring' }, at);
    };
    const { policy } = documented();
    await house.bao.bao(['policy', 'write', 'rescind', '-'], [policy, policy.replaceAll(/^path "/gm, 'path "anew/')].join('\n'));
    await furnishEngine();
    const { lease_id: lease = '', data } = await house.bao.ask('GET', 'rabbitmq/creds/ci', undefined, at);
    const names = [`lease/${lease}@anew`, 'prefix/rabbitmq/creds/ci@anew'];
    const accounts = await Promise.all(names.map(async (name) => (await house.find(name)).account));
    house.broker.deletion = 'fails';
    await house.bao.ask('DELETE', 'sys/namespaces/anew');
    await expect.poll(async () => (await house.bao.ask('GET', 'sys/namespaces/anew')).status, { timeout: 20_000 }).toBe(404);
    for (const isFurnished of [false, true]) {
      if (isFurnished) await furnishEngine();
      else await house.bao.ask('POST', 'sys/namespaces/anew', {});
      expect(house.broker.users.has(String(data?.username))).toBe(true);
      for (const [n, name] of names.entries()) {
        expect([isFurnished, name, (await house.probe(name, accounts[n])).verdict]).toEqual([isFurnished, name, 'unknown']);
        expect([isFurnished, name, await house.revoke(name, accounts[n]).then(({ result }) => result, () => 'asked again')]).not.toEqual([isFurnished, name, 'already']);
      }
    }
    house.broker.restart();
  });
});

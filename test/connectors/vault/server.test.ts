import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Acted, Found } from '../../../functions/core/connector.ts';
import { closeDoors, clusterId, json, oneDoor, serve, type Reply } from './door.ts';
import { credentialOf, newId, openVault, type VaultHouse, type VaultHouseOptions } from './subject.ts';

const houses: VaultHouse[] = [];
afterEach(async () => {
  for (const house of houses.splice(0)) await house.close();
});
const open = async (options: VaultHouseOptions = {}): Promise<VaultHouse> => {
  const house = await openVault(options);
  houses.push(house);
  return house;
};

/** What a vault answered of that credential when it was lent, and what is asked later. */
const lent = async (house: VaultHouse, name: string) => {
  const found: Found = await house.find(name);
  expect(found).toMatchObject({ exists: true, account: expect.stringMatching(/^[0-9a-f-]{36}(\/auth_approle_[0-9a-f]{8})?$/) as string });
  const credential = { ...credentialOf(name), account: found.account };
  const { issuer, context } = house;
  return {
    credential,
    probe: () => issuer.probe(credential, undefined, context()),
    revoke: () => issuer.revoke?.(credential, context()) as Promise<Acted>,
    find: () => issuer.find(credential, context()),
  };
};

describe('another server at the address than the one that the credential was lent from', () => {
  /** Two vaults in which our token is: the connector goes to the second from now on, as if it had been made anew. */
  const moved = async () => {
    const house = await open();
    const { who } = house;
    const names = [`token/${who.job.accessor}`, `lease/${who.lease}`, `prefix/${who.prefix}`, `secret-id/approle/deploy/${who.secretId.accessor}`, `entity/${who.person.entity}`];
    const credentials = [];
    for (const name of names) credentials.push(await lent(house, name));
    const second = await open({ world: (world) => ({ tokens: world.tokens.flatMap((seed) => (seed.id === 'rescind' ? [{ ...seed, ...who.own }] : [])), leases: [], approles: world.approles?.map((role) => ({ ...role, secretIds: [] })) }) });
    const { vault: settings } = house.house.edges.configuration;
    if (settings) settings.address = second.vault.url;
    return { house, credentials, names };
  };

  it('proves nothing: what it does not know is unknown, though our own token is found there', async () => {
    const { house, credentials, names } = await moved();
    // without the cluster nothing would tell them apart
    expect((await house.another().probe(credentialOf(names[0] ?? ''), undefined, house.context())).verdict).toBe('dead');
    for (const { probe, credential } of credentials) {
      expect([credential.name, await probe()]).toEqual([credential.name, expect.objectContaining({ verdict: 'unknown', control: false, note: expect.stringContaining('answers another one now') as string })]);
    }
    expect(house.isAlive(names[0] ?? '')).toBe(true);
  });

  it('is told nothing, and looked up nowhere', async () => {
    const { house, credentials } = await moved();
    await house.house.clock.sleep(0);
    const issuer = house.another();
    for (const { credential, find } of credentials) {
      expect(await issuer.revoke?.(credential, house.context())).toMatchObject({ result: 'refused', reason: expect.stringContaining('answers another one now') as string });
      await expect(find()).rejects.toThrow('could not be looked up');
    }
    expect(await issuer.contain?.(credentials[4]?.credential ?? credentialOf(''), house.context())).toMatchObject({ result: 'refused' });
  });
});

describe('the server that the credential was lent from', () => {
  it('is known again, and what died there is dead', async () => {
    const house = await open();
    const { revoke, probe } = await lent(house, `token/${house.who.job.accessor}`);
    expect(await revoke()).toMatchObject({ result: 'done' });
    expect(await probe()).toMatchObject({ verdict: 'dead', control: true });
  });

  it.each([{ effect: 'refuse', status: 403 }, { effect: 'down', status: 503 }, { effect: 'refuse', status: 472 }] as const)('is not believed where it does not say which it is: %o', async (behaviour) => {
    const house = await open();
    const { revoke, probe } = await lent(house, `token/${house.who.job.accessor}`);
    await revoke();
    house.house.behaviours.add({ service: 'vault', operation: 'GET /v1/sys/health', code: '', message: '', ...behaviour });
    expect((await probe()).verdict).toBe('unknown');
    // what was lent without a word about its cluster is judged as it was, by a vault that answers at all
    expect((await house.probe(`token/${house.who.job.accessor}`)).verdict).toBe(behaviour.effect === 'down' ? 'unknown' : 'dead');
  });

  it('is not lent from where it does not say which it is bound to: unbound where it never says, asked again where it is silent', async () => {
    const house = await open();
    const { behaviours } = house.house;
    const name = `token/${house.who.job.accessor}`;
    behaviours.set([{ service: 'vault', operation: 'GET /v1/sys/health', effect: 'refuse', status: 404, code: '', message: '' }]);
    expect(await house.find(name)).toMatchObject({ exists: true });
    expect(await house.find(name)).not.toHaveProperty('account');
    behaviours.set([{ service: 'vault', operation: 'GET /v1/sys/health', effect: 'down', status: 503 }]);
    await expect(house.find(name)).rejects.toThrow('503');
    behaviours.set([]);
    expect(await house.find(name)).toHaveProperty('account');
  });
});

describe('a server that could not be asked who it is', () => {
  it('is asked again with the next act', async () => {
    const house = await open();
    const { credential } = await lent(house, `token/${house.who.job.accessor}`);
    const issuer = house.another();
    const again = async () => (await issuer.revoke?.(credential, house.context()))?.result;
    house.house.behaviours.add({ service: 'vault', operation: 'GET /v1/sys/health', effect: 'refuse', status: 403, times: 1 });
    expect([await again(), await again(), await again()]).toEqual(['refused', 'done', 'already']);
  });
});

describe('a vault that has no namespaces and ignores the one that it is asked in', () => {
  const community: VaultHouseOptions = { world: () => ({ isCommunity: true }) };

  it('is not asked about a namespace: nothing is lent, nothing is taken back, nothing is dead', async () => {
    const house = await open(community);
    const { who, find, probe, revoke, contain, isAlive } = house;
    const names = [`token/${who.job.accessor}`, `lease/${who.lease}`, `prefix/${who.prefix}`, `secret-id/approle/deploy/${who.secretId.accessor}`, `entity/${who.person.entity}`];
    for (const name of names) {
      expect([name, await find(`${name}@team-a`)]).toMatchObject([name, { exists: false }]);
      expect([name, await revoke(`${name}@team-a`)]).toMatchObject([name, { result: 'refused', reason: expect.stringMatching(/no namespaces|@root/) as string }]);
      expect([name, (await probe(`${name}@team-a`)).verdict]).toEqual([name, 'unknown']);
    }
    expect(await contain(`entity/${who.person.entity}@team-a`)).toMatchObject({ result: 'refused' });
    expect([isAlive(`token/${who.job.accessor}`), isAlive(`lease/${who.lease}`), house.vault.alive(who.person.value)]).toEqual([true, true, true]);
    expect((await revoke(`token/${who.job.accessor}`)).result).toBe('done');
  });
});

describe("what keeps Rescind's own token alive", () => {
  it('is found as something that cannot be taken back', async () => {
    const { who, find } = await open({ world: (world) => ({ tokens: world.tokens.map((seed) => (seed.id === 'rescind' ? { ...seed, entity: 'mira' } : seed)) }) });
    for (const name of [`token/${who.own.accessor}`, `entity/${who.person.entity}`, 'prefix/auth/token']) expect([name, await find(name)]).toMatchObject([name, { exists: true, protectedBy: expect.stringContaining("Rescind's own token") as string }]);
    for (const name of [`token/${who.job.accessor}`, `prefix/${who.prefix}`, `lease/${who.lease}`]) expect(await find(name)).not.toHaveProperty('protectedBy');
  });

  it('is not looked for in another namespace than its accessor says', async () => {
    const { who, find, revoke, isAlive } = await open({ world: () => ({ namespaces: ['team-a'] }), secret: ({ root }) => root });
    expect(await find(`token/${who.job.accessor}@team-a`)).toMatchObject({ exists: false });
    expect(await revoke(`token/${who.job.accessor}@team-a`)).toMatchObject({ result: 'refused', reason: expect.stringContaining('@root') as string });
    expect(isAlive(`token/${who.job.accessor}`)).toBe(true);
  });
});

describe('a node of a cluster', () => {
  afterEach(closeDoors);
  const invalid = (response: Parameters<Reply>[1]): void => json(response, 400, { errors: ['1 error occurred:\n\t* invalid accessor\n\n'] });
  /** A connector to something that knows only our own token and says that of itself, and the headers that it is asked with. */
  const node = async (health: object) => {
    const headers: IncomingHttpHeaders[] = [];
    const { url } = await serve(oneDoor((request, response) => {
      headers.push(request.headers);
      return invalid(response);
    }, health));
    return { house: await open({ address: url }), headers };
  };
  const token = `token/${newId()}`;

  it('of OpenBao is made to let the active node answer, since it answers reads itself', async () => {
    const { house, headers } = await node({ standby: true });
    expect((await house.probe(token)).verdict).toBe('dead');
    const [asked] = headers;
    expect([JSON.parse(Buffer.from(String(asked?.['x-vault-index']), 'base64').toString()), asked?.['x-vault-inconsistent']]).toEqual([{ cluster: clusterId, value: '18446744073709551615' }, 'forward-active-node']);
  });

  it.each([[{ enterprise: false, standby: true }, 'dead'], [{ enterprise: true, standby: true, performance_standby: true }, 'unknown'], [{ enterprise: true, standby: false, performance_standby: false }, 'dead'], [{ version: '1.15.6', standby: true }, 'dead'], [{ version: '2.6.2', standby: true }, 'unknown'], [{ version: '2.6.2' }, 'dead'], [{ version: 'next', standby: true }, 'unknown']])('of HashiCorp\'s, or an older OpenBao, that says %o is asked without such headers, and what it does not know is %s', async (health, verdict) => {
    const { house, headers } = await node(health);
    expect(await house.probe(token)).toMatchObject({ verdict, ...(verdict === 'dead' ? {} : { note: expect.stringContaining('standby') as string }) });
    expect([headers[0]?.['x-vault-index'], headers[0]?.['x-vault-inconsistent']]).toEqual([undefined, undefined]);
  });

  it.each([[{ enterprise: true, performance_standby: true }], [{ standby: true, cluster_id: undefined }]])('that may be behind and cannot be told to ask does not say what is gone: %o', async (health) => {
    const { house } = await node(health);
    await expect(house.find(token)).rejects.toThrow('standby');
    await expect(house.revoke(token)).rejects.toThrow('standby');
    expect(await house.probe(token)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('standby') as string });
  });
});

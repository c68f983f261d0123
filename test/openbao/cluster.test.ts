import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRealHouse, openStation, type RealHouse, type Station } from './house.ts';
import { startCluster, type OpenBao } from './server.ts';

let cluster: Awaited<ReturnType<typeof startCluster>>;
let [active, standby, third] = [] as unknown as [OpenBao, OpenBao, OpenBao];
let house: RealHouse;
let station: Station;
beforeAll(async () => {
  cluster = await startCluster();
  [active, standby, third] = cluster.nodes as [OpenBao, OpenBao, OpenBao];
  house = await openRealHouse({ at: active });
  station = await openStation(standby.url, house.own);
}, 120_000);
afterAll(async () => {
  for (const node of cluster.nodes) node.thaw();
  await station.close();
  await house.close();
  await cluster.close();
});

const job = () => house.mint({ policies: ['default'], no_parent: true });

describe('a standby of a real OpenBao cluster', () => {
  it('answers itself, and may be behind: this is why it is made to ask the active node', async () => {
    const { accessor } = await job();
    await expect.poll(async () => (await standby.ask('POST', 'auth/token/lookup-accessor', { accessor })).status, { timeout: 20_000 }).toBe(200);
    for (const node of [active, third]) node.freeze();
    // with nobody to ask it answers all the same
    const alone = await standby.ask('POST', 'auth/token/lookup-accessor', { accessor }).finally(() => [active, third].forEach((node) => node.thaw()));
    expect(alone.status).toBe(200);
    await expect.poll(async () => (await station.probe(`token/${accessor}`)).verdict, { timeout: 60_000, interval: 1000 }).toBe('alive');
  });

  it('is never believed that what was just given out is not there', async () => {
    for (let n = 0; n < 20; n += 1) {
      const [token, { lease }] = [await job(), await house.lend()];
      expect(await station.find(`token/${token.accessor}`)).toMatchObject({ exists: true });
      expect((await station.probe(`token/${(await job()).accessor}`)).verdict).toBe('alive');
      expect((await station.probe(`lease/${lease}`)).verdict).toBe('alive');
    }
  });

  it('that slept meanwhile takes back what it has not heard of, and does not say that it was gone before', { timeout: 90_000 }, async () => {
    for (let n = 0; n < 3; n += 1) {
      standby.freeze();
      const [token, { lease, user }] = [await job(), await house.lend()];
      const { account } = await house.find(`token/${token.accessor}`);
      const acts = Promise.all([`token/${token.accessor}`, `lease/${lease}`].map((name) => station.revoke(name, account).then(({ result }) => result, () => 'asked again')));
      standby.thaw();
      const results = await acts;
      // an order of which nobody answered may have been carried out: what counts is that nothing that lives is called gone
      for (const [name, lives] of [[`token/${token.accessor}`, () => house.opens(token)], [`lease/${lease}`, () => Promise.resolve(house.broker.users.has(user))]] as const) {
        const before = await lives();
        const { verdict } = await station.probe(name, account);
        expect([n, name, verdict === 'dead' && before]).toEqual([n, name, false]);
      }
      if (results.includes('already')) expect([await house.opens(token), house.broker.users.has(user)]).not.toEqual([true, true]);
    }
  });

  it('that cannot reach the active node proves nothing, whatever it knows', { timeout: 90_000 }, async () => {
    const [token, gone] = [await job(), await job()];
    const { account } = await house.find(`token/${token.accessor}`);
    await house.revoke(`token/${gone.accessor}`);
    expect((await station.probe(`token/${gone.accessor}`, account)).verdict).toBe('dead');
    for (const node of [active, third]) node.freeze();
    try {
      expect((await station.probe(`token/${gone.accessor}`, account)).verdict).toBe('unknown');
      expect(await station.revoke(`token/${token.accessor}`, account).then(({ result }) => result, () => 'asked again')).not.toMatch(/^(done|already)$/);
    } finally {
      for (const node of [active, third]) node.thaw();
    }
    await expect.poll(async () => (await station.probe(`token/${gone.accessor}`, account)).verdict, { timeout: 60_000, interval: 1000 }).toBe('dead');
    await expect.poll(async () => {
      await station.revoke(`token/${token.accessor}`, account).catch(() => undefined);
      return (await station.probe(`token/${token.accessor}`, account)).verdict;
    }, { timeout: 60_000, interval: 1000 }).toBe('dead');
    expect((await standby.ask('GET', 'auth/token/lookup-self', undefined, { token: token.value })).status).toBe(403);
  });
});

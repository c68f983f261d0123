import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { furnish, openRealHouse, type Minted, type RealHouse } from './house.ts';
import { startOpenBao, type OpenBao } from './server.ts';

let house: RealHouse;
let job: Minted;
let successor: OpenBao | undefined;
beforeEach(async () => {
  house = await openRealHouse({ value: `own-${randomUUID()}` });
  job = await house.mint({ policies: ['minter'], no_parent: true });
});
afterEach(async () => {
  house.bao.thaw();
  await house.close();
  await successor?.kill();
  successor = undefined;
});

/** Nothing was touched, and nothing is claimed. */
const expectUnknown = async (): Promise<void> => {
  const name = `token/${job.accessor}`;
  expect((await house.probe(name)).verdict).toBe('unknown');
  expect(await house.revoke(name).then(({ result }) => result, () => 'no answer')).not.toMatch(/^(done|already)$/);
  await expect(house.find(name)).rejects.toThrow();
};

describe('a real OpenBao in trouble', () => {
  it('that is sealed', async () => {
    expect((await house.bao.ask('POST', 'sys/seal')).status).toBe(204);
    await expectUnknown();
  });

  it('that does not answer, and then does', { timeout: 90_000 }, async () => {
    house.bao.freeze();
    await expectUnknown();
    house.bao.thaw();
    await expect.poll(async () => (await house.probe(`token/${job.accessor}`)).verdict, { timeout: 10_000 }).toMatch(/alive|dead/);
    // what was ordered while it hung may have been carried out since: the record tells, as the token itself does
    expect((await house.probe(`token/${job.accessor}`)).verdict).toBe((await house.opens(job)) ? 'alive' : 'dead');
    await house.revoke(`token/${job.accessor}`);
    expect([(await house.probe(`token/${job.accessor}`)).verdict, await house.opens(job)]).toEqual(['dead', false]);
  });

  it('that is gone', async () => {
    await house.bao.kill();
    await expectUnknown();
  });

  it('that no longer knows our own token, or does not let it', async () => {
    await house.bao.bao(['policy', 'write', 'rescind', '-'], 'path "auth/token/lookup-accessor" { capabilities = ["update"] }');
    expect((await house.revoke(`token/${job.accessor}`)).result).toBe('refused');
    await house.bao.bao(['policy', 'write', 'rescind', '-'], 'path "sys/mounts" { capabilities = ["read"] }');
    await expectUnknown();
    await house.bao.ask('POST', 'auth/token/revoke-accessor', { accessor: house.own.accessor });
    await expectUnknown();
    expect(await house.opens(job)).toBe(true);
  });

  it('in whose place another one answers, in which our own token is as well', async () => {
    const name = `token/${job.accessor}`;
    const { account } = await house.find(name);
    const { port } = house.bao;
    await house.bao.kill();
    successor = await startOpenBao(port);
    await furnish(successor, house.broker, house.own.value);
    // it knows our token, and never knew the job's
    expect((await successor.ask('GET', 'auth/token/lookup-self', undefined, { token: house.own.value })).status).toBe(200);
    expect(await house.probe(name, account)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('cluster') as string });
    expect(await house.revoke(name, account)).toMatchObject({ result: 'refused', reason: expect.stringContaining('cluster') as string });
  });
});

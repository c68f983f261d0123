import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaksIn } from '../hygiene.ts';
import { leaseWorldOf, openLeaseTown, repositoryId, type LeaseTown } from '../lease-world.ts';
import { startBroker, type Broker } from './broker.ts';
import { furnish, type Minted } from './house.ts';
import { startOpenBao, type OpenBao } from './server.ts';

let bao: OpenBao;
let broker: Broker;
let town: LeaseTown;
let own: Minted;
const minted: Minted[] = [];
let lastRun = 900;

beforeAll(async () => {
  [bao, broker] = await Promise.all([startOpenBao(), startBroker()]);
  own = await furnish(bao, broker);
  const world = leaseWorldOf({ runners: 1, aws: { secrets: [{ name: 'rescind/openbao', value: own.value }] } });
  const [app] = world.configuration.leases?.subjects ?? [];
  app?.may.push({ connector: 'vault', id: 'prefix/rabbitmq/creds/*' }, { connector: 'vault', id: 'lease/rabbitmq/creds/*' });
  world.configuration.vault = { address: bao.url, token: 'rescind/openbao' };
  town = await openLeaseTown(world);
});
afterAll(async () => {
  bao.thaw();
  expect(await town.wrongs()).toEqual([]);
  expect(leaksIn(await town.texts(), [own, ...minted].map(({ value }) => value))).toEqual([]);
  await town.close();
  await Promise.all([bao.kill(), broker.close()]);
});

const mint = async (body: object, by?: Minted): Promise<Minted> => {
  const { auth } = await bao.ask('POST', 'auth/token/create', body, { token: by?.value });
  const token = { value: auth?.client_token ?? '', accessor: auth?.accessor ?? '' };
  minted.push(token);
  return token;
};
const jobToken = (): Promise<Minted> => mint({ policies: ['minter'], no_parent: true, meta: { repository_id: repositoryId } });
const opens = async ({ value }: Minted): Promise<boolean> => (await bao.ask('GET', 'auth/token/lookup-self', undefined, { token: value })).status === 200;
const lendTo = async (run: number, id: string): Promise<string> => {
  const answer = await town.lease('/leases', { token: await town.githubToken(run) }, { credential: { connector: 'vault', id }, reason: 'builds the app', minutes: 30 });
  expect(answer).toMatchObject({ status: 201, body: { status: 'active' } });
  return answer.body.id ?? '';
};

describe('a lease on what a real OpenBao gave out', () => {
  it('ends with its run: the token and what it made are dead, and an accessor tells so', async () => {
    const run = (lastRun += 1);
    const [job, other] = [await jobToken(), await jobToken()];
    const child = await mint({ policies: ['default'] }, job);
    const id = await lendTo(run, `token/${job.accessor}`);
    expect([await opens(job), await opens(child)]).toEqual([true, true]);
    await town.runEnded(run);
    expect(await town.becomes(id, 'released')).toMatchObject({ basis: 'record', ending: { kind: 'run-ended' } });
    expect([await opens(job), await opens(child), await opens(other)]).toEqual([false, false, true]);
  });

  it('of its engines as well: one login, and all that are under a prefix', async () => {
    const run = (lastRun += 1);
    const lend = async (role: string) => {
      const { lease_id: lease = '', data } = await bao.ask('GET', `rabbitmq/creds/${role}`);
      return { lease, user: String(data?.username) };
    };
    const [one, kept, ...batch] = [await lend('ci'), await lend('ci'), await lend('batch'), await lend('batch')];
    const ids = [await lendTo(run, `lease/${one.lease}`), await lendTo(run, 'prefix/rabbitmq/creds/batch')];
    expect(batch.every(({ user }) => broker.users.has(user))).toBe(true);
    await town.runEnded(run);
    for (const id of ids) await town.becomes(id, 'released');
    expect([...broker.users]).toEqual([kept.user]);
  });

  it('is nobody else\'s: a token of another repository, our own, one that does not exist', async () => {
    const stranger = await mint({ policies: ['default'], no_parent: true, meta: { repository_id: '666' } });
    for (const id of [`token/${stranger.accessor}`, `token/${own.accessor}`, 'token/0123456789abcdefghijABCD', `token/${stranger.accessor}@root`]) {
      const { status } = await town.lease('/leases', { token: await town.githubToken(899) }, { credential: { connector: 'vault', id }, reason: 'x', minutes: 5 });
      expect([id, status]).toEqual([id, 403]);
    }
    expect([await opens(stranger), await opens(own)]).toEqual([true, true]);
  });

  it('waits while the server does not answer, is pending with a reason, and is finished when it does', { timeout: 90_000 }, async () => {
    const run = (lastRun += 1);
    const job = await jobToken();
    const id = await lendTo(run, `token/${job.accessor}`);
    bao.freeze();
    await town.runEnded(run);
    const pending = await town.until(async () => {
      const found = await town.look(id);
      return found.status === 'pending-revocation' && found.note !== undefined ? found : undefined;
    }, 'the lease is pending, and says why', 60);
    expect(pending.note).toBe('its issuer could not be asked (the vault did not answer the question: no answer within 5 seconds)');
    bao.thaw();
    await town.until(async () => (await town.look(id)).status === 'released', 'it is released when the server is back', 60);
    expect(await opens(job)).toBe(false);
  });

  it('is not released while its engine will not take it back', { timeout: 90_000 }, async () => {
    const run = (lastRun += 1);
    const { lease_id: lease = '', data } = await bao.ask('GET', 'rabbitmq/creds/ci');
    const id = await lendTo(run, `lease/${lease}`);
    broker.deletion = 'fails';
    await town.runEnded(run);
    await town.until(async () => (await town.look(id)).status === 'pending-revocation', 'it is pending', 30);
    expect(broker.users.has(String(data?.username))).toBe(true);
    broker.restart();
    await town.until(async () => (await town.look(id)).status === 'released', 'it is released when the engine is back', 60);
    expect(broker.users.has(String(data?.username))).toBe(false);
  });
});

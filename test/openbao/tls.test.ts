import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkedConfiguration } from '../../infra/configuration.ts';
import { openStation, type Station } from './house.ts';
import { startWithTls } from './server.ts';

type Server = Awaited<ReturnType<typeof startWithTls>>;
let [server, other] = [] as unknown as [Server, Server];
const stations: Station[] = [];
beforeAll(async () => {
  [server, other] = await Promise.all([startWithTls(), startWithTls()]);
});
afterAll(async () => {
  for (const { close } of stations) await close();
  await Promise.all([server.kill(), other.kill()]);
});

const station = async (ca?: string): Promise<Station> => {
  const opened = await openStation(server.url, { value: server.root, accessor: '' }, ca);
  stations.push(opened);
  return opened;
};
const minted = async (): Promise<string> => {
  const { auth } = await server.ask('POST', 'auth/token/create', { policies: ['default'], no_parent: true });
  return `token/${auth?.accessor}`;
};

describe('a real OpenBao whose certificate is of an authority of its own', () => {
  it('is asked where the configuration names that authority', async () => {
    const [{ find, probe, revoke }, name] = [await station(server.ca), await minted()];
    expect(await find(name)).toMatchObject({ exists: true });
    expect((await probe(name)).verdict).toBe('alive');
    expect((await revoke(name)).result).toBe('done');
    expect(await probe(name)).toMatchObject({ verdict: 'dead', control: true });
    expect((await probe('prefix/auth/approle/login')).verdict).toBe('unknown');
  });

  it('is asked with several, of which one is it', async () => {
    expect((await (await station(`${other.ca}\n${server.ca}`)).probe(await minted())).verdict).toBe('alive');
  });

  it.each([['none is named', undefined], ['another one is', 'other']])('is not asked where %s, and the note says why', async (_, which) => {
    const [{ probe, find }, name] = [await station(which && other.ca), await minted()];
    expect(await probe(name)).toMatchObject({ verdict: 'unknown', note: expect.stringMatching(/certificate is not trusted \([A-Z_]+\).*vault\.ca/) as string });
    await expect(find(name)).rejects.toThrow('certificate is not trusted');
  });

  it('that hangs is given up after its time, and so is an order', { timeout: 60_000 }, async () => {
    const [{ probe }, name] = [await station(server.ca), await minted()];
    expect((await probe(name)).verdict).toBe('alive');
    server.freeze();
    const from = performance.now();
    expect(await probe(name)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('no answer within 5 seconds') as string });
    expect(performance.now() - from).toBeLessThan(16_000);
    server.thaw();
    expect((await probe(name)).verdict).toBe('alive');
  });

  it('is named by certificates, and by nothing else', () => {
    const checked = (ca: string) => checkedConfiguration({ installation: 'a', owners: [{ name: 'a', contact: 'b' }], fallbackOwner: 'a', vault: { address: server.url, token: 'x', ca } }, 'configuration.json');
    expect(checked(`${server.ca}${other.ca}`).vault?.ca).toContain('BEGIN CERTIFICATE');
    for (const wrong of ['', 'ca.pem', server.ca.replaceAll(/\n[A-Za-z0-9+/]{20}/g, '\n'), `${server.ca}-----BEGIN PRIVATE KEY-----`]) expect(() => checked(wrong)).toThrow('certificates in PEM');
  });
});

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { checkedAddresses, isPrivateAddress, type Address } from '../../../functions/connectors/declared-probe/address.ts';
import { declaredProbe, declaredProbeWith } from '../../../functions/connectors/declared-probe/index.ts';
import { fill } from '../../../functions/connectors/declared-probe/request.ts';
import type { DeclaredProbe } from '../../../functions/core/configuration.ts';
import type { Issuer, Probed } from '../../../functions/core/connector.ts';
import { contextOf, copyOf, newKey } from '../house.ts';
import { controlName, openVendorHouse, secretName, type VendorHouse, type VendorHouseOptions } from '../vendor-house.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Opened extends VendorHouse {
  issuer: Issuer;
  probe(value?: string): Promise<Probed>;
}

const open = async (options: VendorHouseOptions = {}, issuer = declaredProbe): Promise<Opened> => {
  const house = await openVendorHouse(options);
  closing.push(() => house.close());
  const made = issuer.create(house.house.edges);
  const credential = { id: 'declared-probe:orders', issuer: 'declared-probe', name: 'orders', copies: [copyOf(house.house, secretName, 'key')] };
  return { ...house, issuer: made, probe: (value = house.key) => made.probe(credential, value, contextOf(house.house.clock, { binding: { probe: 'vendor' } })) };
};

/** A vendor of one line that keeps what it was asked. */
const serve = async (answer: (request: IncomingMessage, response: ServerResponse, asked: string[]) => void): Promise<{ url: string; asked: string[] }> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['x-key'] ?? ''}`.trim());
    answer(request, response, asked);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  }));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
};

describe('the control', () => {
  it('is the current value of a bound copy where none is configured', async () => {
    const house = await open();
    expect((await house.probe()).verdict).toBe('alive');
    const next = newKey();
    await house.setKey('orders_a', next);
    expect(await house.probe()).toMatchObject({ verdict: 'unknown', control: false, note: expect.stringContaining('the very value under test') as string });
    const secret = house.house.aws.state().secrets[secretName];
    for (const version of Object.values(secret?.versions ?? {})) version.value = JSON.stringify({ user: 'orders_a', key: next });
    expect(await house.probe()).toMatchObject({ verdict: 'dead', control: true });
  });

  it('is never taken from a place that nobody vouched for', async () => {
    const house = await open({ secrets: () => [{ name: 'planted', value: JSON.stringify({ key: newKey() }) }] });
    await house.setKey('orders_a', newKey());
    const credential = { id: 'declared-probe:orders', issuer: 'declared-probe', name: 'orders', copies: [copyOf(house.house, 'planted', 'key', { bound: false })] };
    const probed = await house.issuer.probe(credential, house.key, contextOf(house.house.clock, { binding: { probe: 'vendor' } }));
    expect(probed).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('no bound copy') as string });
  });

  it('that cannot be read leaves the verdict unknown', async () => {
    const house = await open({ probe: () => ({ control: { secret: 'nowhere' } }) });
    await house.setKey('orders_a', newKey());
    expect(await house.probe()).toMatchObject({ verdict: 'unknown', control: false });
  });
});

describe("the probe's leaf", () => {
  const strangers = { database: newKey(), key: newKey() };
  /** A house whose secret holds this by now, and whose key under test is dead; the leaf is said, or not. */
  const opened = async (text: (living: string) => object, { leaf, met = ['key'], configured = true }: { leaf?: string; met?: string[]; configured?: boolean } = {}): Promise<() => Promise<Probed>> => {
    const house = await open({ probe: () => (configured ? { control: { secret: controlName, leaf: 'key' } } : {}) });
    house.house.edges.configuration.secrets.splice(0, 1, { secret: secretName, owner: 'orders', probe: 'vendor', leaf });
    const living = newKey();
    await house.setKey('orders_a', living);
    for (const version of Object.values(house.house.aws.state().secrets[secretName]?.versions ?? {})) version.value = JSON.stringify(text(living));
    const credential = { id: 'declared-probe:orders', issuer: 'declared-probe', name: 'orders', copies: met.map((path) => copyOf(house.house, secretName, path)) };
    return () => house.issuer.probe(credential, house.key, contextOf(house.house.clock, { binding: { probe: 'vendor' } }));
  };
  it('is the one of which the control is taken, wherever else the value was met', async () => {
    const probe = await opened((key) => ({ backup: strangers.database, key }), { leaf: 'key', met: ['backup', 'key'], configured: false });
    expect(await probe()).toMatchObject({ verdict: 'dead', control: true });
  });

  it('says nothing about a value that was met elsewhere in its secret only', async () => {
    for (const configured of [false, true]) {
      const probe = await opened((key) => ({ backup: strangers.database, key }), { leaf: 'key', met: ['backup'], configured });
      expect(await probe()).toMatchObject({ verdict: 'unknown', control: false, note: expect.stringContaining('no bound copy') as string });
    }
  });

  it('that is named in one secret lifts no doubt about the first of several in another', async () => {
    for (const configured of [false, true]) {
      const house = await open({ probe: () => (configured ? { control: { secret: controlName, leaf: 'key' } } : {}), secrets: () => [{ name: 'orders/worker', value: JSON.stringify({ database: strangers.database, key: strangers.key }) }] });
      house.house.edges.configuration.secrets.push({ secret: 'orders/worker', owner: 'orders', probe: 'vendor' });
      // the leaked one opens a database; the key beside it in the first secret opens the vendor's door
      const credential = { id: 'declared-probe:orders', issuer: 'declared-probe', name: 'orders', copies: [copyOf(house.house, secretName, 'database'), copyOf(house.house, 'orders/worker', 'database')] };
      const probed = await house.issuer.probe(credential, newKey(), contextOf(house.house.clock, { binding: { probe: 'vendor' } }));
      expect(probed).toMatchObject({ verdict: 'unknown', control: false, note: expect.stringContaining('secrets[].leaf') as string });
    }
  });

  it('must be said where several look like secrets: another control that is let in proves nothing about it', async () => {
    const probe = await opened((key) => ({ database: strangers.database, key }), { met: ['database'] });
    expect(await probe()).toMatchObject({ verdict: 'unknown', control: false, note: expect.stringContaining('secrets[].leaf') as string });
  });

  it('need not be said where its own successor is let in, or where it is the only one', async () => {
    expect(await (await opened((key) => ({ key, database: strangers.database })))()).toMatchObject({ verdict: 'dead', control: true });
    expect(await (await opened(() => ({ user: 'orders_a', key: strangers.key })))()).toMatchObject({ verdict: 'dead', control: true });
    expect(await (await opened(() => ({ url: `https://app:${strangers.key}@pay.example/v1`, key: strangers.key }), { met: ['url#password'] }))()).toMatchObject({ verdict: 'dead', control: true });
  });

  it('is not known any more where another one has come first, or nothing is there', async () => {
    expect(await (await opened((key) => ({ apiKey: key })))()).toMatchObject({ verdict: 'unknown', control: false });
    expect(await (await opened(() => ({ user: 'orders_a' })))()).toMatchObject({ verdict: 'unknown', control: false });
  });

  it('is nowhere where the configuration gives its places to no probe or to another', async () => {
    for (const probe of [undefined, 'other']) {
      const house = await open({ probe: () => ({ control: { secret: controlName, leaf: 'key' } }) });
      house.house.edges.configuration.secrets.splice(0, 1, { secret: secretName, owner: 'orders', probe, leaf: 'key' });
      await house.setKey('orders_a', newKey());
      expect(await house.probe()).toMatchObject({ verdict: 'unknown', control: false });
    }
  });
});

describe('a control that fails', () => {
  for (const status of [500, 429, 404, 401]) {
    it(`leaves the verdict unknown (${status}), though the value itself was refused`, async () => {
      const vendor = await serve((_request, response, asked) => response.writeHead(asked.length === 1 ? 401 : status).end());
      const house = await open({ probe: () => ({ request: { method: 'GET', url: vendor.url, headers: { 'x-key': '{value}' } }, control: { secret: controlName, leaf: 'key' } }) });
      expect(await house.probe()).toMatchObject({ verdict: 'unknown', control: false });
      expect(vendor.asked).toEqual([`GET / ${house.key}`, `GET / ${house.control}`]);
    });
  }
});

describe('what an answer means', () => {
  it('is unknown without a declared probe, without a value, and for a status that was not declared', async () => {
    const house = await open({ probe: () => ({ alive: [204] }) });
    expect((await house.probe()).verdict).toBe('unknown');
    const credential = { id: 'declared-probe:x', issuer: 'declared-probe', name: 'x', copies: [] };
    expect((await house.issuer.probe(credential, undefined, contextOf(house.house.clock, { binding: { probe: 'vendor' } }))).verdict).toBe('unknown');
    expect((await house.issuer.probe(credential, 'x', contextOf(house.house.clock))).verdict).toBe('unknown');
  });

  it('is unknown for a redirect, which is not followed', async () => {
    const vendor = await serve((_request, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    const house = await open({ probe: () => ({ request: { method: 'GET', url: `${vendor.url}/me`, headers: { 'x-key': '{value}' } }, alive: [200], dead: [302] }) });
    expect((await house.probe()).verdict).toBe('unknown');
    expect(vendor.asked).toEqual([`GET /me ${house.key}`]);
  });

  it('is unknown for 429 and 500, whatever was declared', async () => {
    for (const status of [429, 500]) {
      const vendor = await serve((_request, response) => response.writeHead(status).end());
      const house = await open({ probe: () => ({ request: { method: 'GET', url: vendor.url, headers: {} }, dead: [429, 500] }) });
      expect((await house.probe()).verdict).toBe('unknown');
    }
  });

  it('does not wait for a body that never ends', async () => {
    const vendor = await serve((_request, response) => void response.writeHead(200).write('x'));
    const house = await open({ probe: () => ({ request: { method: 'GET', url: vendor.url, headers: {} } }) });
    expect((await house.probe()).verdict).toBe('alive');
  });

  it('is unknown after five seconds of silence', { timeout: 10_000 }, async () => {
    const vendor = await serve(() => undefined);
    const house = await open({ probe: () => ({ request: { method: 'GET', url: vendor.url, headers: {} } }) });
    expect(await house.probe()).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('5 seconds') as string });
  });

  it('is unknown once the hour\'s probes are used up', async () => {
    const house = await open({ probe: () => ({ perHour: 2 }) });
    expect([await house.probe(), await house.probe(), await house.probe()].map(({ verdict }) => verdict)).toEqual(['alive', 'alive', 'unknown']);
  });

  it('is that of the configuration for its facts', async () => {
    const house = await open();
    expect(house.issuer.facts({ probe: 'vendor', rotation: 'alternating-users' })).toMatchObject({ old: 'dies-at-next-rotation', settleSeconds: { typical: 1, max: 10 }, rate: { perHour: 50 } });
    expect(house.issuer.facts({ probe: 'vendor', rotation: 'single-user' }).old).toBe('dies-at-once');
    expect(house.issuer.facts({}).old).toBe('lives');
  });
});

describe('where a declared probe goes', () => {
  it('asks over HTTPS only, and nowhere private, outside of the local world', async () => {
    const house = await open({ local: false });
    expect(await house.probe()).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('not HTTPS') as string });
    const vendor = await serve((_request, response) => response.writeHead(200).end());
    const port = new URL(vendor.url).port;
    for (const host of ['127.0.0.1', '[::1]', '169.254.169.254', 'localhost', '0x7f.1', '[::ffff:127.0.0.1]']) {
      const other = await open({ local: false, probe: () => ({ request: { method: 'GET', url: `https://${host}:${port}/`, headers: {} } }) });
      expect(await other.probe(), host).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('private address') as string });
    }
    expect(vendor.asked).toEqual([]);
  });

  it('refuses a name of which one address is private, and resolves it once', async () => {
    let asked = 0;
    const resolve = (): Promise<Address[]> => {
      asked += 1;
      return Promise.resolve([{ address: '93.184.216.34', family: 4 }, { address: '10.0.0.1', family: 4 }]);
    };
    const probe = () => ({ request: { method: 'GET' as const, url: 'https://vendor.example/', headers: {} } });
    const house = await open({ local: false, probe }, declaredProbeWith(resolve));
    expect(await house.probe()).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('private address') as string });
    expect(asked).toBe(1);
  });

  it('connects to the address that was checked, whatever the name says a moment later', async () => {
    const vendor = await serve((_request, response) => response.writeHead(200).end());
    const { port } = new URL(vendor.url);
    const answers: Address[][] = [[{ address: '127.0.0.1', family: 4 }], [{ address: '192.0.2.1', family: 4 }]];
    const house = await open({ probe: () => ({ request: { method: 'GET', url: `http://vendor.example:${port}/`, headers: {} } }) }, declaredProbeWith(() => Promise.resolve(answers.shift() ?? [])));
    expect((await house.probe()).verdict).toBe('alive');
    expect(answers).toHaveLength(1);
  });

  it('knows private, special and public addresses', async () => {
    const closed = ['10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.31.0.1', '192.168.1.1', '0.0.0.0', '224.0.0.1', '::1', '::', 'fe80::1', 'fc00::1', 'fd00:ec2::254', '::ffff:10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::', 'no address'];
    const free = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111'];
    expect(closed.filter((address) => !isPrivateAddress(address))).toEqual([]);
    expect(free.filter(isPrivateAddress)).toEqual([]);
    expect(await checkedAddresses('nowhere.example', false, () => Promise.resolve([]))).toHaveProperty('refused');
  });
});

describe('how a value is put into the request', () => {
  const declared = (request: Partial<DeclaredProbe['request']>): DeclaredProbe => ({
    name: 'p', request: { method: 'POST', url: 'https://vendor.example/', headers: {}, ...request }, alive: [200], dead: [401], settleSeconds: { typical: 0, max: 0 }, perHour: 1,
  });
  const value = 'a b/?#&="\\$&';

  it('encodes it as the place demands', () => {
    expect(fill(declared({ url: 'https://vendor.example/keys/{value}?k={value}' }), value, false)).toMatchObject({ url: new URL(`https://vendor.example/keys/${encodeURIComponent(value)}?k=${encodeURIComponent(value)}`) });
    const json = fill(declared({ headers: { 'Content-Type': 'application/json' }, body: '{"key":"{value}"}' }), value, false);
    expect(JSON.parse('body' in json ? (json.body ?? '') : '')).toEqual({ key: value });
    const form = fill(declared({ headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'key={value}' }), value, false);
    expect(new URLSearchParams('body' in form ? form.body : '').get('key')).toBe(value);
    expect(fill(declared({ headers: { 'X-Key': 'k {value}' } }), value, false)).toMatchObject({ headers: { 'x-key': `k ${value}` } });
  });

  it('never lets a value choose the host or break a header', () => {
    expect(fill(declared({ url: 'https://{value}.example/' }), 'evil', false)).toHaveProperty('refused');
    expect(fill(declared({ url: 'https://{value}@vendor.example/' }), 'evil', false)).toHaveProperty('refused');
    expect(fill(declared({ headers: { 'x-key': '{value}' } }), 'a\r\nhost: evil', false)).toHaveProperty('refused');
    expect(fill(declared({ url: 'http://vendor.example/' }), 'x', false)).toHaveProperty('refused');
    expect(fill(declared({ url: 'file:///etc/passwd' }), 'x', true)).toHaveProperty('refused');
  });
});

import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openApi, type Api, type Asked, type Reply } from './api.ts';
import { call, type Called, type Setting } from './call.ts';
import { rowOf } from './made-up.ts';

let api: Api | undefined;
afterEach(async () => {
  const wrongs = api?.wrongs ?? [];
  await api?.close();
  api = undefined;
  expect(wrongs).toEqual([]);
});

/** Lists leases; keeps how long it waited between its tries. */
const list = async (answer: (asked: Asked, nth: number) => Reply, setting: Setting = {}): Promise<Called & { waited: number[] }> => {
  api = await openApi(answer);
  const waited: number[] = [];
  return { ...(await call(['leases', '--url', api.url], { sleep: (milliseconds) => Promise.resolve(waited.push(milliseconds)), ...setting })), waited };
};
const good: Reply = { body: { leases: [rowOf(1)] } };
const failed = (status: number, more: Reply = {}): Reply => ({ status, body: { error: 'not now' }, ...more });

describe('an answer that passes', () => {
  it.each([429, 500, 502, 503, 504])('%i is asked again, twice, each time after a longer while', async (status) => {
    const { code, waited } = await list((_, nth) => (nth < 3 ? failed(status) : good));
    expect([code, waited]).toEqual([0, [250, 500]]);
  });

  it('is waited for differently by each of many', async () => {
    const { waited } = await list((_, nth) => (nth < 3 ? failed(503) : good), { random: () => 0.5 });
    expect(waited).toEqual([375, 750]);
  });

  it('is asked again no sooner than it says', async () => {
    const { waited } = await list((_, nth) => (nth < 2 ? failed(503, { headers: { 'retry-after': '5' } }) : good));
    expect(waited).toEqual([5250]);
  });

  it('fails after the third time, with what the API said', async () => {
    const { code, out, err } = await list(() => failed(503));
    expect([code, out, api?.asked.length]).toEqual([1, '', 3]);
    expect(err).toMatch(/failed \(503, three times\): not now: try again/);
  });

  it('is asked for again where the connection broke', async () => {
    const { code } = await list((_, nth) => (nth < 3 ? { cut: true } : good));
    expect([code, api?.asked.length]).toEqual([0, 3]);
  });
});

describe('an answer that stays', () => {
  it.each([400, 401, 403, 404, 405])('%i is not asked for again', async (status) => {
    const { code, out, err } = await list(() => failed(status));
    expect([code, out, api?.asked.length]).toEqual([1, '', 1]);
    expect(err).toContain(`(${status})`);
    expect(err).toContain('not now');
  });

  it('tells whoever is refused locally under which name they came', async () => {
    expect((await list(() => failed(403))).err).toContain('made as "tester" (--as or RESCIND_CALLER');
  });

  it('is an error where it is no JSON, and is not quoted', async () => {
    const { code, out, err } = await list(() => ({ body: '<html><title>Portal</title></html>' }));
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/not with JSON: is --url the address of Rescind's API\?/);
    expect(err).not.toContain('Portal');
  });

  it.each([[[]], ['text'], [null], [{}], [{ leases: {} }], [{ leases: [{ id: 1 }] }], [{ leases: [], cursor: 5 }]])('is an error where it is %j', async (body) => {
    const { code, out, err } = await list(() => ({ body: JSON.stringify(body) }));
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('does not understand');
  });

  it('is a redirect that is not followed', async () => {
    const { code, err } = await list(() => ({ status: 302, headers: { location: '/elsewhere' }, body: '' }));
    expect([code, api?.asked.length]).toEqual([1, 1]);
    expect(err).toContain('redirect (302), which is not followed');
  });

  it('shows no control characters of what was said, and not all of what is long', async () => {
    const { err } = await list(() => ({ status: 400, body: { error: `\u001b[31mbad\u0007\n${'z'.repeat(5000)}` } }));
     
    expect(err.trimEnd()).not.toMatch(/[\u0000-\u001f]/);
    expect(err.length).toBeLessThan(500);
  });
});

describe('no answer', () => {
  it('is waited for a limited time', async () => {
    const { code, err } = await list(() => ({ hangs: true }), { patienceMilliseconds: 100 });
    expect([code, api?.asked.length]).toEqual([1, 1]);
    expect(err).toContain('no answer within 0.1 seconds');
  });

  it('asks whether the service is running where nothing listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { code, out, err } = await call(['leases', '--url', `http://127.0.0.1:${port}`]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(`rescind: nothing listens at http://127.0.0.1:${port}: is the local service running? "npm start" starts it; --url or RESCIND_URL names another address\n`);
  });

  it('is no longer waited for when it is stopped', async () => {
    const stopping = new AbortController();
    const { code, out, err } = await list(
      () => {
        stopping.abort(new Error('stopped'));
        return { hangs: true };
      },
      { signal: stopping.signal },
    );
    expect([code, out, err]).toEqual([130, '', 'rescind: stopped\n']);
  });
});

describe('where to connect to', () => {
  it.each([
    ['http://rescind.example', 'http:// is for this machine only'],
    ['http://192.168.1.5:8750', 'http:// is for this machine only'],
    ['http://127.0.0.1.example.com', 'http:// is for this machine only'],
    ['http://0.0.0.0:8750', 'http:// is for this machine only'],
    ['localhost:8750', 'not with localhost:'],
    ['ftp://127.0.0.1', 'not with ftp:'],
    ['nonsense', 'is no URL'],
    ['https://127.0.0.1/?x=1', 'ends before "?"'],
    ['https://ada:pass%20word@127.0.0.1', 'leave it out'],
  ])('refuses %s', async (url, words) => {
    const { code, out, err } = await call(['leases', '--url', url]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
    expect(err).not.toContain('pass%20word');
  });

  it('is RESCIND_URL, and --url before it', async () => {
    api = await openApi(() => good);
    expect((await call(['leases'], { environment: { RESCIND_URL: api.url } })).code).toBe(0);
    expect((await call(['leases', '--url', `${api.url}/`], { environment: { RESCIND_URL: 'http://127.0.0.1:1' } })).code).toBe(0);
  });

  it('may be a path below a host', async () => {
    api = await openApi(() => good, { prefix: '/prod' });
    expect((await call(['leases', '--url', `${api.url}/`])).code).toBe(0);
    expect(api.asked).toHaveLength(1);
  });
});

describe('who calls the local service', () => {
  const callerOf = async (args: string[], setting: Setting): Promise<string> => {
    api = await openApi(() => good, { door: { caller: 'ada@acme.example' } });
    const { err } = await call(['leases', '--url', api.url, ...args], setting);
    return err;
  };

  it('is --as, else RESCIND_CALLER, else the user of the machine', async () => {
    expect(await callerOf(['--as', 'ada@acme.example'], { environment: { RESCIND_CALLER: 'other' } })).toBe('');
    await api?.close();
    expect(await callerOf([], { environment: { RESCIND_CALLER: 'ada@acme.example' } })).toBe('');
    await api?.close();
    expect(await callerOf([], { userName: () => 'ada@acme.example' })).toBe('');
  });

  it.each([['--as', 'two\nlines'], ['--as', ' '], ['--as', 'x'.repeat(201)]])('is no name that cannot be a header: %j %j', async (...args) => {
    expect(await callerOf(args, {})).toContain('--as NAME');
    expect(api?.asked).toEqual([]);
  });

  it('has to be said where the machine has no name for its user', async () => {
    expect(await callerOf([], { userName: () => undefined })).toContain('RESCIND_CALLER');
  });
});

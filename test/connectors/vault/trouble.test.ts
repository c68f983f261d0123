import { afterEach, describe, expect, it } from 'vitest';
import { vault as connector } from '../../../functions/connectors/vault/index.ts';
import { closeDoors, json, oneDoor, ourAccessor, serve, type Reply } from './door.ts';
import { credentialOf, newId, newToken, openVault, watch, type VaultHouse, type VaultHouseOptions } from './subject.ts';
import { aborted } from '../repeat.ts';

let house: VaultHouse;
afterEach(async () => {
  await house.close();
  await closeDoors();
});
const open = async (options: VaultHouseOptions = {}): Promise<VaultHouse> => (house = await openVault(options));

const dead = { errors: ['1 error occurred:\n\t* invalid accessor\n\n'] };

describe('an answer about a token that is dead', () => {
  const marked = newToken();
  const bodies: [string, Reply, string][] = [
    ['403', (_request, response) => json(response, 403, { errors: ['permission denied'] }), '403'],
    ['403 in the words of death', (_request, response) => json(response, 403, { errors: ['bad token'] }), '403'],
    ['429', (_request, response) => json(response, 429, { errors: [] }, { 'retry-after': '0' }), '429'],
    ['429 with a long wait', (_request, response) => json(response, 429, { errors: [] }, { 'retry-after': '3600' }), '429'],
    ['500', (_request, response) => json(response, 500, { errors: [`internal error ${marked}`] }), '500'],
    ['502 as HTML', (_request, response) => void response.writeHead(502, { 'content-type': 'text/html' }).end(`<h1>${marked}</h1>`), '502'],
    ['503 sealed', (_request, response) => json(response, 503, { errors: ['Vault is sealed'] }), 'sealed'],
    ['a redirect', (_request, response) => void response.writeHead(307, { location: 'http://127.0.0.1:9/v1/auth/token/lookup-accessor' }).end(), 'redirect'],
    ['400 with another reason', (_request, response) => json(response, 400, { errors: ['1 error occurred:\n\t* missing accessor\n\n'] }), '400'],
    ['400 with that reason among others', (_request, response) => json(response, 400, { errors: ['invalid accessor', marked] }), '400'],
    ['400 as garbage', (_request, response) => void response.writeHead(400).end('invalid accessor'), '400'],
    ['404 of a proxy', (_request, response) => void response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>'), '404'],
    ['404 of a vault without such a path', (_request, response) => json(response, 404, { errors: ['no handler for route "auth/token/lookup-accessor". route entry not found.'] }), '404'],
    ['404 of an empty list', (_request, response) => json(response, 404, { errors: [] }), '404'],
    ['200 as HTML', (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(`<form>${marked}</form>`), 'not a vault'],
    ['200 as an array', (_request, response) => json(response, 200, []), 'not a vault'],
    ['200 about another token', (_request, response) => json(response, 200, { data: { accessor: 'another' } }), 'something else'],
    ['204', (_request, response) => void response.writeHead(204).end(), '204'],
    ['412 of a replica that is behind', (_request, response) => json(response, 412, { errors: ['required index state not present'] }), '412'],
    ['an endless body', (_request, response) => {
      response.writeHead(200);
      const more = (): void => void (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more));
      more();
    }, 'larger'],
    ['a cut connection', (request) => void request.socket.destroy(), 'no answer'],
  ];
  for (const [what, reply, note] of bodies) {
    it(`is unknown as ${what}, and quotes nothing`, { timeout: 30_000 }, async () => {
      watch.values.add(marked);
      const { url } = await serve(oneDoor(reply));
      const { probe } = await open({ address: url });
      const probed = await probe(`token/${newId()}`);
      expect(probed).toMatchObject({ verdict: 'unknown', basis: 'record', control: false, note: expect.stringContaining(note) as string });
      expect(JSON.stringify(probed)).not.toContain(marked);
    });
  }

  it('is unknown after five seconds of silence, three times at most and ten seconds in all', { timeout: 30_000 }, async () => {
    const id = newId();
    let asked = 0;
    const { url } = await serve(oneDoor((request) => void (asked += request.text.includes(id) ? 1 : 0)));
    const { probe } = await open({ address: url });
    const from = performance.now();
    expect(await probe(`token/${id}`)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('within 5 seconds') as string });
    expect(performance.now() - from).toBeLessThan(15_000);
    expect(asked).toBe(2);
  });

  it('is believed as 400 and as 404, where it gives that reason and nothing else', async () => {
    for (const status of [400, 404]) {
      const { url } = await serve(oneDoor((_request, response) => json(response, status, dead)));
      if (status === 404) await house.close();
      const { probe } = await open({ address: url });
      expect(await probe(`token/${newId()}`)).toMatchObject({ verdict: 'dead', control: true, note: expect.stringContaining(String(status)) as string });
    }
  });
});

describe('an accessor that leads to no token', () => {
  const badToken: Reply = (_request, response) => json(response, 403, { errors: ['1 error occurred:\n\t* bad token\n\n'] });

  it('is unknown, and our own token is not blamed for it while it is found', async () => {
    const { url } = await serve(oneDoor(badToken));
    const { probe } = await open({ address: url });
    const probed = await probe(`token/${newId()}`);
    expect(probed).toMatchObject({ verdict: 'unknown', control: false, note: expect.stringMatching(/^status 403: .*bad token.*our own token was found/) as string });
    expect(probed.note).not.toContain('refuses our own token');
  });

  it('is not told from a refusal of our own token where that is not found either', async () => {
    const { url } = await serve((request, response) => (request.url?.endsWith('lookup-self') ? json(response, 200, { data: { accessor: ourAccessor } }) : badToken(request, response)));
    const { probe } = await open({ address: url });
    expect(await probe(`token/${newId()}`)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('refuses our own token') as string });
  });
});

describe('a look-up that says dead of everything', () => {
  const controls: [string, Reply][] = [
    ['does not know our own token either', (request, response) => (request.url?.endsWith('lookup-self') ? json(response, 200, { data: { accessor: ourAccessor } }) : json(response, 400, dead))],
    ['does not take our own token', (request, response) => (request.url?.endsWith('lookup-self') ? json(response, 403, { errors: ['permission denied'] }) : json(response, 400, dead))],
    ['shows another for our own token', (request, response) => (request.url?.endsWith('lookup-self') ? json(response, 200, { data: { accessor: ourAccessor } }) : request.text.includes(ourAccessor) ? json(response, 200, { data: { accessor: 'x' } }) : json(response, 400, dead))],
    ['fails when our own token is asked for', (request, response) => (request.url?.endsWith('lookup-self') ? json(response, 200, { data: { accessor: ourAccessor } }) : request.text.includes(ourAccessor) ? json(response, 503, { errors: ['Vault is sealed'] }) : json(response, 400, dead))],
    ['does not say who we are', (request, response) => (request.url?.endsWith('lookup-self') ? json(response, 200, { data: {} }) : json(response, 400, dead))],
  ];
  for (const [what, reply] of controls) {
    it(`makes nothing dead where it ${what}`, { timeout: 30_000 }, async () => {
      const { url } = await serve(reply);
      const { probe } = await open({ address: url });
      expect(await probe(`token/${newId()}`)).toMatchObject({ verdict: 'unknown', control: false });
    });
  }

  it('is not believed when our own token has died', async () => {
    const { who, probe, revoke, find, asRoot } = await open();
    await revoke(`token/${who.job.accessor}`);
    expect((await probe(`token/${who.job.accessor}`)).verdict).toBe('dead');
    await asRoot('POST', 'auth/token/revoke-accessor', { accessor: who.own.accessor });
    for (const name of [`token/${who.job.accessor}`, `lease/${who.lease}`, `prefix/${who.prefix}`, `secret-id/approle/deploy/${newId()}`, `entity/${who.person.entity}`]) {
      expect(await probe(name), name).toMatchObject({ verdict: 'unknown', control: false, note: expect.stringContaining('403') as string });
      expect(await revoke(name), name).toMatchObject({ result: 'refused', reason: expect.stringContaining('rescind/vault') as string });
      await expect(find(name), name).rejects.toThrow('403');
    }
  });

  it('is not believed where our token has no policy', async () => {
    const { who, probe, revoke, isAlive, asRoot } = await open({ world: ({ policies }) => ({ policies: { ...policies, rescind: {} } }) });
    for (const name of [`token/${who.job.accessor}`, `lease/${who.lease}`, `prefix/${who.prefix}`, `secret-id/approle/deploy/${who.secretId.accessor}`, `entity/${who.person.entity}`]) {
      expect((await revoke(name)).result, name).toBe('refused');
    }
    expect([isAlive(`token/${who.job.accessor}`), isAlive(`lease/${who.lease}`)]).toEqual([true, true]);
    await asRoot('POST', 'auth/token/revoke-accessor', { accessor: who.job.accessor });
    // the default policy lets everybody look up a lease
    await asRoot('POST', 'sys/leases/revoke', { lease_id: who.lease, sync: true });
    for (const name of [`token/${who.job.accessor}`, `lease/${who.lease}`, `prefix/${who.prefix}`, `secret-id/approle/deploy/${who.secretId.accessor}`, `entity/${who.person.entity}`]) {
      expect(await probe(name), name).toMatchObject({ verdict: 'unknown', control: false });
    }
  });

  it('is not believed of another cluster, which takes no token of this one', async () => {
    const first = await open();
    const { who } = first;
    const second = await openVault({ address: first.vault.url });
    try {
      expect(await second.probe(`token/${who.job.accessor}`)).toMatchObject({ verdict: 'unknown', control: false });
      expect(await second.revoke(`token/${who.job.accessor}`)).toMatchObject({ result: 'refused' });
      expect(first.isAlive(`token/${who.job.accessor}`)).toBe(true);
    } finally {
      await second.close();
    }
  });

  it('is not believed of a sealed vault', { timeout: 30_000 }, async () => {
    const { who, revoke, probe, asRoot } = await open();
    await revoke(`token/${who.job.accessor}`);
    await asRoot('POST', 'sys/seal', {});
    expect(await probe(`token/${who.job.accessor}`)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('sealed') as string });
    await expect(revoke(`token/${who.child.accessor}`)).rejects.toThrow('sealed');
  });
});

describe('the request', () => {
  it('is tried again three times at most, and an act that stays unanswered is thrown', { timeout: 30_000 }, async () => {
    const { who, revoke, requests, house: { behaviours }, isAlive } = await open();
    behaviours.add({ service: 'vault', operation: 'POST /v1/auth/token/revoke-accessor', effect: 'down', status: 502, times: 2 });
    expect((await revoke(`token/${who.job.accessor}`)).result).toBe('done');
    behaviours.add({ service: 'vault', operation: 'POST /v1/auth/token/revoke-accessor', effect: 'down', status: 502 });
    await expect(revoke(`token/${who.orphan.accessor}`)).rejects.toThrow('502');
    expect(requests.filter((one) => one.endsWith('revoke-accessor'))).toHaveLength(6);
    expect(isAlive(`token/${who.orphan.accessor}`)).toBe(true);
  });

  it('carries the token and the namespace as headers, and nothing in its path', async () => {
    const seen: Record<string, unknown>[] = [];
    const { url, asked } = await serve(oneDoor((request, response) => {
      if (request.url?.endsWith('/lookup-accessor')) seen.push({ ...request.headers });
      json(response, 400, dead);
    }));
    const { probe, who } = await open({ address: `${url}/vault/` });
    await probe('token/8o6IQuuqH1zeUiNocBpmU2tM.VW8TYw@team-a/inner');
    expect(seen[0]).toMatchObject({ 'x-vault-token': who.own.value, 'x-vault-namespace': 'team-a/inner', 'content-type': 'application/json' });
    expect(asked).toContain('POST /vault/v1/auth/token/lookup-accessor');
    expect(asked.every((one) => one.includes(' /vault/v1/'))).toBe(true);
  });

  it('asks whether a mount is there in two ways', async () => {
    const { url, asked } = await serve(oneDoor((request, response) => {
      if (request.url?.endsWith('sys/leases/lookup')) return json(response, 400, { errors: ['invalid lease'] });
      if (request.url?.includes('sys/internal/ui/mounts/')) return json(response, 200, { data: { path: 'database/', type: 'database' } });
      return json(response, 403, { errors: ['permission denied'] });
    }));
    const { probe } = await open({ address: url });
    expect(await probe(`lease/database/creds/ci/${newId()}`)).toMatchObject({ verdict: 'dead', control: true });
    expect(asked).toContain('GET /v1/sys/mounts');
  });

  it('stops on the abort signal at once, one of several that share it does not stop the others', async () => {
    const { who, probe, revoke, house: { behaviours }, requests } = await open();
    await revoke(`token/${who.job.accessor}`);
    await expect(probe(`token/${who.job.accessor}`, { signal: aborted() })).rejects.toThrow('stopped by the test');
    await expect(house.find(`token/${who.job.accessor}`, { signal: aborted() })).rejects.toThrow('stopped by the test');
    behaviours.add({ service: 'vault', resource: who.own.accessor, effect: 'delay', seconds: 20 });
    const stop = new AbortController();
    const from = requests.length;
    const [first, second] = [probe(`token/${who.job.accessor}`, { signal: stop.signal }), probe(`token/${who.child.accessor}`)];
    setTimeout(() => stop.abort(new Error('stopped by the test')), 100);
    await expect(first).rejects.toThrow('stopped by the test');
    expect(await second).toMatchObject({ verdict: 'dead', control: true });
    expect(requests.slice(from).filter((one) => one.endsWith('lookup-accessor'))).toHaveLength(3);
  });
});

describe('a vault that is not configured, or not over HTTPS', () => {
  it('exists for nobody, refuses acts and leaves all unknown, with what to configure', async () => {
    const { house: { edges } } = await open();
    const without = connector.create({ ...edges, configuration: { ...edges.configuration, vault: undefined } });
    const inTheClear = connector.create({ ...edges, local: false });
    const noAddress = connector.create({ ...edges, configuration: { ...edges.configuration, vault: { address: 'vault.example.com', token: 'x' } } });
    const withUser = connector.create({ ...edges, configuration: { ...edges.configuration, vault: { address: 'https://a:b@vault.example.com', token: 'x' } } });
    const expected: [typeof without, string][] = [[without, 'vault.address'], [inTheClear, 'not HTTPS'], [noAddress, 'vault.address'], [withUser, 'more than a host']];
    const credential = credentialOf(`token/${newId()}`);
    for (const [issuer, words] of expected) {
      const note = expect.stringContaining(words) as string;
      expect(await issuer.find(credential, house.context())).toMatchObject({ exists: false, note });
      expect(await issuer.probe(credential, undefined, house.context())).toMatchObject({ verdict: 'unknown', control: false, note });
      for (const acted of [await issuer.revoke?.(credential, house.context()), await issuer.contain?.(credential, house.context()), await issuer.restore?.(credential, {}, house.context())]) expect(acted).toMatchObject({ result: 'refused', reason: note });
    }
    expect(house.requests).toEqual([]);
  });

  it('whose token cannot be read is unknown, and its acts are thrown', async () => {
    const { who, house: { behaviours }, revoke, probe } = await open();
    behaviours.add({ service: 'secretsmanager', effect: 'refuse', code: 'AccessDeniedException', message: 'no' });
    expect(await probe(`token/${who.job.accessor}`)).toMatchObject({ verdict: 'unknown', note: expect.stringContaining('the token for the vault could not be read from the secret rescind/vault') as string });
    await expect(revoke(`token/${who.job.accessor}`)).rejects.toThrow('see that it exists');
  });
});

describe('all that came out of these tests', () => {
  it('holds no value', () => {
    expect(watch.outputs.length).toBeGreaterThan(0);
    expect(watch.leaked()).toBeUndefined();
  });
});

describe('an address where nobody answers', () => {
  it('is said to be so, with what the connection ended with', async () => {
    const { url } = await serve(() => undefined);
    await closeDoors();
    const { probe } = await open({ address: url });
    expect(await probe(`token/${newId()}`)).toMatchObject({ verdict: 'unknown', note: 'the vault did not answer the question: no answer (ECONNREFUSED)' });
  });
});

import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';
import { github as connector } from '../../../functions/connectors/github/index.ts';
import type { Reporter } from '../../../functions/core/connector.ts';
import type { Lookup } from '../../../events/trigger.ts';
import { startGithub, type Github, type GithubStored } from '../../../local/fakes/github.ts';
import { inMemory } from '../../../local/fakes/state.ts';
import { Watch, describeWatched } from '../contract.ts';
import { administrator, configurationOf, newPair, startHouse, type House } from '../house.ts';

const watch = new Watch();
const tokenSecret = 'rescind/github';
const repository = 'acme/shop';
const newToken = (): string => 'gh' + 'p_' + newPair().secret.slice(0, 36);

let house: House;
let api: Github;
let reporter: Reporter;
let leaked: string;
let token: string;
afterEach(async () => {
  for (const value of [leaked, token]) watch.values.add(value);
  await api.close();
  await house.close();
});

const open = async (options: { secret?: (token: string) => string; scopes?: string[]; token?: string } = {}): Promise<void> => {
  [leaked, token] = [newPair().secret, newToken()];
  const configuration = configurationOf();
  house = await startHouse({ configuration, onCall: watch.onCall, world: { secrets: [{ name: tokenSecret, value: options.token ?? (options.secret ?? ((text) => text))(token) }] } });
  api = await startGithub({
    world: { tokens: [{ value: token, login: 'rescind', scopes: options.scopes ?? ['security_events'] }], alerts: [{ repository, number: 7, secret_type: 'aws_secret_access_key', secret: leaked }] },
    behaviours: house.behaviours, clock: house.clock, store: inMemory<GithubStored>(),
  });
  configuration.sources.push({ source: 'github-secret-scanning', secrets: [], api: { url: `${api.url}/`, token: tokenSecret } });
  reporter = connector.create(house.edges);
};

const fetchValue = async (lookup: Partial<Lookup> = {}, signal = new AbortController().signal): Promise<{ value: string } | { gone: string }> => {
  try {
    return await watch.during('find', () => reporter.fetchValue({ connector: 'github', repository, alert: 7, ...lookup }, { signal }));
  } catch (error) {
    watch.outputs.push(error instanceof Error ? `${error.message} ${error.stack} ${JSON.stringify(error)}` : '');
    throw error;
  }
};

describe('fetching the value of an alert', () => {
  it('gives it, with a token that is a text or a field', async () => {
    await open();
    expect(await fetchValue()).toEqual({ value: leaked });
    await api.close();
    await house.close();
    await open({ secret: (text) => JSON.stringify({ token: text }) });
    expect(await fetchValue()).toEqual({ value: leaked });
  });

  it('reads the token once for many alerts', async () => {
    await open();
    await fetchValue();
    await fetchValue();
    expect(house.calls.filter(({ operation }) => operation === 'GetSecretValue')).toHaveLength(1);
  });

  it('says that it is gone where GitHub does not show it', async () => {
    await open();
    expect(await fetchValue({ alert: 8 })).toHaveProperty('gone');
    expect(await fetchValue({ repository: 'acme/other' })).toHaveProperty('gone');
  });

  for (const effect of ['throttle', 'down', 'drop'] as const) {
    it(`tries again where the provider answers once with trouble (${effect})`, async () => {
      await open();
      house.behaviours.add({ service: 'github', effect, times: 2, ...(effect === 'down' ? { status: 502 } : {}) });
      expect(await fetchValue()).toEqual({ value: leaked });
    });
  }

  it('throws after three tries, so that it is asked again later', async () => {
    await open();
    house.behaviours.add({ service: 'github', effect: 'down', status: 503 });
    let asked = 0;
    const counting = connector.create({ ...house.edges, fetch: (...given) => ((asked += 1), fetch(...given)) });
    await expect(counting.fetchValue({ connector: 'github', repository, alert: 7 }, { signal: new AbortController().signal })).rejects.toThrow(/status 503/);
    expect(asked).toBe(3);
  });

  it('does not wait longer than it should for a limit to end', async () => {
    await open();
    const limited = connector.create({ ...house.edges, fetch: () => Promise.resolve(new Response('limit', { status: 403, headers: { 'retry-after': '3600' } })) });
    await expect(limited.fetchValue({ connector: 'github', repository, alert: 7 }, { signal: new AbortController().signal })).rejects.toThrow(/ask again in 3600 seconds/);
  });

  it('says what to do where the token is refused, and tries a newer one first', async () => {
    const old = newToken();
    await open({ token: old });
    watch.values.add(old);
    await expect(fetchValue()).rejects.toThrow(new RegExp(`401.*${tokenSecret}`));
    const admin = new SecretsManagerClient({ endpoint: house.aws.url, region: 'us-east-1', credentials: { accessKeyId: administrator.id, secretAccessKey: administrator.secret } });
    await admin.send(new PutSecretValueCommand({ SecretId: tokenSecret, SecretString: token }));
    expect(await fetchValue()).toEqual({ value: leaked });
  });

  it('says what to do where the token may not read alerts, or cannot be read itself', async () => {
    await open({ scopes: ['read:user'] });
    await expect(fetchValue()).rejects.toThrow(/403.*secret scanning alerts/);
    house.behaviours.add({ service: 'secretsmanager', effect: 'refuse', code: 'AccessDeniedException', message: 'no' });
    await expect(connector.create(house.edges).fetchValue({ connector: 'github', repository, alert: 7 }, { signal: new AbortController().signal })).rejects.toThrow(/AccessDenied.*may read it/);
  });

  it('sends its token to no other host', async () => {
    await open();
    const elsewhere: string[] = [];
    const moved = connector.create({
      ...house.edges,
      fetch: (address) => {
        elsewhere.push(String(address));
        return Promise.resolve(new Response(null, { status: 301, headers: { location: 'https://elsewhere.example/x' } }));
      },
    });
    await expect(moved.fetchValue({ connector: 'github', repository, alert: 7 }, { signal: new AbortController().signal })).rejects.toThrow(/another host/);
    expect(elsewhere).toHaveLength(1);
  });

  it('asks only for what is a repository and an alert', async () => {
    await open();
    for (const lookup of [{ repository: '../../user' }, { repository: 'acme/shop/../..' }, { repository: 'acme' }, { repository: 'acme/..' }, { alert: 0 }, { alert: 1.5 }]) {
      await expect(fetchValue(lookup)).rejects.toThrow(/no repository and alert/);
    }
  });

  it('stops on the abort signal', async () => {
    await open();
    await expect(fetchValue({}, AbortSignal.abort(new Error('stopped by the test')))).rejects.toThrow('stopped by the test');
    house.behaviours.add({ service: 'github', effect: 'delay', seconds: 60 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped by the test')), 50);
    await expect(fetchValue({}, stop.signal)).rejects.toThrow();
  });
});

describeWatched('github', watch, connector.permissions);

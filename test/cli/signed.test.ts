import { afterEach, describe, expect, it } from 'vitest';
import { regionOfHost } from '../../cli/target.ts';
import { openApi, type Api, type Asked, type Reply } from './api.ts';
import { call, type Called, type Setting } from './call.ts';
import { idOf, rowOf, viewOf } from './made-up.ts';

// put together here, so that no scanner takes them for real ones
const key = { accessKeyId: `AK${'IA'}${'Q'.repeat(16)}`, secretAccessKey: 'tests/only+'.repeat(4), sessionToken: 'session/token+='.repeat(6) };
const region = 'eu-west-1';

let api: Api | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

const sign = async (args: string[], answer: (asked: Asked, nth: number) => Reply, { prefix, ...setting }: Setting & { prefix?: string } = {}): Promise<Called> => {
  api = await openApi(answer, { door: { key, region }, prefix });
  return call([...args, '--url', api.url, '--sign', '--region', region], { sleep: () => Promise.resolve(), credentials: () => Promise.resolve(key), ...setting });
};
const lists = (): Reply => ({ body: { leases: [rowOf(1)] } });

const unsecret = (text: string): void => {
  for (const part of [key.accessKeyId, key.secretAccessKey, key.sessionToken]) expect(text).not.toContain(part);
};

describe('a signed request', () => {
  it('to list, with its query', async () => {
    const { code, err } = await sign(['leases', '--status', 'pending-revocation', '--limit', '3', '--cursor', 'b-_'], lists);
    expect([code, err, api?.wrongs]).toEqual([0, '', []]);
  });

  it('to a stage below the host', async () => {
    const { code, err } = await sign(['leases', '--status', 'active'], lists, { prefix: '/prod/eu' });
    expect([code, err, api?.wrongs]).toEqual([0, '', []]);
  });

  it('to end a lease, with its body', async () => {
    const { code, err } = await sign(['leases', 'end', idOf(1), '--reason', 'lost: ünïcode & "quotes"'], () => ({ status: 202, body: viewOf(1, 'active') }));
    expect([code, err, api?.wrongs]).toEqual([0, '', []]);
    expect(api?.asked[0]?.body).toEqual({ reason: 'lost: ünïcode & "quotes"' });
  });

  it('is signed anew for each try', async () => {
    let at = Date.now();
    const { code } = await sign(['leases'], (_, nth) => (nth < 3 ? { status: 503, body: {} } : lists()), { now: () => at, sleep: () => Promise.resolve(void (at += 2000)) });
    expect([code, api?.wrongs]).toEqual([0, []]);
    expect(new Set(api?.asked.map(({ headers }) => headers['x-amz-date'])).size).toBe(3);
  });

  it('is refused by this test where it was signed with another secret, so that the test can fail', async () => {
    const { code, err } = await sign(['leases'], lists, { credentials: () => Promise.resolve({ ...key, secretAccessKey: 'x' }) });
    expect(code).toBe(1);
    expect(err).toContain('the signature is of another request');
  });
});

describe('whoever is refused', () => {
  const refusal: Reply = { status: 403, body: { message: 'Forbidden' } };

  it.each([
    [{ CREDENTIALS_PROFILE: 'n', CREDENTIALS_PROFILE_SSO: 'r' }, 'the profile "audit", IAM Identity Center'],
    [{ CREDENTIALS_ENV_VARS: 'g' }, 'the environment (AWS_ACCESS_KEY_ID)'],
    [{ CREDENTIALS_IMDS: '0' }, "the instance's role"],
    [undefined, 'the AWS default credential chain'],
  ])('is told where the credentials came from (%j), and what they need', async ($source, words) => {
    const { code, out, err } = await sign(['leases'], () => refusal, { environment: { AWS_PROFILE: 'audit' }, credentials: () => Promise.resolve({ ...key, $source }) });
    expect([code, out, api?.asked.length]).toEqual([1, '', 1]);
    expect(err).toContain(`refused (403): Forbidden. The request was signed with credentials from ${words}, for execute-api in ${region} (from --region)`);
    expect(err).toContain('execute-api:Invoke');
    unsecret(err);
  });

  it('never sees a credential, also where the gateway quotes the request', async () => {
    const message = `The request signature we calculated does not match (${key.accessKeyId}, ${key.sessionToken}). The Canonical String for this request should have been 'GET /leases x-amz-security-token:${key.sessionToken}'`;
    const { err } = await sign(['leases'], () => ({ status: 403, body: { message } }));
    expect(err).toContain('does not match');
    expect(err).not.toContain('x-amz-security-token');
    unsecret(err);
  });
});

describe('credentials that cannot be had', () => {
  const without = async (error: Error, environment = {}): Promise<string> => {
    const { code, out, err } = await sign(['leases'], lists, { environment, credentials: () => Promise.reject(error) });
    expect([code, out, api?.asked]).toEqual([1, '', []]);
    return err;
  };
  const named = (message: string): Error => Object.assign(new Error(message), { name: 'CredentialsProviderError' });

  it('are named with what to do', async () => {
    const err = await without(named('The SSO session associated with this profile has expired.'), { AWS_PROFILE: 'audit' });
    expect(err).toContain('the profile "audit" gives none (The SSO session associated with this profile has expired.)');
    expect(err).toContain('aws sso login');
  });

  it('are not shown where a process that gives them fails', async () => {
    unsecret(await without(named(`Command failed: vend --key ${key.secretAccessKey}`)));
    unsecret(await without(new Error(`unexpected ${key.sessionToken}`)));
  });
});

describe('the region', () => {
  it.each([
    ['abc123.execute-api.eu-west-1.amazonaws.com', 'eu-west-1'],
    ['abc123.execute-api.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['abc123.execute-api.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['vpce-1-2.execute-api.us-east-2.vpce.amazonaws.com', 'us-east-2'],
    ['abc123.execute-api.eu-west-1.api.aws', 'eu-west-1'],
    ['rescind.example.com', undefined],
    ['execute-api.eu-west-1.amazonaws.com', undefined],
  ])('of %s is %s', (host, expected) => {
    expect(regionOfHost(host)).toBe(expected);
  });

  const signedIn = async (setting: Setting): Promise<Called> => {
    api = await openApi(lists, { door: { key, region } });
    return call(['leases', '--url', api.url, '--sign'], { credentials: () => Promise.resolve(key), ...setting });
  };

  it.each([
    ['AWS_REGION', { environment: { AWS_REGION: region, AWS_DEFAULT_REGION: 'us-east-1' } }],
    ['AWS_DEFAULT_REGION', { environment: { AWS_DEFAULT_REGION: region } }],
    ['the profile', { profileRegion: () => Promise.resolve(region) }],
  ])('of a custom domain is that of %s', async (_, setting) => {
    expect([(await signedIn(setting)).code, api?.wrongs]).toEqual([0, []]);
  });

  it('has to be named where nobody tells it', async () => {
    const { code, err } = await signedIn({});
    expect([code, api?.asked]).toEqual([2, []]);
    expect(err).toContain('--region or AWS_REGION');
  });
});

it('is never combined with a name: an installation knows its callers by their credentials', async () => {
  const { code, err } = await call(['leases', '--url', 'https://abc123.execute-api.eu-west-1.amazonaws.com', '--as', 'ada']);
  expect(code).toBe(2);
  expect(err).toContain('--as names you to the local service only');
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tokenChecker, type Checked } from '../../functions/aws/oidc.ts';
import type { LeaseIssuer } from '../../functions/core/configuration.ts';
import { clockOf } from '../../local/clock.ts';
import { Behaviours } from '../../local/fakes/behaviour.ts';
import { startOidc, type Oidc } from '../../local/fakes/oidc.ts';

const clock = clockOf();
const seconds = () => Math.floor(clock.now().getTime() / 1000);
const behaviours = new Behaviours();
const claims = { sub: 'repo:acme/shop:ref:refs/heads/main', repository_id: '42', repository_owner_id: '7' };
const audience = 'https://rescind.example.com';

let oidc: Oidc;
let calls: string[] = [];
beforeAll(async () => {
  oidc = await startOidc({ clock, behaviours, onCall: ({ operation }) => void calls.push(operation) });
});
afterAll(() => oidc.close());
beforeEach(() => {
  behaviours.set([]);
  calls = [];
});

const checkerOf = (issuers: LeaseIssuer[] = [{ issuer: oidc.url }], more: { local?: boolean; fetch?: typeof fetch; now?: () => Date } = {}) =>
  tokenChecker({ audience, issuers }, { fetch, now: () => clock.now(), local: true, ...more });
const token = (given: Parameters<Oidc['token']>[1] = {}, more: Record<string, unknown> = {}) => oidc.token({ ...claims, ...more }, { audience, ...given });

/** The refusal, after a look that no part of the token is in it. */
const refusal = (checked: Checked, given: string): { status: number; reason: string } => {
  if (checked.ok) throw new Error('it was accepted');
  for (const part of given.split('.').filter((one) => one.length > 8)) expect(JSON.stringify(checked)).not.toContain(part);
  expect(JSON.stringify(checked)).not.toContain('acme');
  return checked;
};

describe('a token that is right', () => {
  test.each(['RS256', 'ES256'] as const)('signed with %s is presented with its issuer, subject, claims and time', async (alg) => {
    const issuedAt = seconds() - 5;
    const checked = await checkerOf()(await token({ alg, issuedAt }));
    expect(checked).toMatchObject({ ok: true, token: { issuer: oidc.url, subject: claims.sub, issuedAt, claims: { repository_id: '42', aud: audience } } });
  });

  test('is checked with keys that are fetched once', async () => {
    const check = checkerOf();
    for (let n = 0; n < 20; n += 1) expect(await check(await token())).toMatchObject({ ok: true });
    expect(calls).toEqual(['GET /.well-known/openid-configuration', 'GET /.well-known/jwks']);
  });

  test('needs no discovery where the configuration says where the keys are', async () => {
    const check = checkerOf([{ issuer: oidc.url, jwks: `${oidc.url}/.well-known/jwks` }]);
    expect(await check(await token())).toMatchObject({ ok: true });
    expect(calls).toEqual(['GET /.well-known/jwks']);
  });

  test.each(['github-actions', 'gitlab'])('may come from an issuer under a path: %s', async (name) => {
    const check = checkerOf([{ issuer: oidc.url }, { issuer: oidc.issuer(name) }]);
    expect(await check(await token({ issuer: name }))).toMatchObject({ ok: true, token: { issuer: `${oidc.url}/${name}` } });
  });

  test('may be a JWT-SVID that does not say when it was issued', async () => {
    const check = checkerOf([{ issuer: oidc.issuer('spiffe') }]);
    const svid = await token({ issuer: 'spiffe', alg: 'ES256' }, { sub: 'spiffe://acme.example/ci/runner', iat: undefined });
    const checked = await check(svid);
    expect(checked).toMatchObject({ ok: true, token: { subject: 'spiffe://acme.example/ci/runner' } });
    if (checked.ok) expect(Math.abs(checked.token.issuedAt - seconds())).toBeLessThan(5);
  });

  test('may have several audiences, one of them ours', async () => {
    expect(await checkerOf()(await token({ audience: ['other', audience] }))).toMatchObject({ ok: true });
  });

  test('is not refused for a clock that differs by 50 seconds, either way', async () => {
    const check = checkerOf();
    const now = seconds();
    expect(await check(await token({ issuedAt: now - 350, expiresSeconds: 300 }))).toMatchObject({ ok: true });
    expect(await check(await token({ issuedAt: now + 50, notBefore: now + 50 }))).toMatchObject({ ok: true });
  });
});

describe('a token that is refused', () => {
  const past = () => seconds() - 1000;
  const cases: [string, () => Promise<string> | string, RegExp][] = [
    ['expired 120 seconds ago', () => token({ issuedAt: seconds() - 420, expiresSeconds: 300 }), /expired/],
    ['not valid for another 120 seconds', () => token({ notBefore: seconds() + 120 }), /not valid yet/],
    ['issued 120 seconds in the future', () => token({ issuedAt: seconds() + 120 }), /in the future/],
    ['for another audience', () => token({ audience: 'https://other.example.com' }), /another audience/],
    ['for an audience that begins like ours', () => token({ audience: `${audience}.evil.example` }), /another audience/],
    ['without an audience', () => token({}, { aud: undefined }), /no "aud"/],
    ['without a subject', () => token({}, { sub: undefined }), /no "sub"/],
    ['with a subject that is no text', () => token({}, { sub: 7 }), /"sub" is malformed/],
    ['with an empty subject', () => token({}, { sub: '' }), /"sub" is malformed/],
    ['without an expiry', () => token({}, { exp: undefined }), /no "exp"/],
    ['with an expiry that is no number', () => token({}, { exp: '2099' }), /"exp" is malformed/],
    ['that does not say when it was issued', () => token({}, { iat: undefined }), /no "iat"/],
    ['issued at a time before all times', () => token({}, { iat: -1e300 }), /times of the token/],
    ['issued before 1970', () => token({}, { iat: -1 }), /times of the token/],
    ['issued after it expires', () => token({}, { iat: seconds() + 30, exp: seconds() - 30 }), /times of the token/],
    ['that expires after all times', () => token({}, { exp: 9e15 }), /times of the token/],
    ['that expires at a time that no clock shows', () => token({}, { exp: 2 ** 40 }), /times of the token/],
    ['signed with a key that no issuer has', () => token({ key: 'foreign' }), /signature/],
    ['signed with a key of another issuer', () => token({ issuer: 'gitlab' }, { iss: oidc.url }), /no key/],
    ['under a key name that the issuer does not have', () => token({ kid: 'made-up' }), /no key/],
    ['not signed at all', () => token({ alg: 'none' }), /no signed token/],
    ['signed with the public key as a secret', () => token({ alg: 'HS256' }), /way that is not accepted/],
    ['with an extension that must be understood', () => token({ header: { crit: ['acme-extension'], 'acme-extension': 'x' } }), /extension/],
    ['with a payload that is not encoded', async () => `${Buffer.from('{"alg":"RS256","b64":false,"crit":["b64"]}').toString('base64url')}.${(await token()).split('.').slice(1).join('.')}`, /./],
    ['changed after it was signed', async () => {
      const [header, , signature] = (await token()).split('.');
      const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'repo:acme/other', iss: oidc.url, aud: audience, iat: past(), exp: past() + 9000 })).toString('base64url');
      return `${header}.${payload}.${signature}`;
    }, /signature/],
    ['with its signature cut off', async () => (await token()).split('.').slice(0, 2).join('.'), /no signed token/],
    ['in five parts', async () => `${await token()}.x.y`, /no signed token/],
    ['that is larger than 16 KB', () => token({}, { filler: 'x'.repeat(16_384) }), /no signed token/],
    ['that is no token', () => 'not.a token', /no signed token/],
    ['that is empty', () => '', /no signed token/],
    ['whose payload is no object', async () => `${(await token()).split('.')[0]}.${Buffer.from('[1]').toString('base64url')}.c2ln`, /no signed token/],
  ];
  test.each(cases)('%s', async (_, make, reason) => {
    const given = await make();
    const { status, reason: said } = refusal(await checkerOf()(given), given);
    expect(status).toBe(401);
    expect(said).toMatch(reason);
  });

  test.each<[string, (url: string) => unknown]>([
    ['of an unknown issuer', () => 'https://token.actions.example.com'],
    ['of an issuer with a slash more', (url) => `${url}/`],
    ['of an issuer under a path of ours', (url) => `${url}/github-actions`],
    ['without an issuer', () => undefined],
    ['with a list of issuers', (url) => [url]],
  ])('%s, and nobody is asked', async (_, iss) => {
    const given = await token({}, { iss: iss(oidc.url) });
    expect(refusal(await checkerOf()(given), given)).toMatchObject({ status: 401, reason: 'this issuer is not trusted here' });
    expect(calls).toEqual([]);
  });

  test('that never expires, by a number too large to be one', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const check = checkerOf([{ issuer: oidc.url, jwks: `${oidc.url}/.well-known/jwks` }], { fetch: async () => Response.json({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] }) });
    const signed = (exp: string) => new CompactSign(Buffer.from(JSON.stringify({ ...claims, iss: oidc.url, aud: audience, iat: seconds(), exp: 0 }).replace('"exp":0', `"exp":${exp}`))).setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(privateKey);
    expect(await check(await signed(`${seconds() + 60}.5`))).toMatchObject({ ok: true });
    const given = await signed('1e400');
    expect(refusal(await check(given), given)).toMatchObject({ status: 401, reason: expect.stringContaining('times of the token') as string });
  });

  test('a JWT-SVID is held to its expiry and its audience like any other', async () => {
    const check = checkerOf([{ issuer: oidc.issuer('spiffe') }]);
    const svid = (more: Record<string, unknown>) => token({ issuer: 'spiffe' }, { sub: 'spiffe://acme.example/x', iat: undefined, ...more });
    for (const more of [{ exp: seconds() - 120 }, { exp: undefined }, { aud: 'other' }, { iat: seconds() + 120 }, { iat: -1e300 }, { exp: 9e15 }]) expect(await check(await svid(more))).toMatchObject({ ok: false, status: 401 });
  });
});

describe('a JWT-SVID that names no issuer', () => {
  const domain = 'spiffe://acme.example';
  const trusting = (more: Parameters<typeof checkerOf>[1] = {}) => checkerOf([{ issuer: oidc.url }, { issuer: domain, jwks: `${oidc.issuer('spiffe')}/.well-known/jwks` }], more);
  const svid = (more: Record<string, unknown> = {}, given: Parameters<typeof token>[0] = {}) => token({ issuer: 'spiffe', alg: 'ES256', ...given }, { sub: `${domain}/ci/runner`, iss: undefined, iat: undefined, ...more });

  test('is checked with the keys of the trust domain of its sub, whatever issuer it names that is not trusted', async () => {
    for (const iss of [undefined, 'https://spire.acme.example']) {
      expect(await trusting()(await svid({ iss }))).toMatchObject({ ok: true, token: { issuer: domain, subject: `${domain}/ci/runner` } });
    }
  });

  test('is checked with the bundle that the domain publishes, of which only the keys for JWT-SVIDs count', async () => {
    const published = (use: string): typeof fetch => async (...asked) => {
      const { keys } = (await (await fetch(...asked)).json()) as { keys: JWK[] };
      const { kid: _, ...unnamed } = keys[0] ?? {};
      return Response.json({ spiffe_sequence: 7, spiffe_refresh_hint: 300, keys: [{ ...unnamed, use: 'x509-svid', x5c: ['MII'] }, ...keys.map((key) => ({ ...key, use }))] });
    };
    expect(await trusting({ fetch: published('jwt-svid') })(await svid())).toMatchObject({ ok: true });
    expect(await trusting({ fetch: published('x509-svid') })(await svid())).toMatchObject({ ok: false, status: 401 });
    const notABundle = await trusting({ fetch: () => Promise.resolve(Response.json({ trust_domain: 'acme.example' })) })(await svid());
    expect(notABundle).toMatchObject({ ok: false, status: 503 });
  });

  test.each([
    ['of another trust domain', { sub: 'spiffe://other.example/ci/runner' }],
    ['of a trust domain that begins like ours', { sub: 'spiffe://acme.example.evil.example/x' }],
    ['of the trust domain itself', { sub: domain }],
    ['whose sub is no SPIFFE id', { sub: 'acme.example/ci/runner' }],
    ['that names the trust domain and has another sub', { iss: domain, sub: 'repo:acme/shop' }],
    ['of ours that another issuer which is trusted here is said to have signed', { iss: 'the other' }],
    ['for another audience', { aud: 'other' }],
    ['without an end', { exp: undefined }],
  ])('%s is refused', async (_, more) => {
    const given = await svid({ ...more, ...('iss' in more && more.iss === 'the other' ? { iss: oidc.url } : {}) });
    expect(refusal(await trusting()(given), given)).toMatchObject({ status: 401 });
  });

  test('signed by somebody else is refused', async () => {
    for (const by of [{ key: 'foreign' as const }, { issuer: 'gitlab' }]) {
      const given = await svid({}, by);
      expect(refusal(await trusting()(given), given)).toMatchObject({ status: 401 });
    }
  });
});

describe('keys that are replaced', () => {
  test('the new key is believed at once and the old no longer', async () => {
    const check = checkerOf([{ issuer: oidc.issuer('rotating') }]);
    const before = await token({ issuer: 'rotating' });
    expect(await check(before)).toMatchObject({ ok: true });
    oidc.rotate('rotating');
    expect(await check(await token({ issuer: 'rotating' }))).toMatchObject({ ok: true });
    const old = await token({ issuer: 'rotating', key: 'rotated' });
    for (const given of [old, before]) expect(refusal(await check(given), given)).toMatchObject({ status: 401, reason: 'the issuer has no key for this token' });
  });

  test('ten thousand made-up key names cost the issuer a handful of calls, and the right token is still accepted', async () => {
    const check = checkerOf();
    expect(await check(await token())).toMatchObject({ ok: true });
    const [, payload, signature] = (await token()).split('.');
    const flood = Array.from({ length: 10_000 }, (_, n) => `${Buffer.from(`{"alg":"RS256","kid":"${n}"}`).toString('base64url')}.${payload}.${signature}`);
    const answers = new Set<string>();
    for (let n = 0; n < flood.length; n += 100) for (const checked of await Promise.all(flood.slice(n, n + 100).map(check))) answers.add(checked.ok ? 'ok' : String(checked.status));
    expect([...answers]).toEqual(['401']);
    expect(calls.length).toBeLessThanOrEqual(6);
    expect(await check(await token())).toMatchObject({ ok: true });
  });
});

describe('an issuer that does not answer', () => {
  const again = () => new Promise((resolve) => setTimeout(resolve, 1100));

  test.each(['GET /.well-known/openid-configuration', 'GET /.well-known/jwks'])('when %s is down it is 503, and when it is up again the same token is accepted', async (operation) => {
    const check = checkerOf();
    const given = await token();
    behaviours.set([{ service: 'oidc', operation, effect: 'down' }]);
    for (let n = 0; n < 50; n += 1) expect(refusal(await check(given), given).status).toBe(503);
    expect(calls.filter((one) => one === operation).length).toBeLessThanOrEqual(2);
    behaviours.set([]);
    await again();
    expect(await check(given)).toMatchObject({ ok: true });
  });

  test.each([
    ['an error of its own', { effect: 'down' as const, status: 500 }],
    ['a refusal', { effect: 'refuse' as const, status: 404 }],
    ['that it is asked too often', { effect: 'throttle' as const }],
  ])('%s is 503', async (_, behaviour) => {
    behaviours.set([{ service: 'oidc', ...behaviour }]);
    const given = await token();
    expect(refusal(await checkerOf()(given), given).status).toBe(503);
  });

  test('keys that are known go on being believed while it is down; an unknown key is then 503, not 401', async () => {
    const check = checkerOf();
    expect(await check(await token())).toMatchObject({ ok: true });
    behaviours.set([{ service: 'oidc', effect: 'down' }]);
    expect(await check(await token())).toMatchObject({ ok: true });
    const given = await token({ kid: 'new' });
    expect(refusal(await check(given), given).status).toBe(503);
  });

  test('one that takes its time is given up after three seconds', async () => {
    behaviours.set([{ service: 'oidc', operation: 'GET /.well-known/jwks', effect: 'delay', seconds: 8 }]);
    const given = await token();
    const begun = performance.now();
    expect(refusal(await checkerOf()(given), given).status).toBe(503);
    expect(performance.now() - begun).toBeLessThan(5500);
  });
});

describe('an issuer that points elsewhere', () => {
  const ends: (() => unknown)[] = [];
  afterEach(() => ends.splice(0).forEach((end) => end()));

  /** An issuer that answers with these texts or redirects, by path. */
  const issuerOf = async (answers: (url: string) => Record<string, string | { location: string }>) => {
    const server = createServer((request, response) => {
      const answer = answers(url)[request.url ?? ''];
      if (answer === undefined) response.writeHead(404).end();
      else if (typeof answer === 'string') response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
      else response.writeHead(302, answer).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    ends.push(() => (server.closeAllConnections(), server.close()));
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const given = await new SignJWT({ ...claims, iss: url, aud: audience, iat: seconds(), exp: seconds() + 60 }).setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(privateKey);
    return { url, given };
  };
  const discovery = '/.well-known/openid-configuration';

  test.each<[string, (url: string) => Record<string, string | { location: string }>, RegExp]>([
    ['a document of another issuer', (url) => ({ [discovery]: JSON.stringify({ issuer: `${url}/x`, jwks_uri: `${url}/jwks` }) }), /another issuer/],
    ['keys over plain HTTP on another host', (url) => ({ [discovery]: JSON.stringify({ issuer: url, jwks_uri: 'http://keys.example.com/jwks' }) }), /not an https address/],
    ['keys in a file', (url) => ({ [discovery]: JSON.stringify({ issuer: url, jwks_uri: 'file:///etc/passwd' }) }), /not an https address/],
    ['no keys at all', (url) => ({ [discovery]: JSON.stringify({ issuer: url }) }), /not an https address/],
    ['a redirect instead of the document', () => ({ [discovery]: { location: `${oidc.url}${discovery}` } }), /302/],
    ['a redirect instead of the keys', (url) => ({ [discovery]: JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks` }), '/jwks': { location: `${oidc.url}/.well-known/jwks` } }), /302/],
    ['a document without end', () => ({ [discovery]: `{"x":"${'x'.repeat(600 * 1024)}"}` }), /too large/],
    ['a page instead of a document', () => ({ [discovery]: '<html>' }), /as an issuer does/],
    ['nothing in the document', () => ({ [discovery]: 'null' }), /another issuer/],
    ['keys that are none', (url) => ({ [discovery]: JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks` }), '/jwks': '{"keys":"none"}' }), /as an issuer does/],
    ['keys that are no points of their curve', (url) => ({ [discovery]: JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks` }), '/jwks': JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', kid: 'k', alg: 'ES256', x: 'AA', y: 'AA' }] }) }), /as an issuer does/],
  ])('%s is 503, and nothing is followed', async (_, answers, reason) => {
    const { url, given } = await issuerOf(answers);
    const { status, reason: said } = refusal(await checkerOf([{ issuer: url }])(given), given);
    expect([status, said]).toEqual([503, expect.stringMatching(reason)]);
    expect(calls).toEqual([]);
  });

  test('in AWS an issuer on plain HTTP is not asked, not even on loopback', async () => {
    const given = await token();
    for (const issuer of [{ issuer: oidc.url }, { issuer: oidc.url, jwks: `${oidc.url}/.well-known/jwks` }]) expect(refusal(await checkerOf([issuer], { local: false })(given), given).status).toBe(503);
    expect(calls).toEqual([]);
  });

  test('a token that does not name its key is refused with that reason where several could be meant', async () => {
    const pairs = await Promise.all([1, 2].map(() => generateKeyPair('ES256', { extractable: true })));
    const keys: JWK[] = await Promise.all(pairs.map(async ({ publicKey }, n) => ({ ...(await exportJWK(publicKey)), kid: String(n), alg: 'ES256' })));
    const { url } = await issuerOf((self) => ({ [discovery]: JSON.stringify({ issuer: self, jwks_uri: `${self}/jwks` }), '/jwks': JSON.stringify({ keys }) }));
    const body = Buffer.from(JSON.stringify({ ...claims, iss: url, aud: audience, iat: seconds(), exp: seconds() + 60 }));
    const sign = (header: { kid?: string }) => new CompactSign(body).setProtectedHeader({ alg: 'ES256', ...header }).sign(pairs[1]!.privateKey);
    const check = checkerOf([{ issuer: url }]);
    expect(await check(await sign({ kid: '1' }))).toMatchObject({ ok: true });
    const unnamed = await sign({});
    expect(refusal(await check(unnamed), unnamed)).toMatchObject({ status: 401, reason: expect.stringContaining('kid') as string });
  });
});

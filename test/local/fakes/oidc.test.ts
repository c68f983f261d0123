import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterEach, expect, test } from 'vitest';
import { clockOf } from '../../../local/clock.ts';
import { startOidc, type OidcOptions } from '../../../local/fakes/oidc.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const start = async (options: Partial<OidcOptions> = {}) => {
  const oidc = await startOidc({ clock: clockOf(), ...options });
  ends.push(() => oidc.close());
  return oidc;
};
const document = async (url: string): Promise<Record<string, unknown>> => (await (await fetch(url)).json()) as Record<string, unknown>;
const verify = (token: string, issuer: string) => jwtVerify(token, createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks`)), { issuer, audience: 'rescind' });

test('each issuer publishes its own document and its own public keys, and no private part', async () => {
  const oidc = await start();
  const issuers = [oidc.url, oidc.issuer('github-actions'), oidc.issuer('spiffe')];
  const kids = new Set<unknown>();
  for (const issuer of issuers) {
    expect(await document(`${issuer}/.well-known/openid-configuration`)).toMatchObject({ issuer, jwks_uri: `${issuer}/.well-known/jwks` });
    const { keys } = (await document(`${issuer}/.well-known/jwks`)) as { keys: Record<string, unknown>[] };
    expect(keys.map(({ alg }) => alg)).toEqual(['RS256', 'ES256']);
    for (const key of keys) {
      kids.add(key.kid);
      for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(part);
    }
  }
  expect(kids.size).toBe(6);
  expect((await fetch(`${oidc.url}/nobody/.well-known/jwks`)).status).toBe(404);
});

test('claims and times are as asked for, and an undefined claim is left out', async () => {
  const oidc = await start();
  const claims = decodeJwt(await oidc.token({ sub: 'a', jti: undefined }, { issuedAt: 1000, expiresSeconds: 60, notBefore: 990, audience: ['x', 'y'] }));
  expect(claims).toEqual({ iss: oidc.url, sub: 'a', aud: ['x', 'y'], iat: 1000, exp: 1060, nbf: 990 });
});

test('keys survive a restart in the folder, which others cannot read, and a rotation too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const first = await start({ folder });
  first.rotate();
  const kept = await first.token({ sub: 'a' });
  const port = Number(new URL(first.url).port);
  await first.close();
  expect(statSync(join(folder, 'oidc-keys.json')).mode & 0o077).toBe(0);
  const second = await start({ folder, port });
  expect((await verify(kept, second.url)).payload.sub).toBe('a');
  await expect(verify(await second.token({ sub: 'a' }, { key: 'rotated' }), second.url)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  await expect(verify(await second.token({ sub: 'a' }, { key: 'foreign' }), second.url)).rejects.toMatchObject({ code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' });
});

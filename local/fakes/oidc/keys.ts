import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

/** The ways in which an issuer signs. */
export const algorithms = ['RS256', 'ES256'] as const;
export type Algorithm = (typeof algorithms)[number];

/** One private key per algorithm, as JWKs with `kid` and `alg`. */
export type KeySet = Record<Algorithm, JWK>;

/** The keys of one issuer: those it signs with and publishes, and those it no longer publishes, oldest first. */
export interface IssuerKeys {
  current: KeySet;
  rotated: KeySet[];
}

const generated = async (alg: Algorithm): Promise<JWK> => {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
};

/** New keys that nobody has seen. */
export const newKeySet = async (): Promise<KeySet> => {
  const [RS256, ES256] = await Promise.all([generated('RS256'), generated('ES256')]);
  return { RS256, ES256 };
};

/** What anybody may know of a key. */
export const publicPart = ({ kty, alg, use, kid, n, e, crv, x, y }: JWK): JWK => JSON.parse(JSON.stringify({ kty, alg, use, kid, n, e, crv, x, y })) as JWK;

/** Keys kept by the issuer's name in a folder's `oidc-keys.json`, readable by its owner only; without a folder, nowhere. */
export const keptKeys = (folder?: string): { load(issuer: string): IssuerKeys | undefined; save(issuer: string, keys: IssuerKeys): void } => {
  const file = folder === undefined ? undefined : join(folder, 'oidc-keys.json');
  const all: Record<string, IssuerKeys> = file !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, IssuerKeys>) : {};
  return {
    load: (issuer) => (Object.hasOwn(all, issuer) ? all[issuer] : undefined),
    save: (issuer, keys) => {
      all[issuer] = keys;
      if (folder === undefined || file === undefined) return;
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${file}.new`, JSON.stringify(all), { mode: 0o600 });
      chmodSync(`${file}.new`, 0o600);
      renameSync(`${file}.new`, file);
    },
  };
};

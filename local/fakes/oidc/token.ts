import { randomUUID } from 'node:crypto';
import { CompactSign, importJWK, UnsecuredJWT } from 'jose';
import type { Algorithm, KeySet } from './keys.ts';
import { publicPart } from './keys.ts';

export interface TokenOptions {
  /** `rotated`: the key before the last rotation; `foreign`: a key that no issuer has, under the name of the current one. */
  key?: 'current' | 'rotated' | 'foreign';
  /** Default RS256. `none` is not signed; `HS256` is signed with the issuer's public key as if it were a shared secret. */
  alg?: Algorithm | 'none' | 'HS256';
  /** From `issuedAt` on; default 300. */
  expiresSeconds?: number;
  audience?: string | string[];
  /** Seconds since 1970. Absent: no such claim. */
  notBefore?: number;
  /** Seconds since 1970; default now. */
  issuedAt?: number;
  /** The header's `kid`; default that of the key. */
  kid?: string;
  /** More of the header. */
  header?: Record<string, unknown>;
}

/** A token's claims: those of every issuer, then the caller's own; one that is undefined is left out, whichever it is. */
export const claimsOf = (issuer: string, now: number, claims: Record<string, unknown>, options: TokenOptions): Record<string, unknown> => {
  const iat = options.issuedAt ?? now;
  const all = { jti: randomUUID(), iss: issuer, aud: options.audience ?? 'rescind', iat, exp: iat + (options.expiresSeconds ?? 300), nbf: options.notBefore, ...claims };
  return JSON.parse(JSON.stringify(all)) as Record<string, unknown>;
};

/** The claims signed as the options say, as a compact JWT. `signing` is the key set to sign with, `current` the published one. */
export const signed = async (claims: Record<string, unknown>, signing: KeySet, current: KeySet, options: TokenOptions): Promise<string> => {
  const { alg = 'RS256' } = options;
  if (alg === 'none') return new UnsecuredJWT(claims).encode();
  const jwk = signing[alg === 'HS256' ? 'RS256' : alg];
  const kid = options.kid ?? (options.key === 'foreign' ? current[alg === 'HS256' ? 'RS256' : alg] : jwk).kid;
  const key = alg === 'HS256' ? Buffer.from(JSON.stringify(publicPart(jwk))) : await importJWK(jwk, alg);
  const crit = Array.isArray(options.header?.crit) ? Object.fromEntries(options.header.crit.map((name: unknown) => [String(name), true])) : undefined;
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg, typ: 'JWT', kid, ...options.header }).sign(key, { crit });
};

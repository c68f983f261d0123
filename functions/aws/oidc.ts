import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import type { Leases } from '../core/configuration.ts';
import { issuerKeys, KeysUnavailable, type FindKey, type KeyOptions } from './oidc-keys.ts';

/** What a token that was found right says. */
export interface Presented {
  issuer: string;
  subject: string;
  claims: Record<string, unknown>;
  /** Seconds since 1970. */
  issuedAt: number;
}

/** 401: the token is refused; 503: it could not be checked, so ask again. The reason never quotes the token. */
export type Checked = { ok: true; token: Presented } | { ok: false; status: 401 | 503; reason: string };

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const MAX_TOKEN_BYTES = 16 * 1024;
const TOLERANCE_SECONDS = 60;
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const refused = (reason: string): Checked => ({ ok: false, status: 401, reason });

const opened = (token: string): { alg: unknown; claims: JWTPayload } | undefined => {
  if (token.length > MAX_TOKEN_BYTES || !COMPACT.test(token)) return undefined;
  try {
    return { alg: decodeProtectedHeader(token).alg, claims: decodeJwt(token) };
  } catch {
    return undefined;
  }
};

const ABOUT_CLAIMS: Record<string, string> = {
  aud: 'the token is meant for another audience',
  nbf: 'the token is not valid yet: see that its clock and ours agree',
  iss: 'the token names another issuer',
};

/** Why jose refuses a token, in words of ours: its own messages may grow to quote what they refuse. */
const reasonOf = (error: unknown): string => {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    const known = ['exp', 'iat', 'sub', 'aud', 'iss', 'nbf'].includes(claim) ? claim : 'claim';
    if (reason === 'missing') return `the token has no "${known}"`;
    return reason === 'check_failed' ? (ABOUT_CLAIMS[claim] ?? 'a claim of the token is not right') : `the token's "${known}" is malformed`;
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is wrong';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the issuer has no key for this token';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'the token does not say with which of the issuer\'s keys it is signed ("kid")';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the token is signed in a way that is not accepted here';
  if (error instanceof errors.JOSENotSupported) return 'the token asks for an extension that is not supported here';
  return 'the token is malformed';
};

const BEYOND_ALL_TIMES = 2 ** 40;

/** Whether a token was issued and expires at times that a clock can show, in that order; it need not say when it was issued. */
const hasPossibleTimes = ({ iat = 0, exp = Infinity }: JWTPayload): boolean => 0 <= iat && iat <= exp && exp < BEYOND_ALL_TIMES;

/** A JWT-SVID (SPIFFE) need not say when it was issued nor by whom; every other token must. */
const isSpiffe = ({ sub }: JWTPayload): boolean => typeof sub === 'string' && sub.startsWith('spiffe://');

/** The trust domain of a SPIFFE id, as the configuration names it: `spiffe://prod.example.com`. */
const trustDomainOf = ({ sub }: JWTPayload): string | undefined => (typeof sub === 'string' ? /^(spiffe:\/\/[a-z0-9._-]+)\/./.exec(sub)?.[1] : undefined);

/** Who vouches for a token: the issuer that it names; else, whatever a JWT-SVID names, its trust domain. */
const voucherOf = (claims: JWTPayload, isTrusted: (issuer: string) => boolean): { issuer: string; isNamed: boolean } | undefined => {
  const { iss } = claims;
  if (typeof iss === 'string' && !iss.startsWith('spiffe:') && isTrusted(iss)) return { issuer: iss, isNamed: true };
  const domain = trustDomainOf(claims);
  return domain !== undefined && isTrusted(domain) ? { issuer: domain, isNamed: false } : undefined;
};

/**
 * Checks OIDC tokens against the issuers of the configuration: signature, issuer, audience, times (60 seconds of tolerance).
 * An issuer that is not configured is refused without a word to anybody; keys that cannot be had give 503 and never 401.
 * Make one per process: it keeps the issuers' keys. The promise never rejects.
 */
export const tokenChecker = (leases: Pick<Leases, 'audience' | 'issuers'>, options: KeyOptions & { now: () => Date }): ((token: string) => Promise<Checked>) => {
  const keys = new Map<string, FindKey>(leases.issuers.map((one) => [one.issuer, issuerKeys(one, options)]));
  return async (token) => {
    const seen = opened(token);
    if (seen === undefined) return refused('this is no signed token');
    const voucher = voucherOf(seen.claims, (issuer) => keys.has(issuer));
    const findKey = voucher && keys.get(voucher.issuer);
    if (!voucher || !findKey) return refused('this issuer is not trusted here');
    const { issuer, isNamed } = voucher;
    if (!ALGORITHMS.some((alg) => alg === seen.alg)) return refused('the token is signed in a way that is not accepted here');
    const now = options.now();
    const nowSeconds = Math.floor(now.getTime() / 1000);
    try {
      const { payload } = await jwtVerify(token, findKey, {
        ...(isNamed ? { issuer } : {}),
        audience: leases.audience,
        algorithms: ALGORITHMS,
        clockTolerance: TOLERANCE_SECONDS,
        requiredClaims: isSpiffe(seen.claims) ? ['exp', 'sub'] : ['exp', 'iat', 'sub'],
        currentDate: now,
      });
      const { sub, iat = nowSeconds } = payload;
      if (typeof sub !== 'string' || sub === '') return refused('the token\'s "sub" is malformed');
      if (!hasPossibleTimes(payload)) return refused('the times of the token ("iat", "exp") cannot be right');
      if (iat > nowSeconds + TOLERANCE_SECONDS) return refused('the token was issued in the future: see that its clock and ours agree');
      return { ok: true, token: { issuer, subject: sub, claims: { ...payload }, issuedAt: iat } };
    } catch (error) {
      if (error instanceof KeysUnavailable) return { ok: false, status: 503, reason: `the keys of ${issuer} cannot be had now: ${error.message}` };
      return refused(reasonOf(error));
    }
  };
};

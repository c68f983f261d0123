import { createRemoteJWKSet, customFetch, errors, type CryptoKey, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import type { LeaseIssuer } from '../core/configuration.ts';

/** The issuer's keys could not be had, which says nothing about a token. The message names the issuer and no token. */
export class KeysUnavailable extends Error {}

/** The key that a token's header asks for. Throws `KeysUnavailable`, or jose's own error where the issuer has no such key. */
export type FindKey = (header?: JWSHeaderParameters, token?: FlattenedJWSInput) => Promise<CryptoKey>;

export interface KeyOptions {
  fetch: typeof fetch;
  /** On one machine: issuers on loopback may speak HTTP. */
  local: boolean;
}

const TIMEOUT_MILLISECONDS = 3_000;
const MAX_BODY_BYTES = 512 * 1024;
/** After a failure nothing is asked for so long: callers are many, the issuer is one. */
const PAUSE_MILLISECONDS = 1_000;
const DISCOVERY_MILLISECONDS = 3_600_000;
/** How often within a minute a key that is not there is looked for before the cool-down of 30 seconds is over. */
const EXTRA_LOOKS = 3;

const isLoopback = ({ hostname }: URL): boolean => /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/.test(hostname);

const allowedUrl = (text: unknown, local: boolean, what: string): URL => {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === 'https:' || (local && url.protocol === 'http:' && isLoopback(url)))) return url;
  throw new KeysUnavailable(`${what} is not an https address`);
};

const boundedText = async (response: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new KeysUnavailable('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** Asks an issuer and nobody it points to, reads no more than a bound, and leaves it alone for a moment after a failure. */
const carefulFetch = (options: KeyOptions): ((url: string, init: RequestInit) => Promise<Response>) => {
  let failedAt = -Infinity;
  return async (url, init) => {
    if (Date.now() - failedAt < PAUSE_MILLISECONDS) throw new KeysUnavailable('it did not answer a moment ago');
    try {
      const response = await options.fetch(url, { ...init, redirect: 'manual' });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw new KeysUnavailable(`it answered ${response.status}`);
      }
      return new Response(await boundedText(response), { status: 200 });
    } catch (error) {
      failedAt = Date.now();
      throw error;
    }
  };
};

const discovered = async (issuer: string, ask: ReturnType<typeof carefulFetch>, local: boolean): Promise<URL> => {
  const address = allowedUrl(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, local, 'its name');
  const response = await ask(address.href, { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
  const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown } | null;
  if (document?.issuer !== issuer) throw new KeysUnavailable('its discovery document names another issuer');
  return allowedUrl(document.jwks_uri, local, 'the address of its keys');
};

/** A trust domain's bundle says what its keys are for in words of its own; only those for JWT-SVIDs sign tokens. */
const ofBundle = (ask: ReturnType<typeof carefulFetch>): ReturnType<typeof carefulFetch> => async (url, init) => {
  const response = await ask(url, init);
  const bundle = (await response.json()) as { keys?: unknown } | null;
  if (!Array.isArray(bundle?.keys)) throw new KeysUnavailable('it did not answer with keys');
  const keys = bundle.keys.filter((key): key is Record<string, unknown> => typeof key === 'object' && key !== null && (key as { use?: unknown }).use !== 'x509-svid');
  return Response.json({ keys: keys.map((key) => (key.use === 'jwt-svid' ? { ...key, use: 'sig' } : key)) });
};

/** jose's word that the keys are here and that none of them is for this token. */
const isAboutToken = (error: unknown): boolean => error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys || error instanceof errors.JOSENotSupported;

/**
 * The keys of one issuer, fetched when a token first asks and kept for ten minutes. A key that is not among them is looked for
 * again: once in 30 seconds, and three times a minute before that, so that a rotation is seen at once and a flood of made-up
 * names costs the issuer nothing.
 */
export const issuerKeys = ({ issuer, jwks }: LeaseIssuer, options: KeyOptions): FindKey => {
  const ask = carefulFetch(options);
  let remote: { keys: ReturnType<typeof createRemoteJWKSet>; href: string; at: number } | undefined;
  let finding: Promise<void> | undefined;
  let looks: number[] = [];

  const find = async (): Promise<void> => {
    const url = jwks === undefined ? await discovered(issuer, ask, options.local) : allowedUrl(jwks, options.local, 'the address of its keys');
    const fetchKeys = issuer.startsWith('spiffe:') ? ofBundle(ask) : ask;
    const keys = remote?.href === url.href ? remote.keys : createRemoteJWKSet(url, { timeoutDuration: TIMEOUT_MILLISECONDS, [customFetch]: fetchKeys });
    remote = { keys, href: url.href, at: Date.now() };
  };
  const keysNow = async () => {
    if (remote === undefined || (jwks === undefined && Date.now() - remote.at > DISCOVERY_MILLISECONDS)) await (finding ??= find().finally(() => (finding = undefined)));
    if (remote === undefined) throw new KeysUnavailable('its keys were not found');
    return remote.keys;
  };
  const mayLookAgain = (): boolean => {
    looks = looks.filter((at) => Date.now() - at < 60_000);
    if (looks.length >= EXTRA_LOOKS) return false;
    looks.push(Date.now());
    return true;
  };
  return async (header, token) => {
    try {
      const keys = await keysNow();
      const isCoolingDown = keys.coolingDown;
      try {
        return await keys(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !isCoolingDown || !(keys.reloading || mayLookAgain())) throw error;
        await keys.reload();
        return await keys(header, token);
      }
    } catch (error) {
      if (isAboutToken(error)) throw error;
      throw new KeysUnavailable(error instanceof KeysUnavailable ? error.message : 'it did not answer as an issuer does');
    }
  };
};

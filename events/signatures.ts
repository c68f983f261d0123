import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { header } from './body.ts';
import type { Authenticity, WebhookRequest } from './trigger.ts';

/** How far a signed timestamp may be from our clock, in either direction. */
export const TOLERANCE_SECONDS = 300;

/** Compares digests: time then tells neither where two texts differ nor how long the secret one is. */
const equal = (left: string, right: string): boolean => {
  const [a, b] = [left, right].map((text) => createHash('sha256').update(text, 'utf8').digest()) as [Buffer, Buffer];
  return timingSafeEqual(a, b);
};

/** Whether any given text is an expected one. Checks every pair instead of stopping at the first match, so that time does not tell which secret matched. */
export const anyEqual = (given: readonly string[], expected: readonly string[]): boolean =>
  given.flatMap((one) => expected.map((other) => equal(one, other))).includes(true);

/** A message that is not believed, and why; the reason names headers and never their content. */
export const refused = (reason: string): Authenticity => ({ ok: false, reason });

/** The refusal of a source for which nothing is configured that a message could be checked against. */
export const NO_SECRET = 'no signing secret is configured for this source';

/** `sha256=` and the lower-case hex HMAC-SHA256 of the raw body under the secret's UTF-8 bytes, in the header of this (lower-case) name. */
export const bodySignature = (name: string, request: WebhookRequest, secrets: readonly string[]): Authenticity => {
  const usable = secrets.filter((secret) => secret !== '');
  if (usable.length === 0) return refused(NO_SECRET);
  const given = header(request, name);
  if (given === '') return refused(`the ${name} header is missing or empty`);
  if (!/^sha256=[0-9a-f]{64}$/.test(given)) return refused(`the ${name} header is not sha256= and 64 lower-case hex digits`);
  const expected = usable.map((secret) => `sha256=${createHmac('sha256', secret).update(request.body).digest('hex')}`);
  return anyEqual([given], expected) ? { ok: true } : refused('the signature does not match the body');
};

/** GitHub's `X-Hub-Signature-256`. It holds no time: a replay is recognised by what it says. */
export const githubSignature = (request: WebhookRequest, secrets: readonly string[]): Authenticity => bodySignature('x-hub-signature-256', request, secrets);

/** Why a text of whole seconds since 1970 in the header of this name is not near our clock, or undefined where it is. */
export const staleness = (name: string, seconds: string, now: Date): string | undefined => {
  if (!/^\d{1,12}$/.test(seconds)) return `${name} is not a number of seconds`;
  const skew = Math.abs(Math.floor(now.getTime() / 1000) - Number(seconds));
  // Written so that an invalid clock (NaN) refuses as well.
  return skew <= TOLERANCE_SECONDS ? undefined : `${name} is more than ${TOLERANCE_SECONDS} seconds from our clock`;
};

/** Whether a secret is the signing token of a Standard Webhooks sender, usable or not. */
export const isSigningToken = (secret: string): boolean => secret.startsWith('whsec_');

/** The key of a `whsec_` secret: 24 to 64 bytes in base64; undefined for anything else. */
const webhookKey = (secret: string): Buffer | undefined => {
  const text = isSigningToken(secret) ? secret.slice('whsec_'.length) : secret;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length >= 24 && key.length <= 64 ? key : undefined;
};

/** Standard Webhooks v1: base64 HMAC-SHA256 of `id.timestamp.body`; one of several space-separated signatures suffices, other versions are skipped. */
export const standardWebhooksSignature = (request: WebhookRequest, secrets: readonly string[], now: Date): Authenticity => {
  const keys = secrets.map(webhookKey).filter((key) => key !== undefined);
  if (keys.length === 0) return refused('no usable signing secret is configured for this source (whsec_ and the base64 of 24 to 64 bytes)');
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => header(request, name)) as [string, string, string];
  if (id === '' || timestamp === '' || signatures === '') return refused('the headers webhook-id, webhook-timestamp and webhook-signature are all needed');
  const stale = staleness('webhook-timestamp', timestamp, now);
  if (stale !== undefined) return refused(stale);
  const given = signatures.split(' ').filter((signature) => /^v1,[A-Za-z0-9+/]{43}=$/.test(signature));
  if (given.length === 0) return refused('webhook-signature holds no complete v1 signature');
  const expected = keys.map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(request.body).digest('base64')}`);
  return anyEqual(given, expected) ? { ok: true } : refused('no signature matches the body');
};

import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildkite } from '../../events/buildkite.ts';
import { cursor } from '../../events/cursor.ts';
import { githubSignature, standardWebhooksSignature } from '../../events/signatures.ts';
import { requestOf } from './samples.ts';

const vectors = JSON.parse(readFileSync(new URL('../../events/samples/signatures.json', import.meta.url), 'utf8')) as {
  github: { secret: string; body: string; signature: string };
  standardWebhooks: { secret: string[]; id: string; timestamp: number; body: string; signature: string };
};
const otherKey = `wh${'sec_'}${Buffer.alloc(24, 1).toString('base64')}`;

describe("GitHub's signature", () => {
  const { secret, body, signature } = vectors.github;
  const verify = (given: string | undefined, secrets: string[] = [secret], content: string | Uint8Array = body) =>
    githubSignature(requestOf(content, given === undefined ? {} : { 'x-hub-signature-256': given }), secrets).ok;

  it('is accepted as GitHub publishes it, under either of two valid secrets', () => {
    expect(verify(signature)).toBe(true);
    expect(verify(signature, ['another', secret])).toBe(true);
    expect(verify(signature, [secret, 'another'])).toBe(true);
  });

  it.each([
    ['missing', undefined], ['empty', ''], ['truncated', signature.slice(0, -1)], ['bare', signature.slice(7)], ['in capitals', signature.toUpperCase()],
    ['of hex in capitals', `sha256=${signature.slice(7).toUpperCase()}`], ['SHA-1', `sha1=${'0'.repeat(40)}`], ['longer', `${signature}0`],
    ['off in its last digit', `${signature.slice(0, -1)}0`], ['of other characters', `sha256=${'é'.repeat(64)}`], ['followed by a line end', `${signature}\n`],
  ])('is refused where it is %s', (_, given) => {
    expect(verify(given)).toBe(false);
  });

  it('is refused for another body, another secret, no secret and an empty secret', () => {
    expect(verify(signature, [secret], `${body}\n`)).toBe(false);
    expect(verify(signature, [secret], '')).toBe(false);
    expect(verify(signature, ['another'])).toBe(false);
    expect(verify(signature, [])).toBe(false);
    // HMAC-SHA256 of nothing under the empty key, which an unset secret would accept.
    expect(verify('sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad', [''], '')).toBe(false);
  });
});

describe('the Standard Webhooks signature', () => {
  const { id, timestamp, body, signature } = vectors.standardWebhooks;
  const secret = vectors.standardWebhooks.secret.join('');
  const verify = (changes: Record<string, string | undefined> = {}, secrets = [secret], seconds = timestamp, content = body) => {
    const headers = Object.entries({ 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature, ...changes });
    return standardWebhooksSignature(requestOf(content, Object.fromEntries(headers.filter((entry): entry is [string, string] => entry[1] !== undefined))), secrets, new Date(seconds * 1000)).ok;
  };

  it('is accepted as the libraries publish it, among others and under either of two valid secrets', () => {
    expect(verify()).toBe(true);
    expect(verify({}, [otherKey, secret])).toBe(true);
    expect(verify({ 'webhook-signature': `v1a,abc v1,${'A'.repeat(43)}= ${signature} v9` })).toBe(true);
  });

  it('is believed for five minutes in both directions and not a second longer', () => {
    expect([-301, -300, 300, 301].map((off) => verify({}, [secret], timestamp + off))).toEqual([false, true, true, false]);
    expect(verify({}, [secret], NaN)).toBe(false);
  });

  it.each([
    ['no id', { 'webhook-id': undefined }], ['an empty id', { 'webhook-id': '' }], ['another id', { 'webhook-id': `${id}x` }],
    ['no timestamp', { 'webhook-timestamp': undefined }], ['another timestamp', { 'webhook-timestamp': String(timestamp + 1) }],
    ['a timestamp in words', { 'webhook-timestamp': 'now' }], ['a timestamp with a fraction', { 'webhook-timestamp': `${timestamp}.0` }],
    ['no signature', { 'webhook-signature': undefined }], ['an empty signature', { 'webhook-signature': '' }],
    ['a truncated signature', { 'webhook-signature': signature.slice(0, -4) }], ['a signature without its version', { 'webhook-signature': signature.slice(3) }],
    ['a signature of another version', { 'webhook-signature': signature.replace('v1', 'v2') }], ['base64url', { 'webhook-signature': signature.replaceAll('+', '-').replaceAll('/', '_') }],
    ['garbage', { 'webhook-signature': 'v1,%%%' }],
  ])('is refused with %s', (_, changes) => {
    expect(verify(changes)).toBe(false);
  });

  it('is refused for another body under the same id, and for secrets that are other, short, empty, garbage or missing', () => {
    expect(verify({}, [secret], timestamp, `${body} `)).toBe(false);
    for (const secrets of [[otherKey], [], [''], ['whsec_'], [`wh${'sec_'}${Buffer.alloc(23).toString('base64')}`], [`wh${'sec_'}${Buffer.alloc(65).toString('base64')}`], ['whsec_***'], ['\u0000']]) {
      expect(verify({}, secrets)).toBe(false);
    }
  });

  it('neither throws nor accepts, whatever the headers and the secrets are', () => {
    fc.assert(fc.property(fc.string(), fc.string(), fc.string({ unit: 'binary' }), fc.array(fc.string(), { maxLength: 2 }), (webhookId, time, given, secrets) => {
      expect(verify({ 'webhook-id': webhookId, 'webhook-timestamp': time, 'webhook-signature': given }, [secret, ...secrets])).toBe(false);
      expect(githubSignature(requestOf(body, { 'x-hub-signature-256': given }), [...secrets, 'secret']).ok).toBe(false);
    }));
  });
});

const shared = new URL('../../../shared/samples/vectors/', import.meta.url).pathname;

describe.skipIf(!existsSync(shared))('published vectors, where they are at hand', () => {
  interface Vector { secret: string; body: string; signature: string; id: string; timestamp: number }
  const vector = (file: string): Vector => JSON.parse(readFileSync(`${shared}${file}.json`, 'utf8')) as Vector;

  it('hold for GitHub', () => {
    const { secret, body, signature } = vector('github-hmac');
    expect(githubSignature(requestOf(body, { 'x-hub-signature-256': signature }), [secret])).toEqual({ ok: true });
  });

  it('hold for Buildkite and for Cursor', () => {
    const at = new Date(1_714_557_600_000);
    for (const source of [buildkite, cursor]) {
      const { secret, body, headers } = JSON.parse(readFileSync(`${shared}${source.name}.json`, 'utf8')) as { secret: string; body: string; headers: Record<string, string> };
      const request = requestOf(body, Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])));
      expect(source.authenticate(request, [secret], at), source.name).toEqual({ ok: true });
      expect(source.authenticate(request, [`${secret}x`], at).ok, source.name).toBe(false);
    }
  });

  it.each(['standard-webhooks-v1', 'gitlab-signing-token'])('hold for Standard Webhooks: %s', (file) => {
    const { secret, body, signature, id, timestamp } = vector(file);
    const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
    expect(standardWebhooksSignature(requestOf(body, headers), [secret], new Date(timestamp * 1000))).toEqual({ ok: true });
  });
});

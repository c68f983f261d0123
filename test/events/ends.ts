import { createHmac } from 'node:crypto';
import { expect } from 'vitest';
import type { Authenticity, JobEnded, Parsed, WebhookRequest, WebhookSource } from '../../events/trigger.ts';
import { headersOf, NOW, requestOf, sampleText } from './samples.ts';

/** A sample as an object of which a test changes a place. */
export const sampleOf = <T = Record<string, unknown>>(source: WebhookSource, file: string): T => JSON.parse(sampleText(source.name, file)) as T;

/** What a source makes of a value sent under the headers of its sample `like`. */
export const told = (source: WebhookSource, body: unknown, like = '', more: Record<string, string> = {}): Parsed =>
  source.parse(requestOf(typeof body === 'string' ? body : JSON.stringify(body), { ...headersOf(source.name, 'msg_1', like), ...more }));

/** All ends that a sample tells of; throws with the reason where it tells of none. */
export const endsOf = (source: WebhookSource, file: string): JobEnded[] => {
  const parsed = told(source, sampleText(source.name, file), file);
  if (parsed.kind !== 'triggers') throw new Error(parsed.reason);
  return parsed.triggers.map((trigger) => {
    if (trigger.trigger !== 'JobEnded') throw new Error('not an end');
    return trigger;
  });
};

/** The one end that a sample tells of. */
export const endOf = (source: WebhookSource, file: string): JobEnded => {
  const [end, ...more] = endsOf(source, file);
  if (end === undefined || more.length > 0) throw new Error('not one end');
  return end;
};

export const hexHmac = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex');

/** What a source thinks of a request under these headers and secrets. */
export const proof = (source: WebhookSource, body: string, headers: Record<string, string>, secrets: string[], now = NOW): Authenticity =>
  source.authenticate(requestOf(body, headers), secrets, now);

/** Holds that a request is believed under its secret, also beside another, and under nothing else. No reason may hold a secret. */
export const expectProof = (source: WebhookSource, request: WebhookRequest, secret: string): void => {
  const verdict = (secrets: string[], changed: Partial<WebhookRequest> = {}): Authenticity => source.authenticate({ ...request, ...changed }, secrets, NOW);
  expect(verdict([secret])).toEqual({ ok: true });
  expect(verdict(['another secret', secret])).toEqual({ ok: true });
  for (const refused of [verdict([]), verdict(['']), verdict([`${secret}x`]), verdict([secret.slice(0, -5)]), verdict([secret], { headers: {} })]) {
    expect(refused.ok).toBe(false);
    expect(JSON.stringify(refused)).not.toContain(secret);
  }
};

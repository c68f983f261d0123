import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import type { AwsEventSource, Parsed, SecretLeaked, Source, WebhookRequest, WebhookSource } from '../../events/trigger.ts';

/** Values that look real enough for a parser; put together here, since scanners would flag them in a file. */
export const planted: Record<string, string> = {
  AWS_KEY_ID: ['AK', 'IAQ7X2M5N8P3R6T9W1'].join(''),
  AWS_KEY_ID_2: ['AK', 'IAZ4B6D8F2H5J7L9N3'].join(''),
  AWS_SECRET: ['wJ4lrXUtnF3MI/K7MD9N', 'G/bPxRfiCYzzQw1kKEYs'].join(''),
  VENDOR_KEY: ['vk', 'live', '8Zq2Lm5Xp9Rt3Wv6Kc1N'].join('_'),
  VENDOR_KEY_HALF: ['vk', 'live', '8Zq2Lm5Xp9'].join('_'),
  PASSWORD: ['Tz7', 'qLm2', 'Vx9pRk'].join(''),
};

export const filled = (text: string): string => text.replace(/%([A-Z0-9_]+)%/g, (_, name: string) => planted[name] ?? '');

export const NOW = new Date('2026-03-02T08:20:00Z');
export const webhookSecret = `wh${'sec_'}${Buffer.alloc(32, 7).toString('base64')}`;

const folderOf = (name: string): string => new URL(`../../events/samples/${name}/`, import.meta.url).pathname;

export const sampleNames = (source: string): string[] =>
  existsSync(folderOf(source)) ? readdirSync(folderOf(source)).filter((file) => !file.endsWith('headers.json')).sort() : [];

export const sampleText = (source: string, file: string): string => filled(readFileSync(folderOf(source) + file, 'utf8'));

const headersIn = (path: string): Record<string, string> => JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;

/** Headers that only some samples of a folder have: `x.headers.json` is for every file whose name begins with x. */
const ownHeaders = (source: string, file: string): Record<string, string> => {
  const names = existsSync(folderOf(source)) ? readdirSync(folderOf(source)).filter((name) => name.endsWith('.headers.json') && file.startsWith(name.slice(0, -'.headers.json'.length))) : [];
  return Object.assign({}, ...names.map((name) => headersIn(folderOf(source) + name))) as Record<string, string>;
};

/** The unsigned headers of a source's requests (of one sample, where a file is named), and those of Standard Webhooks, which reports read. */
export const headersOf = (source: string, id = 'msg_1', file = ''): Record<string, string> => ({
  ...(existsSync(`${folderOf(source)}headers.json`) ? headersIn(`${folderOf(source)}headers.json`) : { 'content-type': 'application/json' }),
  ...ownHeaders(source, file),
  'webhook-id': id,
  'webhook-timestamp': String(NOW.getTime() / 1000),
});

export const requestOf = (body: string | Uint8Array, headers: Record<string, string>): WebhookRequest =>
  ({ method: 'POST', query: {}, headers, body: typeof body === 'string' ? new TextEncoder().encode(body) : body });

/** Signs as Standard Webhooks v1 says, written out apart from the code under test. */
export const signedReport = (body: string, headers: Record<string, string>, secret = webhookSecret): WebhookRequest => {
  const key = Buffer.from(secret.slice(6), 'base64');
  const signature = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`).digest('base64');
  return requestOf(body, { ...headers, 'webhook-signature': `v1,${signature}` });
};

/** What a source makes of a body, whichever way it comes in. */
export const parsedBy = (source: Source, body: string | Uint8Array, headers: Record<string, string>): Parsed => {
  if (source.transport === 'webhook') return source.parse(requestOf(body, headers));
  try {
    return source.parse(JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body)));
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'malformed', reason: 'not JSON' };
    throw error;
  }
};

/** The leaks that a message tells of; throws where it tells of something else. */
export const leaksIn = (parsed: Parsed): SecretLeaked[] => {
  if (parsed.kind !== 'triggers') throw new Error(parsed.reason);
  return parsed.triggers.map((trigger) => {
    if (trigger.trigger !== 'SecretLeaked') throw new Error('not a leak');
    return trigger;
  });
};

export const parseSample = (source: WebhookSource | AwsEventSource, file: string): Parsed => parsedBy(source, sampleText(source.name, file), headersOf(source.name, 'msg_1', file));

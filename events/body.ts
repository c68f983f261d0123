import type { WebhookRequest } from './trigger.ts';

/** What was read, or why it could not be; the reason never quotes the content. */
export type Read<T> = { ok: true; value: T } | { ok: false; reason: string };

/** A request header by its lower-case name, or '' where it is missing. */
export const header = (request: WebhookRequest, name: string): string => {
  const value: unknown = Object.hasOwn(request.headers, name) ? request.headers[name] : '';
  return typeof value === 'string' ? value : '';
};

/** The media type of the body in lower case, without parameters; '' where the sender named none. */
export const mediaType = (request: WebhookRequest): string => (header(request, 'content-type').split(';')[0] ?? '').trim().toLowerCase();

/** The body as text, if it is valid UTF-8 (a byte order mark is dropped). */
export const bodyText = (request: WebhookRequest): Read<string> => {
  try {
    return { ok: true, value: new TextDecoder('utf-8', { fatal: true }).decode(request.body) };
  } catch {
    return { ok: false, reason: 'the body is not UTF-8 text' };
  }
};

/** The value of a JSON text. The engine's own message is not passed on, since it quotes the text. */
export const jsonValue = (text: string): Read<unknown> => {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, reason: 'the body is not valid JSON' };
  }
};

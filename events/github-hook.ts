import { bodyText, jsonValue, mediaType, type Read } from './body.ts';
import type { WebhookRequest } from './trigger.ts';

/** The JSON value of a GitHub hook, whichever of GitHub's two content types it was set to. */
export const githubPayload = (request: WebhookRequest): Read<unknown> => {
  const text = bodyText(request);
  if (!text.ok) return text;
  const type = mediaType(request);
  if (type === 'application/json') return jsonValue(text.value);
  if (type !== 'application/x-www-form-urlencoded') return { ok: false, reason: 'the content type must be application/json or application/x-www-form-urlencoded' };
  const payload = new URLSearchParams(text.value).get('payload');
  return payload === null ? { ok: false, reason: 'the form has no field named payload' } : jsonValue(payload);
};

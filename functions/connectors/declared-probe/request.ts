import type { DeclaredProbe } from '../../core/configuration.ts';

/** A declared request with a value filled in, ready to be sent. */
export interface FilledRequest {
  method: DeclaredProbe['request']['method'];
  url: URL;
  headers: Record<string, string>;
  body: string | undefined;
}

const placeholder = '{value}';
/** Stands for the value while the URL's fixed parts are looked at. */
const stand = 'rescindvalue';

const forBody = (value: string, type: string): string => {
  if (type.includes('json')) return JSON.stringify(value).slice(1, -1);
  return type.includes('x-www-form-urlencoded') ? encodeURIComponent(value) : value;
};

/** Puts a value into a declared request: URL-encoded in the URL, escaped in JSON and form bodies, as it is in headers. Says why it cannot be. */
export const fill = ({ request }: DeclaredProbe, value: string, isLocal: boolean): FilledRequest | { refused: string } => {
  let template: URL;
  let url: URL;
  try {
    template = new URL(request.url.replaceAll(placeholder, stand));
    url = new URL(request.url.replaceAll(placeholder, encodeURIComponent(value)));
  } catch {
    return { refused: 'its declared address is no URL' };
  }
  if (url.protocol !== 'https:' && !(isLocal && url.protocol === 'http:')) return { refused: 'its declared address is not HTTPS' };
  if (template.host.includes(stand) || template.username.includes(stand) || template.password.includes(stand) || url.host !== template.host) {
    return { refused: 'its declared host is not fixed' };
  }
  const filled = Object.entries(request.headers).map(([name, text]) => [name.toLowerCase(), text.replaceAll(placeholder, () => value)] as const);
  if (filled.some(([, text]) => /[^\t\x20-\x7e\x80-\xff]/.test(text))) return { refused: 'the value cannot stand in a header' };
  const headers = Object.fromEntries(filled);
  const body = request.body?.replaceAll(placeholder, () => forBody(value, headers['content-type'] ?? ''));
  return { method: request.method, url, headers, body };
};

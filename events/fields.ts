/** Reading of untrusted JSON: every function here is total and looks at own properties only. */

/** The most characters that any kept string has. */
export const KEPT_CHARS = 500;

export type JsonRecord = Record<string, unknown>;

/** Whether a value is an object with keys: neither null nor an array. */
export const isRecord = (value: unknown): value is JsonRecord => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The own property at the end of a path of keys, or undefined where the path breaks off. */
export const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((inner, key) => (isRecord(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined), value);

// Control, zero-width, bidirectional and separator characters: in a terminal or a log they rewrite what a person reads.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The text without control characters, well-formed, of at most `max` characters. */
export const clean = (text: string, max = KEPT_CHARS): string =>
  text.toWellFormed().replace(UNPRINTABLE, '').slice(0, max).toWellFormed();

/** The string at the path as it came, or '' where there is none. */
export const rawText = (value: unknown, ...path: string[]): string => {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
};

/** The string at the path, cleaned, or '' where there is none. */
export const textAt = (value: unknown, ...path: string[]): string => clean(rawText(value, ...path));

/** The positive whole number at the path, or undefined. */
export const countAt = (value: unknown, ...path: string[]): number | undefined => {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isSafeInteger(found) && found > 0 ? found : undefined;
};

/** A time in ISO 8601 with milliseconds, from ISO 8601 or RFC 1123 text; '' where it is neither. */
export const isoTime = (text: string): string => {
  if (text.length > 64 || !/\d{4}/.test(text)) return '';
  const time = Date.parse(text);
  return Number.isNaN(time) ? '' : new Date(time).toISOString();
};

/** A time in ISO 8601 from a text of whole seconds since 1970; '' where it is none. */
export const isoSeconds = (text: string): string => (/^\d{1,11}$/.test(text) ? new Date(Number(text) * 1000).toISOString() : '');

/** An https link without user, password and query (each may hold a value), or '' where the text is no https URL. */
export const publicLink = (text: string): string => {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'https:' || url.hostname === '') return '';
  return clean(`${url.origin}${url.pathname}${url.hash}`);
};

/** Whether the text is the id of a long-lived AWS access key. */
export const isAwsKeyId = (text: string): boolean => /^AKIA[A-Z0-9]{16}$/.test(text);

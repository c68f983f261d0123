import { randomInt } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const SECRET_NAME = /(password|passwd|pwd|secret|token|key|credential|value|passphrase)/i;
const NOT_SECRET_NAME = /(_id|Id|_name|Name)$/;

const random = (length: number): string => Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');

/** A random value that begins as this one does (`sk_live_`, `apk_`) and is about as long, at least 24 random characters. */
export const sameKind = (value: string): string => {
  // Short and with underscores only: more of the old value than its kind must not live on in the new one.
  const prefix = /^(?:[A-Za-z]{1,6}_){0,2}/.exec(value)?.[0] ?? '';
  return prefix + random(Math.max(24, value.length - prefix.length));
};

/** The same JSON with new secrets: leaves whose names sound like one, else the longest text. A value that is no JSON object is replaced whole. */
export const sameShape = (secret: string): string => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(secret);
  } catch {
    return sameKind(secret);
  }
  if (typeof parsed !== 'object' || parsed === null) return sameKind(secret);
  const leaves: { name: string; value: string }[] = [];
  const collect = (value: unknown, name: string): void => {
    if (typeof value === 'string') leaves.push({ name, value });
    else if (typeof value === 'object' && value !== null) for (const [key, one] of Object.entries(value)) collect(one, key);
  };
  collect(parsed, '');
  const named = leaves.filter(({ name }) => SECRET_NAME.test(name) && !NOT_SECRET_NAME.test(name));
  const longest = [...leaves].sort((a, b) => b.value.length - a.value.length)[0];
  const chosen = new Map((named.length > 0 ? named : longest === undefined ? [] : [longest]).map(({ name, value }) => [`${name}\n${value}`, sameKind(value)]));
  const replace = (value: unknown, name: string): unknown => {
    if (typeof value === 'string') return chosen.get(`${name}\n${value}`) ?? value;
    if (Array.isArray(value)) return value.map((one, index) => replace(one, String(index)));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replace(one, key)]));
  };
  return JSON.stringify(replace(parsed, ''));
};

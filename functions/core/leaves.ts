/** What a text holds that identifies credentials: the leaves by which secrets are indexed and reports are matched. */
import type { CredentialName } from '../../events/trigger.ts';
import { isConnectionString, passwordsIn } from './connection-string.ts';
import { envLines } from './env-lines.ts';
import { jsonStrings } from './json-strings.ts';
import { awsKeyIdsIn, awsSecretsIn, isAwsKeyId, isIndexable, isKeyPair, isPrivateKey, isSecretInItsField } from './shape.ts';

/** One secret-like value and its place in a text. */
export interface Leaf {
  /** '' for the whole text, `a.b[0]` in JSON, `KEY` in an environment file, `>` before what is in a string, `url#password` in a connection string. */
  path: string;
  value: string;
  /** The AWS keys whose ids stand beside it: in the same object, section or line. */
  names: CredentialName[];
}

/** The most leaves that one text has. */
export const MAX_LEAVES = 200;

/** The most candidates that one leaked value has. */
export const MAX_CANDIDATES = 50;

/** Behind the path of an embedded password: the same password as it is spelled in the text, where that differs. */
const ENCODED = ':encoded';

/** The place of the password itself, where a path leads to how it is spelled in a text. */
export const plainPath = (path: string): string => (path.endsWith(ENCODED) ? path.slice(0, -ENCODED.length) : path);

interface Spot extends Leaf {
  key: string;
  /** The whole text with another value at this place. */
  write: (value: string) => string;
}

/** A text inside the whole one, and how the whole one looks when it changes. */
interface Place {
  path: string;
  key: string;
  ids: string[];
  /** How many more strings may be opened to look inside. */
  opens: number;
  write: (text: string) => string;
}

const splice = (text: string, start: number, end: number, middle: string): string => text.slice(0, start) + middle + text.slice(end);

const within = (path: string, inner: string): string => (path === '' ? inner : `${path}>${inner}`);

const spotAt = (place: Place, path: string, value: string, write: (value: string) => string): Spot =>
  ({ path, value, key: place.key, names: place.ids.map((id) => ({ issuer: 'aws-iam-key', id })), write });

/** Numbers the parts of one text: `#password`, `#password[1]`. */
const partPath = (path: string, part: string, index: number): string => `${path}#${part}${index === 0 ? '' : `[${index}]`}`;

function* inConnectionString(text: string, place: Place): Generator<Spot> {
  for (const [index, { value, raw, start, end, encode }] of passwordsIn(text).entries()) {
    const path = partPath(place.path, 'password', index);
    const write = (password: string): string => place.write(splice(text, start, end, encode(password)));
    const inside = { ...place, key: 'password' };
    yield spotAt(inside, path, value, write);
    if (raw !== value) yield spotAt(inside, path + ENCODED, raw, write);
  }
}

/** The ids of the keys in each container, so that a secret half knows whose it is. */
const idsBy = <T extends { value: string }>(items: T[], groupOf: (item: T) => number): Map<number, string[]> => {
  const ids = new Map<number, string[]>();
  for (const item of items) {
    if (isAwsKeyId(item.value) && item.value.startsWith('AKIA')) ids.set(groupOf(item), [...new Set([...(ids.get(groupOf(item)) ?? []), item.value])]);
  }
  return ids;
};

function* inJson(text: string, place: Place): Generator<Spot> {
  const strings = jsonStrings(text) ?? [];
  const ids = idsBy(strings, ({ container }) => container);
  for (const { path, key, value, start, end, container } of strings) {
    yield* inText(value, {
      path: within(place.path, path),
      key,
      ids: awsKeyIdsIn(key).length > 0 ? awsKeyIdsIn(key) : (ids.get(container) ?? []),
      opens: place.opens - 1,
      write: (inner) => place.write(splice(text, start, end, JSON.stringify(inner))),
    });
  }
}

function* inEnvLines(text: string, place: Place): Generator<Spot> {
  const lines = envLines(text) ?? [];
  const ids = idsBy(lines, ({ section }) => section);
  for (const { path, key, value, start, end, section, encode } of lines) {
    yield* inText(value, {
      path: within(place.path, path),
      key,
      ids: ids.get(section) ?? [],
      opens: place.opens - 1,
      write: (inner) => place.write(splice(text, start, end, encode(inner))),
    });
  }
}

/** `AKIA...:secret`, the console's CSV, and other plain texts that hold a key's id beside its secret half. */
function* inKeyPair(text: string, place: Place): Generator<Spot> {
  for (const [index, { piece, start }] of awsSecretsIn(text).entries()) {
    const write = (value: string): string => place.write(splice(text, start, start + piece.length, value));
    yield spotAt({ ...place, key: 'secret', ids: awsKeyIdsIn(text) }, partPath(place.path, 'secret', index), piece, write);
  }
}

/** Every smallest value of a text in the order of the text, secret-like or not. */
function* inText(text: string, place: Place): Generator<Spot> {
  const trimmed = text.trim();
  if (trimmed === '') return;
  const lead = text.indexOf(trimmed);
  const write = (value: string): string => place.write(splice(text, lead, lead + trimmed.length, value));
  const inner = { ...place, write };
  if (isPrivateKey(trimmed)) yield spotAt(place, place.path, trimmed, write);
  else if (place.opens > 0 && jsonStrings(trimmed) !== undefined) yield* inJson(trimmed, inner);
  else if (isConnectionString(trimmed) && passwordsIn(trimmed).length > 0) yield* inConnectionString(trimmed, inner);
  else if (place.opens > 0 && envLines(trimmed) !== undefined) yield* inEnvLines(trimmed, inner);
  else if (isKeyPair(trimmed)) yield* inKeyPair(trimmed, inner);
  else yield spotAt(place, place.path, trimmed, write);
}

const spotsOf = (text: string): Generator<Spot> => inText(text, { path: '', key: 'secret', ids: [], opens: 2, write: (value) => value });

const firstOf = (spots: Iterable<Spot>, isWanted: (spot: Spot) => boolean): Spot[] => {
  const found: Spot[] = [];
  for (const spot of spots) {
    if (isWanted(spot)) found.push(spot);
    if (found.length === MAX_LEAVES) break;
  }
  return found;
};

/** Fields that hold secrets by their name, and those that merely describe one. */
const secretField = /pass|pwd|secret|token|key|credential|auth|^value$|dsn|pin$|private|signature|salt|bearer|cookie|session/i;
const describingField = /(?:id|name|arn|ur[li]|host|hostname|endpoint|type|region|path|file|alias|version|date|expir\w*|ttl|user|email|scopes?|public\w*|count|length|policy|algorithm)$/i;

const isLeaf = ({ value, key }: Spot): boolean =>
  isIndexable(value) || (secretField.test(key) && !describingField.test(key) && isSecretInItsField(value));

/** The secret-like leaves of a secret's text: of JSON, of JSON or lines inside its strings, of environment files, of connection strings, or the text itself. */
export const leavesOf = (text: string): Leaf[] => {
  const leaves = firstOf(spotsOf(text), isLeaf).map(({ path, value, names }) => ({ path, value, names }));
  const paths = new Set(leaves.map(({ path }) => path));
  // where a password is too plain to identify anything, its spelling is as well
  return leaves.filter(({ path }) => paths.has(plainPath(path)));
};

/** The value at a path, secret-like or not (as a copy remembers it); undefined where the text has no such place. */
export const valueAt = (text: string, path: string): string | undefined =>
  [...spotsOf(text)].findLast((spot) => spot.path === path)?.value;

/** The text with another value at exactly that leaf, encoded as the place demands; undefined where there is no such leaf. */
export const replaceLeaf = (text: string, path: string, newValue: string): string | undefined =>
  // Of a key that JSON has twice, the last counts.
  [...spotsOf(text)].findLast((spot) => spot.path === path)?.write(newValue);

/** Line ends differ between a key file and what a scanner read from it. */
const pemSpellings = (value: string): string[] => {
  const unix = value.replaceAll('\\n', '\n').replaceAll('\r\n', '\n').trim();
  return isPrivateKey(unix) ? [unix, unix.replaceAll('\n', '\\n'), unix.replaceAll('\n', '\r\n')] : [];
};

/** A password that somebody cut out of a URL as it is spelled there. */
const decoded = (text: string): string[] => {
  try {
    return /%[0-9a-f]{2}/i.test(text) ? [decodeURIComponent(text)] : [];
  } catch {
    return [];
  }
};

/** `id:secret` apart, at each of the first colons. */
const halves = (value: string): string[] => {
  if (/[\r\n{]/.test(value)) return [];
  const parts = value.split(':').slice(0, 5);
  return parts.length < 2 ? [] : [...parts, ...parts.slice(1).map((_, index) => value.split(':').slice(index + 1).join(':'))];
};

/**
 * What a leaked value may be known by in the index: itself, the password inside it, the halves of a pair, the leaves of
 * JSON, each percent-decoded as well. More than is indexed, so that a value which is indexed for its field's name is found as well.
 */
export const candidatesOf = (value: string): string[] => {
  const whole = value.trim();
  const parts = firstOf(spotsOf(whole), () => true).map((spot) => spot.value);
  const found = [whole, ...parts, ...pemSpellings(whole), ...halves(whole)];
  return [...new Set([...found, ...found.flatMap(decoded)].map((text) => text.trim()))].filter(isSecretInItsField).slice(0, MAX_CANDIDATES);
};

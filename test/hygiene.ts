import { leavesOf } from '../functions/core/leaves.ts';
import { isAwsKeyId } from '../functions/core/shape.ts';
import type { Providers } from '../local/providers.ts';

/** So many characters of a value in a row are a leak. */
const chars = 8;

const wanted = new WeakMap<readonly string[], Map<number, Set<string>>>();

const add = (runs: Map<number, Set<string>>, run: string): void => {
  if (!runs.has(run.length)) runs.set(run.length, new Set());
  runs.get(run.length)?.add(run);
};

/** The characters of a base64 text that depend on these bytes alone, were they to begin at each of the three places of a group. */
const base64Of = (bytes: Buffer): string[] =>
  [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').replace(/=+$/, '');
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(first, last);
  });

/** What eight characters of any of the values look like: as they are, percent-encoded, in hex, in base64 (all alignments) and base64url. */
const runsOf = (values: readonly string[]): Map<number, Set<string>> => {
  const known = wanted.get(values);
  if (known) return known;
  const runs = new Map<number, Set<string>>();
  for (const value of new Set(values)) {
    for (let at = 0; at + chars <= value.length; at += 1) {
      const piece = value.slice(at, at + chars);
      const bytes = Buffer.from(piece);
      add(runs, piece);
      const encoded = encodeURIComponent(piece);
      if (encoded !== piece) add(runs, encoded);
      add(runs, bytes.toString('hex'));
      for (const text of base64Of(bytes)) {
        add(runs, text);
        const url = text.replaceAll('+', '-').replaceAll('/', '_');
        if (url !== text) add(runs, url);
      }
    }
  }
  wanted.set(values, runs);
  return runs;
};

/** Where in these texts any eight characters of a value stand, in any encoding; each place once, without the value. */
export const leaksIn = (texts: Iterable<[place: string, text: string]>, values: readonly string[]): string[] => {
  const runs = runsOf(values);
  const found = new Set<string>();
  for (const [place, text] of texts) {
    for (const spelled of /[0-9A-F]{16}/.test(text) ? [text, text.toLowerCase()] : [text]) {
      for (const [length, set] of runs) {
        for (let at = 0; at + length <= spelled.length; at += 1) {
          if (set.has(spelled.slice(at, at + length))) {
            found.add(`${place}, at ${at}: ${spelled.slice(Math.max(0, at - 60), at)}`);
            break;
          }
        }
      }
    }
  }
  return [...found];
};

/** Every secret value that exists at the providers at this moment, made up at the start or since. Names and key ids are none. */
export const valuesAt = ({ aws, github, vendors }: Providers): string[] => {
  const { secrets, keys, sessions, kmsKeys } = aws.state();
  const texts = Object.values(secrets).flatMap(({ versions }) => Object.values(versions).flatMap(({ value }) => value ?? []));
  return [
    ...texts.flatMap((text) => leavesOf(text).map(({ value }) => value)),
    ...Object.values(keys).map(({ secret }) => secret),
    ...Object.values(sessions).flatMap(({ secretAccessKey, sessionToken }) => [secretAccessKey, sessionToken]),
    ...Object.values(kmsKeys).map(({ material }) => material),
    ...[...vendors.values()].flatMap((vendor) => vendor.credentials().map(({ value }) => value)),
    ...(github?.credentials() ?? []).map(({ value }) => value),
  ].filter((value) => !isAwsKeyId(value) && value.length >= chars);
};

import { leavesOf } from '../functions/core/leaves.ts';
import { isAwsKeyId } from '../functions/core/shape.ts';
import type { Providers } from '../local/providers.ts';
import { markIn, marksOf } from './marks.ts';

/** A value shorter than this cannot be searched for. */
const chars = 8;

/** Where in these texts any eight characters of a value stand, in any encoding; each place once, without the value. */
export const leaksIn = (texts: Iterable<[place: string, text: string]>, values: readonly string[]): string[] => {
  const marks = marksOf(values);
  const found = new Set<string>();
  for (const [place, text] of texts) {
    const at = markIn(text, marks);
    if (at !== undefined) found.add(`${place}, at ${at}: ${text.slice(Math.max(0, at - 60), at)}`);
  }
  return [...found];
};

/** What the fakes call the members that hold values, in the files that they keep. */
const holders = ['value', 'secret', 'secretAccessKey', 'sessionToken', 'material'];

/** Every value in what the fakes keep in files: those of the beginning and those that were made since. */
export const valuesIn = (kept: unknown, name = ''): string[] => {
  if (typeof kept === 'string') return holders.includes(name) ? leavesOf(kept).map(({ value }) => value) : [];
  if (Array.isArray(kept)) return kept.flatMap((item) => valuesIn(item, name));
  return kept !== null && typeof kept === 'object' ? Object.entries(kept).flatMap(([key, inner]) => valuesIn(inner, key)) : [];
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

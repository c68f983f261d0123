import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { markIn, marksOf } from '../marks.ts';

/** A file that was left behind, byte for character. */
export interface Leftover {
  file: string;
  text: string;
}

/** Every file below a folder. */
export const leftoversIn = (folder: string): Leftover[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ file: relative(folder, file), text: readFileSync(file, 'latin1') }));

/** The files in which any of these values was found, each with the place; never with what stands there. */
export const found = (leftovers: readonly Leftover[], values: readonly string[]): string[] => {
  const marks = marksOf(values);
  return leftovers.flatMap(({ file, text }) => {
    const at = markIn(text, marks);
    return at === undefined ? [] : [`${file} at character ${at} of ${text.length}`];
  });
};

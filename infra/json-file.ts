import { readFileSync } from 'node:fs';
import { visit } from 'jsonc-parser';
import type { Problem } from './configuration-checks.ts';

/** What is wrong with a file, all of it: one line each with the file and the place in it. Quotes no value. */
export class FileError extends Error {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map(({ path, says }) => `${file}: ${path === '' ? 'the file' : path} ${says}`).join('\n'));
    this.name = 'FileError';
    this.file = file;
    this.problems = problems;
  }
}

/** How a file that is wrong is refused. */
export type Refuse = (problems: readonly Problem[]) => FileError;

const strictly = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

/** The line and column, both from 1, at which a text stops being JSON; V8 names them in some of its messages only. */
const placeOf = (text: string): string => {
  const places: string[] = [];
  visit(text, { onError: (_code, _offset, _length, line, character) => places.push(`line ${line + 1} column ${character + 1}`) }, strictly);
  return places[0] ?? 'line 1 column 1';
};

/** The value of a JSON text. Where it is none, refuses it with the place and with what was `expected`. */
export const parseJson = (text: string, expected: string, refuse: Refuse): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw refuse([{ path: '', says: `is not JSON at ${placeOf(text)}; expected ${expected}` }]);
  }
};

/** The text of a file. Where it cannot be read, refuses it with what was `expected`. */
export const readText = (file: string, expected: string, refuse: Refuse): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw refuse([{ path: '', says: `cannot be read; expected ${expected}` }]);
  }
};

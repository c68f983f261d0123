import { paintFor, type Paint } from '../local/terminal/paint.ts';
import { plainText } from '../local/terminal/wrap.ts';
import type { Output, Surroundings } from './surroundings.ts';

/** How and how wide to write on an output. */
export interface Screen {
  paint: Paint;
  /** In columns; Infinity where no terminal reads along. */
  width: number;
  print: (...lines: string[]) => void;
}

const usualColumns = 80;

/** A screen on an output: coloured and as wide as the terminal, or plain and without a limit. */
export const screenOn = (output: Output, environment: Surroundings['environment']): Screen => ({
  paint: paintFor(output, environment),
  width: output.isTTY ? output.columns || usualColumns : Infinity,
  print: (...lines) => {
    if (lines.length > 0) output.write(`${lines.join('\n')}\n`);
  },
});

const invisible = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu;
const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A value as JSON, in which everything that could move a cursor is escaped. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2).replace(invisible, (found) => found.split('').map(escape).join(''))}\n`;

/** A text of the API's for a person: control characters become blanks; '' for what is no text. */
export const shown = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? plainText(String(value)) : '');

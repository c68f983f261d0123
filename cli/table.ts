import type { Tone } from '../local/terminal/paint.ts';
import type { Screen } from './screen.ts';

/** One column: what it is called, and whether it may be cut where the terminal is too narrow. */
export interface Column {
  head: string;
  mayBeCut?: boolean;
}

/** One cell. */
export interface Cell {
  text: string;
  tone?: Tone;
}

const gap = '  ';
const narrowest = 14;

const lengthOf = (text: string): number => [...text].length;
const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - lengthOf(text)));

/** A text in so many characters: what is too much is left out of its middle, since names differ at their ends. */
export const cut = (text: string, width: number): string => {
  const characters = [...text];
  if (characters.length <= width) return text;
  const kept = Math.max(0, width - 1);
  const head = Math.ceil(kept / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (kept - head)).join('')}`;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Takes what is too much from the columns that may be cut, always from the widest; undefined where that does not do. */
const fitted = (columns: readonly Column[], natural: readonly number[], width: number): number[] | undefined => {
  const widths = [...natural];
  for (let over = sum(widths) + gap.length * (columns.length - 1) - width; over > 0; over -= 1) {
    const widest = columns.reduce<number | undefined>((best, { mayBeCut }, n) => (mayBeCut && (widths[n] ?? 0) > narrowest && (best === undefined || (widths[n] ?? 0) > (widths[best] ?? 0)) ? n : best), undefined);
    if (widest === undefined) return undefined;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
};

/** A row's cells side by side, without blanks at its end. */
const rowOf = (cells: readonly Cell[], widths: readonly number[], paint: Screen['paint']): string => {
  const last = cells.findLastIndex(({ text }) => text !== '');
  return cells
    .slice(0, last + 1)
    .map(({ text, tone = 'plain' }, n) => {
      const width = widths[n] ?? 0;
      const short = Number.isFinite(width) ? cut(text, width) : text;
      return paint(tone, short) + (n === last ? '' : padded(short, width).slice(short.length));
    })
    .join(gap);
};

const widthsOf = (rows: readonly Cell[][]): number[] => (rows[0] ?? []).map((_, n) => Math.max(...rows.map((cells) => lengthOf(cells[n]?.text ?? ''))));

const indent = '    ';

/** Where a terminal is too narrow for a row: what stands before the first column that may be cut in one line, and below it the rest, each with its head. */
const stacked = (columns: readonly Column[], rows: readonly Cell[][], { paint, width }: Screen): string[] => {
  const first = columns.findIndex(({ mayBeCut }) => mayBeCut);
  const room = Math.max(narrowest, width - indent.length);
  const tops = rows.map((cells) => cells.slice(0, first));
  const widths = widthsOf(tops);
  const restOf = (cells: readonly Cell[]): string[] => {
    const lines: string[] = [];
    for (const [n, { text }] of cells.entries()) {
      if (n < first || text === '') continue;
      const part = cut(`${columns[n]?.head.toLowerCase() ?? ''} ${text}`, room);
      const last = lines.at(-1);
      if (last !== undefined && lengthOf(last) + gap.length + lengthOf(part) <= room) lines[lines.length - 1] = last + gap + part;
      else lines.push(part);
    }
    return lines.map((line) => indent + line);
  };
  return rows.flatMap((cells, n) => [rowOf(tops[n] ?? [], widths, paint), ...restOf(cells)]);
};

/** Rows below their heads, as wide as the screen: columns that may be cut are, and where that is not enough a row takes several lines. */
export const tableLines = (columns: readonly Column[], rows: readonly Cell[][], screen: Screen): string[] => {
  const heads = columns.map(({ head }): Cell => ({ text: head, tone: 'faint' }));
  const all = [heads, ...rows];
  const widths = fitted(columns, widthsOf(all), screen.width);
  return widths ? all.map((cells) => rowOf(cells, widths, screen.paint)) : stacked(columns, rows, screen);
};

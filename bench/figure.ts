/** One measured figure of a bench. */
export interface Figure {
  bench: string;
  what: string;
  value: number;
  /** Behind the value: `x` for a ratio, else a unit. */
  unit: 'x' | 'ms' | 'MB' | 'KB' | 'reads' | '$' | 's';
  /** What the value may be at most; absent where it is only told. */
  limit?: number;
}

/** Says what is going on, one line at a time. */
export type Tell = (line: string) => void;

/** What a run was asked to do differently. */
export interface Wishes {
  /** How many secrets the index walks over; absent: as many as take a minute. */
  secrets?: number;
}

/** A bench: measures, tells how it goes and hands back its figures. */
export type Bench = (tell: Tell, wishes: Wishes) => Promise<Figure[]>;

/** The middle value; of an even number, the mean of the two in the middle. NaN where there is none. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
};

/** Whether a figure keeps its limit; one without a limit does. */
export const isWithin = ({ value, limit }: Figure): boolean => limit === undefined || value <= limit;

const shown = (value: number, unit: Figure['unit']): string => {
  if (unit === '$') return `$${value.toFixed(2)}`;
  if (unit === 'x') return `${value.toFixed(2)}x`;
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(value < 10 ? 2 : 1)} ${unit}`;
};

/** Rows of texts as lines with aligned columns, two spaces between them. */
export const aligned = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
};

/** The closing table: bench, what, value, limit, ok or over. */
export const tableOf = (figures: readonly Figure[]): string[] =>
  aligned([
    ['bench', 'what', 'value', 'limit', ''],
    ...figures.map((figure) => [
      figure.bench,
      figure.what,
      shown(figure.value, figure.unit),
      figure.limit === undefined ? '' : shown(figure.limit, figure.unit),
      figure.limit === undefined ? '' : isWithin(figure) ? 'ok' : 'over',
    ]),
  ]);

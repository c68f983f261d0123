import { wrap } from './wrap.ts';

/** Room for a row's number at the beginning of each line. */
export const numberWidth = 4;
export const indent = ' '.repeat(numberWidth);

/** A column of a table: its text in lines of at most so many characters. */
export interface Column<Row> {
  head: string;
  width: number;
  right?: boolean;
  text: (row: Row, width: number) => string[];
}

/** Lays texts side by side, each in its column. */
export const beside = (columns: readonly Pick<Column<never>, 'width' | 'right'>[], texts: readonly string[][]): string[] =>
  Array.from({ length: Math.max(...texts.map(({ length }) => length)) }, (_, n) =>
    columns
      .map(({ width, right }, at) => (right ? (texts[at]?.[n] ?? '').padStart(width) : (texts[at]?.[n] ?? '').padEnd(width)))
      .join('')
      .trimEnd(),
  );

/** The lines of one row, without its number. Columns keep two characters between them. */
export const cells = <Row>(row: Row, columns: readonly Column<Row>[]): string[] => beside(columns, columns.map((column) => column.text(row, column.right ? column.width : column.width - 2)));

/** Names of credentials and leases are long and made of parts: where one does not fit, it breaks between them. */
export const inParts = (name: string, width: number): string[] =>
  name.split(/(?<=[:/])/).reduce<string[]>((lines, part) => {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length <= width) return [...lines.slice(0, -1), last + part];
    return [...lines, ...wrap(part, width)];
  }, []);

/** A number of seconds, or a dash. */
export const secondsText = (value: number | undefined): string[] => [value === undefined ? '–' : `${value.toFixed(1)} s`];

const letters = 'abcdefghijklmnopqrstuvwxyz';

/** Numbers by subject, since each has one story: what comes later about the second is 2b after 2. `after` have been numbered before. */
export const labelsOf = (subjects: readonly string[], after = 0): string[] => {
  const stories = new Map<string, { number: number; rows: number }>();
  return subjects.map((subject) => {
    const story = stories.get(subject) ?? { number: after + stories.size + 1, rows: 0 };
    stories.set(subject, story);
    story.rows += 1;
    return `${story.number}${story.rows === 1 ? '' : (letters[story.rows - 1] ?? '+')}`;
  });
};

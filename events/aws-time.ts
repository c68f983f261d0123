const OLDEST = Date.UTC(2000, 0, 1);
const NEWEST = Date.UTC(2200, 0, 1);

/** Larger numbers are milliseconds: as seconds they would lie after the year 5000. */
const MOST_SECONDS = 1e11;

const fromMilliseconds = (time: number): string => (time >= OLDEST && time < NEWEST ? new Date(time).toISOString() : '');

const fromNumber = (time: number): string => fromMilliseconds(time < MOST_SECONDS ? Math.round(time * 1000) : time);

const ZONE = /(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})$/i;

/** Text without a zone is UTC at AWS, but to Date.parse it would be the time of this machine. */
const withZone = (text: string): string => {
  if (ZONE.test(text) || /^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  return /^\d{4}-/.test(text) ? `${text}Z` : `${text} UTC`;
};

/**
 * A time of AWS in ISO 8601 with milliseconds: from a number or a numeric text of seconds or milliseconds since 1970,
 * from ISO 8601, or from text such as `Sep 1, 2017 4:12:29 PM`, which is UTC; '' where it is none of these.
 */
export const awsTime = (value: unknown): string => {
  if (typeof value === 'number') return fromNumber(value);
  if (typeof value !== 'string' || value.length > 64) return '';
  // Java writes a narrow no-break space before AM and PM.
  const text = value.replace(/\s+/g, ' ').trim();
  if (/^\d{1,16}(?:\.\d{1,9})?$/.test(text)) return fromNumber(Number(text));
  return /\d{4}/.test(text) ? fromMilliseconds(Date.parse(withZone(text))) : '';
};

const units: [seconds: number, name: string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
];

/** A length of time in its two largest units: `45s`, `12m`, `3h 5m`, `2d 4h`. */
export const lengthInWords = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  const at = units.findIndex(([size]) => whole >= size);
  const [size, name] = units[at] ?? [1, 's'];
  const next = units[at + 1];
  const rest = at >= 0 && next ? Math.floor((whole % size) / next[0]) : 0;
  return `${Math.floor(whole / size)}${name}${rest > 0 && next ? ` ${rest}${next[1]}` : ''}`;
};

/** Seconds from a time (ISO 8601) to now; undefined where it is no time. */
export const secondsSince = (time: string | undefined, now: number): number | undefined => {
  const at = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(at) ? undefined : (now - at) / 1000;
};

/** Seen from now: `3h ago`, `in 5m`; '' where it is no time. */
export const fromNow = (time: string | undefined, now: number): string => {
  const seconds = secondsSince(time, now);
  if (seconds === undefined) return '';
  return seconds >= 0 ? `${lengthInWords(seconds)} ago` : `in ${lengthInWords(-seconds)}`;
};

/** A time for a person: `2026-05-01 10:00:00 UTC`; the text as it is where it is no time. */
export const clockTime = (time: string): string => {
  const at = Date.parse(time);
  return Number.isNaN(at) ? time : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
};

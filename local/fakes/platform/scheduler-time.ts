const EXPRESSION = /^at\((\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\)$/;

/** How far the zone is ahead of UTC at that moment, in milliseconds. */
const offsetAt = (zone: string, at: number): number => {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day, part.hour, part.minute, part.second) - Math.floor(at / 1000) * 1000;
};

/** Whether it is a time zone that IANA lists, such as `Europe/Berlin` or `UTC`. */
export const isZone = (zone: string): boolean => {
  try {
    // bare offsets such as `+02:00` are zones to Intl and none to Scheduler
    return !/^[+-]/.test(zone) && new Intl.DateTimeFormat('en-US', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
};

/**
 * When `at(yyyy-mm-ddThh:mm:ss)` is on the wall clock of that zone, in milliseconds since 1970; undefined where it is no such
 * expression or no such day. A time that the clocks skip is that much later; one that they show twice is the first.
 */
export const atTime = (expression: string, zone: string): number | undefined => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (EXPRESSION.exec(expression) ?? []).slice(1).map(Number);
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second);
  const shown = `at(${new Date(asUtc).toISOString().slice(0, 19)})`;
  if (shown !== expression) return undefined;
  const before = asUtc - offsetAt(zone, asUtc - 86_400_000);
  const after = asUtc - offsetAt(zone, asUtc + 86_400_000);
  const fitting = [before, after].filter((at) => at + offsetAt(zone, at) === asUtc);
  return fitting.length > 0 ? Math.min(...fitting) : before;
};

/** What the server gives where nobody says otherwise, and the most it gives: 32 days. */
export const SYSTEM_TTL_SECONDS = 2_764_800;

const UNITS: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001 };

/** Seconds of a number, `"90"`, `"30m"` or `"1h30m"`; 0 for nothing, undefined for what is none. */
export const secondsOf = (value: unknown): number | undefined => {
  if (value === undefined || value === null || value === '') return 0;
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : undefined;
  if (typeof value !== 'string') return undefined;
  if (/^-?\d+$/.test(value)) return Number(value);
  if (!/^(\d+(\.\d+)?(ms|[dhms]))+$/.test(value)) return undefined;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
  return Math.trunc(parts.reduce((sum, [, count = '0', unit = 's']) => sum + Number(count) * (UNITS[unit] ?? 0), 0));
};

/** As Go prints a duration: `1h0m0s`. */
export const goDuration = (seconds: number): string => {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return hours > 0 ? `${hours}h${minutes}m${rest}s` : minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
};

/** Milliseconds as RFC 3339. */
export const timeOf = (at: number): string => new Date(at).toISOString();

/** Whole seconds from now until then. */
export const secondsUntil = (at: number, now: number): number => Math.round((at - now) / 1000);

/** How long something may live from now on, capped by the most it may live since it began; undefined where that has passed. */
export const cappedTtl = (wanted: { increment?: number; ttl?: number; period?: number; maxTtl?: number; explicitMaxTtl?: number }, startedAt: number, now: number): { ttl: number; warnings: string[] } | undefined => {
  const { increment = 0, period = 0, explicitMaxTtl = 0 } = wanted;
  const mostOf = Math.min(SYSTEM_TTL_SECONDS, wanted.maxTtl || Infinity);
  const most = explicitMaxTtl > 0 ? Math.min(explicitMaxTtl, mostOf) : mostOf;
  if (period > 0) {
    const ttl = Math.min(period, SYSTEM_TTL_SECONDS);
    if (explicitMaxTtl === 0) return { ttl, warnings: [] };
    const left = Math.floor((startedAt + explicitMaxTtl * 1000 - now) / 1000);
    return left <= 0 ? undefined : { ttl: Math.min(ttl, left), warnings: [] };
  }
  const ttl = increment > 0 ? increment : wanted.ttl || Math.min(SYSTEM_TTL_SECONDS, most);
  const left = Math.ceil((startedAt + most * 1000 - now) / 1000);
  if (left <= 0) return undefined;
  if (ttl <= left) return { ttl, warnings: [] };
  return { ttl: left, warnings: [`TTL of "${goDuration(ttl)}" exceeded the effective max_ttl of "${goDuration(left)}"; TTL value is capped accordingly`] };
};

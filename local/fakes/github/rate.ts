interface Window {
  from: number;
  used: number;
}

const HOUR = 3_600_000;

/** Counts requests per hour and caller, and gives the headers in which GitHub tells the count. */
export const rateCounter = (limits: { authenticated?: number; anonymous?: number } = {}) => {
  const windows = new Map<string, Window>();
  return {
    count: (caller: string, isAuthenticated: boolean, now: Date): { exceeded: boolean; headers: Record<string, string> } => {
      const limit = isAuthenticated ? (limits.authenticated ?? 5000) : (limits.anonymous ?? 60);
      const name = `${isAuthenticated ? 'user' : 'address'} ${caller}`;
      let window = windows.get(name);
      if (window === undefined || now.getTime() - window.from >= HOUR) windows.set(name, (window = { from: now.getTime(), used: 0 }));
      const exceeded = window.used >= limit;
      if (!exceeded) window.used += 1;
      const headers = {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(limit - window.used),
        'x-ratelimit-used': String(window.used),
        'x-ratelimit-reset': String(Math.ceil((window.from + HOUR) / 1000)),
        'x-ratelimit-resource': 'core',
      };
      return { exceeded, headers };
    },
  };
};

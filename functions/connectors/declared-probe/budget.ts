/** How often a probe may still be made: a rolling count an hour of this process, by the probe's name. */
export interface Budget {
  /** Takes one; false where the hour's are used up. */
  take(name: string, perHour: number, now: Date): boolean;
}

const hourMilliseconds = 3_600_000;

/** A budget with nothing used. */
export const budgetOf = (): Budget => {
  const taken = new Map<string, number[]>();
  return {
    take: (name, perHour, now) => {
      const since = now.getTime() - hourMilliseconds;
      const recent = (taken.get(name) ?? []).filter((at) => at > since);
      const isFree = recent.length < perHour;
      taken.set(name, isFree ? [...recent, now.getTime()] : recent);
      return isFree;
    },
  };
};

import type { ReleaseDeps } from './lease-deps.ts';

/** After so many unanswered attempts in a row an issuer counts as silent. */
const inARow = 2;
/** And is not asked again for so long, but for what ends at this moment. */
export const silentSeconds = 30;

/** How an issuer answers, as far as this process knows. */
interface Heard {
  unanswered: number;
  /** Milliseconds since 1970 from which on one retry may see whether it is back. */
  askAt: number;
  isAsked: boolean;
}

type Issuers = ReleaseDeps['issuers'];

/** Per composition: a process has one. */
const known = new WeakMap<Issuers, Map<string, Heard>>();

const heardOf = (issuers: Issuers, issuer: string): Heard => {
  const all = known.get(issuers) ?? new Map<string, Heard>();
  known.set(issuers, all);
  const found = all.get(issuer) ?? { unanswered: 0, askAt: 0, isAsked: false };
  all.set(issuer, found);
  return found;
};

/** Remembers whether an issuer answered an attempt. */
export const heard = (issuers: Issuers, issuer: string, isAnswered: boolean, now: Date): void => {
  const found = heardOf(issuers, issuer);
  found.unanswered = isAnswered ? 0 : found.unanswered + 1;
  found.askAt = now.getTime() + silentSeconds * 1000;
};

/**
 * Runs a retry, unless its issuer is silent: hundreds that hang would take the places of ends that need not. Of a silent one's
 * retries one at a time goes through, to see whether it is back. False where it was not run.
 */
export const unlessSilent = async (issuers: Issuers, issuer: string, now: Date, retry: () => Promise<void>): Promise<boolean> => {
  const found = heardOf(issuers, issuer);
  if (found.unanswered < inARow) {
    await retry();
    return true;
  }
  if (found.isAsked || now.getTime() < found.askAt) return false;
  found.isAsked = true;
  try {
    await retry();
  } finally {
    found.isAsked = false;
  }
  return true;
};

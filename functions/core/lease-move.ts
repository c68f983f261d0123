import type { Acted, ConnectorFacts } from './connector.ts';
import type { Lease } from './lease.ts';
import { verdictOf, type TimedProbe, type Verdict } from './verdict.ts';

/** What one try at ending a lease came to. */
export interface Tried {
  acted?: Acted;
  /** Milliseconds since 1970. */
  actedAt?: number;
  probes: TimedProbe[];
  /** The name of what was thrown. */
  error?: string;
}

/** Whether a credential that was acted upon is to be looked at only, or to be acted upon (again). */
export const mustAct = (lease: Lease, settle: ConnectorFacts['settleSeconds']): boolean => lease.act === undefined || verdictOf(lease.probes, lease.act.at, settle).verdict !== 'not-yet';

/** What is known after a try, from everything since the act. Undefined: nothing was done that could have killed it. */
export const deathAfter = (lease: Lease, tried: Tried, settle: ConnectorFacts['settleSeconds']): Verdict | undefined => {
  if (tried.acted) {
    const { result } = tried.acted;
    return (result === 'done' || result === 'already') && tried.actedAt !== undefined ? verdictOf(tried.probes, tried.actedAt, settle) : undefined;
  }
  return lease.act ? verdictOf([...lease.probes, ...tried.probes], lease.act.at, settle) : undefined;
};

/**
 * Seconds until the next try, by how often it was tried: quick at first, then so that an issuer that is down is left in peace,
 * then so that nothing grows without end. What could not be asked is asked again within ten minutes: it may be back.
 */
const backoff = [5, 15, 30, 60];
const later: { tries: number; seconds: number }[] = [
  { tries: 40, seconds: 120 },
  { tries: 100, seconds: 300 },
];
const atLast = 3_600;
const atLastUnanswered = 600;

const pauseOf = (tries: number, isAnswered: boolean): number => backoff[tries] ?? later.find((step) => tries < step.tries)?.seconds ?? (isAnswered ? atLast : atLastUnanswered);

/** When the next try is due (milliseconds since 1970): the next probe's time where one is awaited, else later with each try. */
export const dueAfter = (lease: Lease, tried: Tried, verdict: Verdict | undefined, now: Date): number => {
  if (verdict?.verdict === 'not-yet' && tried.error === undefined) return verdict.probeAt;
  const asked = tried.acted?.result === 'pending' ? tried.acted.seconds : undefined;
  return now.getTime() + (asked ?? pauseOf(lease.tries, tried.error === undefined)) * 1000;
};

/** A message may be somewhat early by the clock of whoever takes it. */
const earlyMilliseconds = 2_000;

/** Whether a pending lease's next try is not due yet: another one was made since this one was asked for. */
export const isTriedSince = ({ lines }: Pick<Lease, 'lines'>, now: Date): boolean => {
  const last = lines.findLast((line) => line.kind === 'tried');
  return last?.nextAt !== undefined && now.getTime() < Date.parse(last.nextAt) - earlyMilliseconds;
};

/** A timer is early anyway, and clocks differ. */
const clocksDiffer = 5_000;

/** Milliseconds until a lease's time is over: 0 where it is; undefined where it is not, since it was renewed. */
export const untilOver = (timerAt: string, now: Date): number | undefined => {
  const left = Date.parse(timerAt) - now.getTime();
  return left > clocksDiffer ? undefined : Math.max(0, left);
};

const patienceSeconds = 600;
const fewTries = 3;

/** Why a lease that is not released becomes a case; undefined where another try may still do. */
export const caseReason = (lease: Lease, tried: Tried, verdict: Verdict | undefined, now: Date): string | undefined => {
  if (lease.case !== undefined) return undefined;
  if (tried.acted?.result === 'refused') return tried.acted.reason;
  if (tried.acted?.result === 'ask') return tried.acted.question;
  if ((verdict?.verdict === 'alive' || verdict?.verdict === 'unknown') && tried.error === undefined && lease.tries + 1 >= fewTries) return `it was revoked and death was not seen: ${verdict.note}`;
  const since = lease.pendingSince ? (now.getTime() - new Date(lease.pendingSince).getTime()) / 1000 : 0;
  return since >= patienceSeconds ? `its revocation has been pending for ${Math.round(since / 60)} minutes (${tried.error ?? 'death was not seen'})` : undefined;
};

/** In words, how far a try came. */
export const noteOf = (tried: Tried, verdict: Verdict | undefined): string => {
  if (tried.error !== undefined) return `its issuer could not be asked (${tried.error})`;
  if (tried.acted?.result === 'refused') return `${tried.acted.reason}. Meanwhile: ${tried.acted.meanwhile}`;
  if (tried.acted?.result === 'ask') return tried.acted.question;
  if (verdict === undefined) return 'it was not revoked yet';
  return verdict.verdict === 'not-yet' ? 'death is looked for again when it has settled' : verdict.verdict === 'dead' ? verdict.note : `${verdict.verdict}: ${verdict.note}`;
};

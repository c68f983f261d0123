import type { RunName } from '../../events/trigger.ts';
import type { Acted } from './connector.ts';
import type { TimedProbe } from './verdict.ts';

/**
 * Where a lease stands. `active`: lent. `pending-revocation`: over, and death was not seen yet. `released`: seen dead.
 * `handed-on`: over, and the credential lives with another lease. `shared`: a job role that others may have, never cut.
 * `observed`: over in mode observe, nothing was touched. `refused`: never lent.
 */
export type LeaseStatus = 'active' | 'pending-revocation' | 'released' | 'handed-on' | 'shared' | 'observed' | 'refused';

/** Who asked, as far as it was proven: what the ledger keeps of each use of the API. */
export interface Caller {
  /** An OIDC issuer, `aws-iam`, or `aws-events` where a platform's own event registered it. */
  issuer: string;
  subject: string;
  /** The name of the configured subject whose rights it used. */
  as?: string;
  repository?: string;
  workflow?: string;
  actor?: string;
  /** From which network address. */
  address?: string;
  /** Milliseconds since 1970 at which the token was issued, by its issuer's clock. */
  issuedAt?: number;
}

/** What was lent, to whom and until when. */
export interface Terms {
  run: RunName;
  /** `<connector>:<id>`. */
  credential: string;
  owner: string;
  reason: string;
  /** As its issuer named them when it was lent: to whom it belongs, and in which account. */
  principal?: string;
  account?: string;
  /** ISO 8601: when it ends by itself. */
  expiresAt: string;
  /** ISO 8601: the latest to which it can be renewed. */
  maximumAt: string;
  /** Set where an opt-in rule took the role from the platform's own event. */
  jobRole?: boolean;
  /** Set where the run's start was not heard of: nobody knows which other runs have the role. */
  unseen?: boolean;
}

/** Why a lease ends. */
export interface Ending {
  kind: 'run-ended' | 'expired' | 'by-holder' | 'by-operator' | 'run-was-over';
  /** ISO 8601: when the run ended (or it expired, or somebody asked). */
  at: string;
  /** ISO 8601: another run that had the same role ended later, and its sessions could not be cut then. They are with this one's. */
  cutAt?: string;
  /** The platform's word for how the run ended. */
  state?: string;
  source?: string;
  by?: Caller;
  reason?: string;
}

export type LeaseEntry =
  /** `timerAt` (ISO 8601): when its timer goes off, somewhat before it expires; absent where it has none. */
  | { kind: 'registered'; terms: Terms; timerAt?: string; by: Caller }
  | { kind: 'renewed'; expiresAt: string; timerAt: string; by: Caller }
  | { kind: 'refused'; reason: string }
  /** A fact that a connector wants to find again when it repeats its act. */
  | { kind: 'noted'; fact: Record<string, unknown> }
  /** It was tried and death was not seen. `actedAt` in milliseconds since 1970; `error` says what was thrown; `nextAt` (ISO 8601) is when it is tried again, `dueAt` when the sweep does so where nothing else did. */
  | { kind: 'tried'; why: Ending; acted?: Acted; actedAt?: number; probes: TimedProbe[]; error?: string; note: string; nextAt?: string; dueAt: string }
  | { kind: 'released'; why: Ending; acted?: Acted; probes: TimedProbe[]; basis: 'value' | 'record'; note: string }
  | { kind: 'handed-on'; why: Ending; to: string[] }
  | { kind: 'shared'; why: Ending; with: string[]; note: string }
  | { kind: 'observed'; why: Ending }
  /** What could not be finished on the fast path is a case as well: `case` is the path that lists it, since it may have joined one that was open. */
  | { kind: 'case'; case: string; reason: string };

/** An entry with its place in the lease's chain. `hash` covers everything before it in this line and the `hash` of the line before. */
export type LeaseLine = LeaseEntry & { n: number; at: string; previous: string; hash: string };

/** A lease as its lines tell it. */
export interface Lease {
  id: string;
  lines: LeaseLine[];
  status: LeaseStatus;
  terms: Terms;
  /** Who registered it. */
  by: Caller;
  registeredAt: string;
  expiresAt: string;
  /** ISO 8601: when its timer goes off. Absent: never. */
  timerAt?: string;
  renewals: number;
  ending?: Ending;
  /** ISO 8601: since when it is over. */
  endedAt?: string;
  /** ISO 8601: since when its revocation is pending. */
  pendingSince?: string;
  /** ISO 8601: when it is tried again. */
  dueAt?: string;
  tries: number;
  /** The act after which death is looked for, and the probes since. */
  act?: { at: number; acted: Acted };
  probes: TimedProbe[];
  /** How it is known to be dead, or why it is not. */
  note?: string;
  basis?: 'value' | 'record';
  /** What was opened with it and is not known to be dead, with how. */
  loose?: string[];
  /** With whom the credential lives on. */
  with?: string[];
  /** The path of the API that lists its case. */
  case?: string;
}

/** Whether nothing is left to do for it. */
export const isOver = ({ status }: Pick<Lease, 'status'>): boolean => status !== 'active' && status !== 'pending-revocation';

const hasActed = (acted: Acted | undefined): acted is Acted => acted?.result === 'done' || acted?.result === 'already';

/** Folds a lease's lines into what it is now; undefined where the first line is missing. Pure. */
export const leaseOf = (id: string, lines: readonly LeaseLine[]): Lease | undefined => {
  const [first] = lines;
  if (first?.kind !== 'registered') return undefined;
  const lease: Lease = {
    id,
    lines: [...lines],
    status: 'active',
    terms: first.terms,
    by: first.by,
    registeredAt: first.at,
    expiresAt: first.terms.expiresAt,
    timerAt: first.timerAt,
    renewals: 0,
    tries: 0,
    probes: [],
  };
  for (const line of lines.slice(1)) tell(lease, line);
  return lease;
};

const over = (lease: Lease, line: LeaseLine, status: LeaseStatus, why?: Ending): void => {
  lease.status = status;
  lease.ending = why ?? lease.ending;
  lease.endedAt ??= line.at;
  lease.dueAt = undefined;
};

const tell = (lease: Lease, line: LeaseLine): void => {
  switch (line.kind) {
    case 'registered':
    case 'noted':
      return;
    case 'renewed':
      lease.expiresAt = line.expiresAt;
      lease.timerAt = line.timerAt;
      lease.renewals += 1;
      return;
    case 'refused':
      lease.note = line.reason;
      return over(lease, line, 'refused');
    case 'tried':
      over(lease, line, 'pending-revocation', lease.ending ?? line.why);
      lease.pendingSince ??= line.at;
      lease.dueAt = line.dueAt;
      lease.tries += 1;
      lease.note = line.note;
      if (line.acted) lease.act = hasActed(line.acted) ? { at: line.actedAt ?? new Date(line.at).getTime(), acted: line.acted } : undefined;
      lease.probes = line.acted ? line.probes : [...lease.probes, ...line.probes];
      return;
    case 'released':
      lease.note = line.note;
      lease.basis = line.basis;
      if (looseOf(line).length > 0) lease.loose = looseOf(line);
      return over(lease, line, 'released', lease.ending ?? line.why);
    case 'handed-on':
      lease.with = line.to;
      return over(lease, line, 'handed-on', line.why);
    case 'shared':
      lease.with = line.with;
      lease.note = line.note;
      return over(lease, line, 'shared', line.why);
    case 'observed':
      return over(lease, line, 'observed', line.why);
    case 'case':
      lease.case = line.case;
      return;
  }
};

/** What an act told of and could not account for. */
export const looseOf = ({ acted }: { acted?: Acted }): string[] => (acted && 'children' in acted ? (acted.children ?? []) : []).filter(({ accounted }) => !accounted).map(({ id, how }) => `${id} (${how})`);

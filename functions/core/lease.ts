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
const looseOf = ({ acted }: { acted?: Acted }): string[] => (acted && 'children' in acted ? (acted.children ?? []) : []).filter(({ accounted }) => !accounted).map(({ id, how }) => `${id} (${how})`);

/** A lease as the API shows it. */
export const leaseViewOf = (lease: Lease, now: Date) => ({
  id: lease.id,
  status: lease.status,
  credential: lease.terms.credential,
  run: lease.terms.run,
  owner: lease.terms.owner,
  reason: lease.terms.reason,
  by: lease.by,
  registeredAt: lease.registeredAt,
  expiresAt: lease.expiresAt,
  maximumAt: lease.terms.maximumAt,
  jobRole: lease.terms.jobRole,
  ending: lease.ending,
  endedAt: lease.endedAt,
  basis: lease.basis,
  note: lease.note,
  loose: lease.loose,
  with: lease.with,
  case: lease.case,
  tries: lease.tries,
  dueAt: lease.dueAt,
  ...(lease.status === 'pending-revocation' && lease.pendingSince ? { pendingSeconds: Math.max(0, Math.round((now.getTime() - new Date(lease.pendingSince).getTime()) / 1000)) } : {}),
  timeline: lease.lines.map((line) => ({ n: line.n, at: line.at, what: line.kind, text: sentenceOf(line), hash: line.hash })),
});

export type LeaseView = ReturnType<typeof leaseViewOf>;

/** A run in words. */
export const runInWords = ({ platform, run, attempt, job }: RunName): string => `${platform} ${run}${attempt === '1' ? '' : ` attempt ${attempt}`}${job === undefined ? '' : ` job ${job}`}`;

/** Why a lease ends, in words. */
export const endingInWords = ({ kind, state, source, by, reason }: Ending): string => {
  switch (kind) {
    case 'run-ended':
      return `${source ?? 'its platform'} says that the run ended (${state ?? 'no state'})`;
    case 'expired':
      return 'its time was over and no end had come';
    case 'by-holder':
      return `${by?.subject ?? 'its holder'} gave it back`;
    case 'by-operator':
      return `${by?.subject ?? 'an operator'} ended it: ${reason ?? 'no reason'}`;
    case 'run-was-over':
      return 'the run was over when it was registered';
  }
};

const actedInWords = (acted: Acted): string => ('note' in acted ? acted.note : acted.result === 'refused' ? acted.reason : acted.question);

const triedInWords = ({ acted, note, dueAt, nextAt = dueAt }: Extract<LeaseEntry, { kind: 'tried' }>): string =>
  `${acted ? `${actedInWords(acted)}; ` : ''}${note}; tried again at ${nextAt}`;

/** One sentence about a line, for a person. Holds no value, since no line does. */
export const sentenceOf = (line: LeaseEntry): string => {
  switch (line.kind) {
    case 'registered':
      return `${line.terms.credential} lent to ${runInWords(line.terms.run)} until ${line.terms.expiresAt} by ${line.by.subject}: ${line.terms.reason}`;
    case 'renewed':
      return `until ${line.expiresAt} by ${line.by.subject}`;
    case 'refused':
      return line.reason;
    case 'noted':
      return `noted ${Object.keys(line.fact).join(', ')}`;
    case 'tried':
      return `${endingInWords(line.why)}; ${triedInWords(line)}`;
    case 'released':
      return `${endingInWords(line.why)}; ${line.acted ? `${actedInWords(line.acted)}; ` : ''}dead: ${line.note}${looseOf(line).map((one) => `; not accounted for: ${one}`).join('')}`;
    case 'handed-on':
      return `${endingInWords(line.why)}; the credential lives on with ${line.to.join(', ')}`;
    case 'shared':
      return `${endingInWords(line.why)}; ${line.note}${line.with.length > 0 ? `: ${line.with.join(', ')}` : ''}`;
    case 'observed':
      return `${endingInWords(line.why)}; mode observe: nothing was touched`;
    case 'case':
      return `${line.case}: ${line.reason}`;
  }
};

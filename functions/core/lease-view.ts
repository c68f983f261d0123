import type { RunName } from '../../events/trigger.ts';
import type { Acted } from './connector.ts';
import { looseOf, type Ending, type Lease, type LeaseEntry } from './lease.ts';

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

const triedInWords = ({ acted, note, dueAt, nextAt = dueAt }: Extract<LeaseEntry, { kind: 'tried' }>): string => {
  const act = acted && actedInWords(acted);
  // what was refused or asked is in the note already
  return `${act === undefined || note.startsWith(act) ? '' : `${act}; `}${note}; tried again at ${nextAt}`;
};

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

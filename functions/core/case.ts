import type { Claim, CredentialName } from '../../events/trigger.ts';
import type { Acted, Child, Probed } from './connector.ts';
import type { Plan } from './plan.ts';

/** Where a case stands. `contained` is the only green one. */
export type Status = 'open' | 'waiting' | 'contained' | 'not-contained' | 'unmatched' | 'observed' | 'closed';

/** What became of one credential. Only the first two are green, and only if no child is unaccounted for. */
export type OutcomeKind = 'confirmed' | 'attested' | 'unconfirmed' | 'irrevocable';

export interface Outcome {
  credential: string;
  outcome: OutcomeKind;
  /** How it is known, for a person. */
  how: string;
  green: boolean;
  children: Child[];
}

/** One report about a credential, as the ledger keeps it: no value in it. */
export interface Report {
  source: string;
  delivery: string;
  /** ISO 8601: when we accepted it. */
  receivedAt: string;
  finding: string;
  opening: string;
  at: string;
  where: string;
  kind: string;
  claim: Claim;
  caution?: 'canary' | 'test' | 'sample';
  names: CredentialName[];
  account?: string;
  fingerprints: string[];
  /** Under which case its value is held, if it is. */
  held?: string;
  /** What it is about, where that is no leak: a lease that could not be ended on the fast path. */
  trigger?: 'JobEnded' | 'LeaseExpired';
}

/** How a report came to name a credential. */
export type Proof = 'value' | 'issuer' | 'lease' | 'name';

/** What a person is asked, or must do. */
export interface Task {
  id: string;
  case: string;
  kind: 'approve' | 'act';
  question: string;
  owner: string;
  contact: string;
  /** ISO 8601. */
  deadline: string;
  /** Names what was agreed to: an approval of another plan does not count. */
  about: string;
}

export type ActVerb = 'contain' | 'rotate' | 'revoke';

/** One line of a case's story. Append-only. */
export type Entry =
  | { kind: 'opened'; report: Report; credential?: string; proof?: Proof; owner?: string; fingerprint?: string; again?: string }
  | { kind: 'joined'; report: Report; proof?: Proof; fingerprint?: string }
  | { kind: 'matched'; credential: string; proof: Proof; owner?: string; fingerprint?: string; copies: number; report?: Report; again?: string }
  | { kind: 'unmatched'; note: string }
  | { kind: 'lookup-failed'; note: string }
  | { kind: 'started'; attempt: number; why: string }
  | { kind: 'planned'; attempt: number; plan: Plan }
  | { kind: 'asked'; attempt: number; task: Task }
  | { kind: 'answered'; task: string; answer: string; by: string; reason: string }
  | { kind: 'intent'; attempt: number; verb: ActVerb; round: number }
  | { kind: 'noted'; attempt: number; verb: ActVerb; round: number; fact: Record<string, unknown> }
  | { kind: 'acted'; attempt: number; verb: ActVerb; round: number; acted: Acted }
  | { kind: 'probed'; attempt: number; probed: Probed }
  | { kind: 'throttled'; service: string; operation: string; error: string }
  | { kind: 'failed'; attempt: number; step: string; error: string }
  | { kind: 'outcome'; attempt: number; outcome: Outcome }
  | { kind: 'concluded'; attempt: number; status: Status; note: string }
  | { kind: 'reported'; attempt: number; to: string }
  | { kind: 'closed'; by: string; reason: string };

/** An entry with its place in the chain. `hash` covers everything before it in this line and the `hash` of the line before. */
export type Line = Entry & { n: number; at: string; previous: string; hash: string };

/** A case as its lines tell it. */
export interface Case {
  id: string;
  lines: Line[];
  status: Status;
  openedAt: string;
  endedAt?: string;
  reports: Report[];
  credential?: string;
  owner?: string;
  /** The fingerprint by which it was matched. */
  fingerprint?: string;
  /** The earlier case of the same credential, where this report came after that one ended. */
  again?: string;
  /** The strongest proof that any report brought. */
  proof?: Proof;
  /** The line of the report that proved more than those before it: what was tried before it says nothing about its value. 0: the first report. */
  proven: number;
  attempt: number;
  /** Acts and probes before this line belong to an attempt that was concluded: the next one looks and acts afresh. */
  since: number;
  plan?: Plan;
  tasks: (Task & { answer?: string; answeredBy?: string; reason?: string })[];
  outcome?: Outcome;
  /** The status that a person or Rescind itself gave it for good. */
  closed?: { by: string; reason: string; at: string };
}

const strength: Record<Proof, number> = { name: 0, issuer: 1, lease: 2, value: 3 };

export const stronger = (a: Proof | undefined, b: Proof | undefined): Proof | undefined =>
  a === undefined ? b : b === undefined ? a : strength[a] >= strength[b] ? a : b;

/** Folds the lines of one case into what it is now. Pure; the same lines give the same case. */
export const caseOf = (id: string, lines: readonly Line[]): Case => {
  const found: Case = { id, lines: [...lines], status: 'open', openedAt: lines[0]?.at ?? '', reports: [], proven: 0, attempt: 0, since: 0, tasks: [] };
  for (const line of lines) tell(found, line);
  return found;
};

const tell = (found: Case, line: Line): void => {
  switch (line.kind) {
    case 'opened':
      found.reports.push(line.report);
      found.credential = line.credential;
      found.owner = line.owner;
      found.proof = line.proof;
      found.fingerprint = line.fingerprint;
      found.again = line.again;
      return;
    case 'joined':
      found.reports.push(line.report);
      if (stronger(found.proof, line.proof) !== found.proof) {
        found.proven = line.n;
        found.fingerprint = line.fingerprint ?? found.fingerprint;
      }
      found.proof = stronger(found.proof, line.proof);
      return;
    case 'matched':
      found.credential = line.credential;
      found.owner = line.owner;
      // a report that joined before may have proven more
      if (stronger(found.proof, line.proof) !== found.proof || found.fingerprint === undefined) found.fingerprint = line.fingerprint;
      found.proof = stronger(found.proof, line.proof);
      found.again = line.again ?? found.again;
      if (line.report) found.reports[0] = line.report;
      // the index met later what matched nothing at first
      if (found.status === 'unmatched') found.status = 'open';
      return;
    case 'unmatched':
      found.status = 'unmatched';
      return;
    case 'started':
      found.attempt = Math.max(found.attempt, line.attempt);
      if (found.endedAt !== undefined) {
        found.since = line.n;
        found.plan = undefined;
        found.outcome = undefined;
      }
      found.status = 'open';
      found.endedAt = undefined;
      return;
    case 'planned':
      found.plan = line.plan;
      found.outcome = undefined;
      // a question that was put in an earlier attempt still stands: nobody is asked the same thing twice
      if (line.plan.decision === 'ask' && openQuestion(found)) found.status = 'waiting';
      return;
    case 'asked': {
      if (!found.tasks.some(({ id }) => id === line.task.id)) found.tasks.push({ ...line.task });
      // whoever reads the list of tasks may answer before this line is written
      const early = found.lines.find((other): other is Extract<Line, { kind: 'answered' }> => other.kind === 'answered' && other.task === line.task.id && other.n < line.n);
      if (early) answer(found, early);
      if (line.task.kind === 'approve' && !early) found.status = 'waiting';
      return;
    }
    case 'answered':
      answer(found, line);
      if (found.status === 'waiting' && !openQuestion(found)) found.status = 'open';
      if (isLate(found, line)) {
        found.status = 'open';
        found.endedAt = undefined;
      }
      return;
    case 'outcome':
      found.outcome = line.outcome;
      return;
    case 'concluded':
      found.status = line.status;
      found.endedAt = line.at;
      // a red case stays until a person closes it; the others are closed by this very line, so that no crash can leave them half closed
      if (line.status !== 'not-contained') found.closed = { by: 'rescind', reason: line.status, at: line.at };
      return;
    case 'closed':
      found.closed ??= { by: line.by, reason: line.reason, at: line.at };
      found.endedAt ??= line.at;
      if (found.status !== 'contained' && found.status !== 'observed') found.status = 'closed';
      return;
    default:
  }
};

const answer = (found: Case, { task: id, answer, by, reason }: Extract<Line, { kind: 'answered' }>): void => {
  const task = found.tasks.find((candidate) => candidate.id === id);
  if (task) Object.assign(task, { answer, answeredBy: by, reason });
};

/** Whether the question for which the case ended red was answered after all: it is worked on again. */
const isLate = (found: Case, { task: id, answer }: Extract<Line, { kind: 'answered' }>): boolean =>
  found.status === 'not-contained' && !found.closed && found.plan?.decision === 'ask' && (answer === 'approve' || answer === 'reject') && found.tasks.some((task) => task.id === id && task.about === found.plan?.about);

/** The questions that nobody has answered yet. */
export const openApprovals = (found: Case): Case['tasks'] => found.tasks.filter(({ kind, answer }) => kind === 'approve' && answer === undefined);

/** The question about the plan in force, where nobody has answered it yet; one about an earlier plan holds nothing up. */
export const openQuestion = (found: Case): Case['tasks'][number] | undefined => openApprovals(found).find(({ about }) => about === found.plan?.about);

/** Whether a playbook should be at work on it. */
export const isBeingWorkedOn = ({ status, closed }: Case): boolean => closed === undefined && (status === 'open' || status === 'waiting');

/** Whether no playbook will touch it again by itself. */
export const isEnded = ({ endedAt, closed, status }: Case): boolean => closed !== undefined || endedAt !== undefined || status === 'unmatched';

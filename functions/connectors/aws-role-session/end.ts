import { createHash } from 'node:crypto';
import type { Acted, Context, Credential } from '../../core/connector.ts';
import { isRefusal, refusalOf } from '../provider-error.ts';
import { ending, type Wrote } from './change.ts';
import { deniedUntil, isMarked, says, type Ended, type Want } from './ended.ts';
import { longestSessionSeconds } from './facts.ts';
import type { Role } from './iam.ts';
import { keptByAws, namedIn, secondsOf, type Named } from './name.ts';
import type { KeptByUs } from './own.ts';
import { momentOf } from './policy-text.ts';
import { foreign, type Standing } from './standing.ts';
import type { Writer } from './writer.ts';

/** What was there before we came, and what we made of it. Everything that `restore` needs. */
export interface Evidence extends Record<string, unknown> {
  role: string;
  roleId: string;
  /** ISO 8601: sessions issued before then are denied by this act. */
  denied: string;
  /** Until when they were denied before; null where they were not. */
  previous: string | null;
  /** The marks of all sessions' statement before. */
  marks: string[];
  mark?: string;
}

/** Whether a fact is such evidence. */
export const isEvidence = (fact: Record<string, unknown>): fact is Evidence =>
  typeof fact.role === 'string' && typeof fact.roleId === 'string' && typeof fact.denied === 'string' && 'previous' in fact && Array.isArray(fact.marks);

/** The mark of a case on a name that gives no time. */
export const markOf = ({ before }: Named, { name }: Credential, of: string): string | undefined =>
  before === undefined ? createHash('sha256').update(JSON.stringify([of, name])).digest('hex').slice(0, 8) : undefined;

/** `AROA...:session`, as aws:userid has it; undefined for all sessions. */
export const userIdOf = ({ session }: Named, role: Role): string | undefined => (session === undefined ? undefined : `${role.id}:${session}`);

/** How far ahead of now a name's time may be: more would end what does not exist yet. */
const aheadSeconds = 15 * 60;
const nothingOfOurs = 'nothing of ours: its sessions live until they expire, 12 hours at most';

/** Reads a role's standing: many who ask for one role at the same time are one read. */
export type Look = (named: Named, signal: AbortSignal) => Promise<Standing>;

/** Denies the sessions that the credential names, in our one policy of their role. Never those of Rescind's own roles. */
export const endSessions = async (look: Look, keptByUs: KeptByUs, writer: Writer, credential: Credential, context: Context): Promise<Acted> => {
  const { signal, intent } = context;
  signal.throwIfAborted();
  const named = namedIn(credential.name);
  if (!named) return { result: 'refused', reason: 'its name is neither the ARN of a role nor that of a session of one', meanwhile: nothingOfOurs };
  const kept = keptByAws(named);
  if (kept !== undefined) return { result: 'refused', reason: kept, meanwhile: nothingOfOurs };
  const now = secondsOf(context.now());
  if (named.before !== undefined && named.before > now + aheadSeconds) return { result: 'refused', reason: `it names a time to come (${momentOf(named.before)}): sessions that do not exist yet are not ended`, meanwhile: nothingOfOurs };
  if (named.before !== undefined && named.before + longestSessionSeconds <= now) return { result: 'already', note: `every session issued before ${momentOf(named.before)} has expired: none lives longer than 12 hours` };
  let standing: Standing;
  try {
    standing = await look(named, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isRefusal(error)) return { result: 'refused', reason: refusalOf(error, 'read this role'), meanwhile: nothingOfOurs };
    throw error;
  }
  if (standing.told === 'gone') return { result: 'already', note: gone };
  if (standing.told === 'not-ours') return { result: 'refused', reason: standing.reason, meanwhile: nothingOfOurs };
  const { role, policy } = standing;
  const ours = await keptByUs(role.name, signal);
  if (ours !== undefined) return { result: 'refused', reason: ours, meanwhile: nothingOfOurs };
  if (!policy.ended) return { result: 'refused', reason: foreign, meanwhile: nothingOfOurs };

  const known = intent.noted.findLast(isEvidence);
  // sessions of a role that was deleted since are dead, and the one that has its name now is another
  const isSame = known === undefined || known.roleId === role.id;
  const mark = markOf(named, credential, context.case);
  const want: Want = { before: beforeOf(named, isSame ? known : undefined, policy.ended, role, mark, now), userId: userIdOf(named, role), mark };
  if (!isSame || secondsOf(role.created) > want.before) return { result: 'already', note: `the role was made anew at ${momentOf(secondsOf(role.created))} (${role.id}): sessions from before belonged to one that was deleted` };
  const evidence = known ?? evidenceOf(policy.ended, role, want);
  if (says(policy.ended, want)) return { result: 'already', note: `${noteOf(named, want)}, as it was already`, evidence };
  if (!known) await intent.note(evidence);
  return actedOf(await writer(role, ending(want), context), named, want, evidence);
};

const gone = 'the role is gone, and with it all its sessions';

/** The moment an act is for: as named, as noted before the first try, as this case wrote it, or now. */
const beforeOf = (named: Named, known: Evidence | undefined, ended: Ended, role: Role, mark: string | undefined, now: number): number => {
  if (named.before !== undefined) return named.before;
  if (known) return secondsOf(new Date(known.denied));
  const written = mark !== undefined && isMarked(ended, mark) ? deniedUntil(ended, userIdOf(named, role)) : undefined;
  return written ?? now;
};

const evidenceOf = (ended: Ended, role: Role, { before, userId, mark }: Want): Evidence => {
  const previous = userId === undefined ? ended.all?.before : ended.sessions.find(({ id }) => id === userId)?.before;
  return {
    role: role.name, roleId: role.id, denied: momentOf(before), previous: previous === undefined ? null : momentOf(previous),
    marks: ended.all?.marks ?? [], ...(mark === undefined ? {} : { mark }),
  };
};

const noteOf = ({ role, session }: Named, { before }: Want): string =>
  session === undefined
    ? `reaches all sessions of the role ${role} issued before ${momentOf(before)}: they are denied everything; sessions of other roles that were obtained from them live on`
    : `the sessions named ${session} of ${role} that were issued before ${momentOf(before)} are denied everything; sessions of other roles that were obtained from them live on`;

const actedOf = (wrote: Wrote, named: Named, want: Want, evidence: Evidence): Acted => {
  switch (wrote.wrote) {
    case 'refused':
      return { result: 'refused', reason: wrote.reason, meanwhile: nothingOfOurs };
    case 'gone':
      return { result: 'already', note: gone };
    case 'already':
      return { result: 'already', note: `${noteOf(named, want)}, as it was already`, evidence };
    case 'unseen':
      return { result: 'done', note: `${noteOf(named, want)}; IAM's record does not show it yet`, evidence };
    case 'written':
      return { result: 'done', note: noteOf(named, want), evidence };
  }
};

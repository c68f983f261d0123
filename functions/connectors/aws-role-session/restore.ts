import type { Acted, Context, Credential } from '../../core/connector.ts';
import { isRefusal, refusalOf } from '../provider-error.ts';
import type { Change } from './change.ts';
import { withoutSession, type Ended } from './ended.ts';
import { isEvidence, userIdOf, type Evidence, type Look } from './end.ts';
import { namedIn, secondsOf } from './name.ts';
import { momentOf } from './policy-text.ts';
import { foreign } from './standing.ts';
import type { Writer } from './writer.ts';

const refused = (reason: string): Acted => ({ result: 'refused', reason, meanwhile: 'nothing of ours' });
const timeOf = (moment: string | null): number | undefined => (moment === null ? undefined : secondsOf(new Date(moment)));

const present = ({ all, sessions }: Ended, userId: string | undefined): number | undefined =>
  userId === undefined ? all?.before : sessions.find(({ id }) => id === userId)?.before;

/** The policy as it was before the act of that evidence; nothing else in it is touched, and nothing at all where its deny was moved since. */
const undoing = (userId: string | undefined, { previous, denied, marks, mark }: Evidence): Change => {
  const before = timeOf(previous);
  const mine = timeOf(denied) ?? 0;
  // another end moved it forward since, or was merged with it: taking that back would let somebody else in again
  const refusal = (ended: Ended): string | undefined => {
    const now = present(ended, userId);
    return now !== undefined && now > mine ? `the deny was moved to ${momentOf(now)} since, and stays` : undefined;
  };
  return {
    undoes: { userId, before: mine },
    refusal,
    isMade: (ended) => present(ended, userId) === before,
    make: (ended) => {
      if (refusal(ended) !== undefined) return ended;
      if (userId === undefined) return { ...ended, all: before === undefined ? undefined : { before, marks } };
      const without = withoutSession(ended, userId, mark);
      return before === undefined ? without : { ...without, sessions: [...without.sessions, { id: userId, before }] };
    },
  };
};

/** Lets the sessions live again that `contain` denied, if nobody else has denied them since. */
export const restoreSessions = async (look: Look, writer: Writer, credential: Credential, given: Record<string, unknown>, context: Context): Promise<Acted> => {
  const { signal } = context;
  signal.throwIfAborted();
  const named = namedIn(credential.name);
  if (!named || !isEvidence(given)) return refused('the evidence does not say what was there before');
  try {
    const standing = await look(named, signal);
    if (standing.told === 'gone' || (standing.told === 'there' && standing.role.id !== given.roleId)) return refused('the role was deleted: its sessions cannot live again');
    if (standing.told === 'not-ours') return refused(standing.reason);
    const { role, policy } = standing;
    if (!policy.ended) return refused(foreign);
    const userId = userIdOf(named, role);
    const now = present(policy.ended, userId);
    const change = undoing(userId, given);
    if (now === undefined || change.isMade(policy.ended)) return { result: 'already', note: 'as it was before' };
    const reason = change.refusal?.(policy.ended);
    if (reason !== undefined) return { result: 'refused', reason, meanwhile: 'the sessions stay denied' };
    const wrote = await writer(role, change, context);
    if (wrote.wrote === 'refused') return { result: 'refused', reason: wrote.reason, meanwhile: 'the sessions stay denied' };
    if (wrote.wrote === 'gone') return refused('the role was deleted meanwhile');
    return { result: wrote.wrote === 'already' ? 'already' : 'done', note: `sessions of ${role.name} are denied as they were before` };
  } catch (error) {
    signal.throwIfAborted();
    if (isRefusal(error)) return { result: 'refused', reason: refusalOf(error, 'change the policy of this role'), meanwhile: 'the sessions stay denied' };
    throw error;
  }
};

import type { Context, Credential, Probed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { codeOf } from '../provider-error.ts';
import { deniedUntil, isMarked, says, type Ended } from './ended.ts';
import { isEvidence, markOf, userIdOf } from './end.ts';
import { longestSessionSeconds, policyName } from './facts.ts';
import { isDeniedByUs, ourselves, policyOf, roleOf, type Role } from './iam.ts';
import { namedIn, secondsOf, type Named } from './name.ts';
import { momentOf } from './policy-text.ts';
import { refusedFor } from './standing.ts';

const seen = (verdict: Probed['verdict'], control: boolean, note: string): Probed => ({ verdict, basis: 'record', control, note });

/** A role that is gone takes its sessions with it; that the role which asks is found in the same account is the control. */
const ofGone = async (edges: Edges, { account, role }: Named, signal: AbortSignal): Promise<Probed> => {
  const us = await ourselves(edges, signal);
  if (us.account !== account) return seen('unknown', false, `our account has no role ${role}, but it is one of ${account}`);
  const isSeen = us.role !== undefined && (await roleOf(edges, us.role, signal)) !== undefined;
  return isSeen ? seen('dead', true, "IAM's record has no such role any more, and has our own") : seen('unknown', false, 'IAM finds neither the role nor our own');
};

/** The moment before which this case's sessions are denied; or why that cannot be said. */
const needed = (named: Named, ended: Ended, userId: string | undefined, mark: string | undefined): number | Probed => {
  const until = deniedUntil(ended, userId);
  if (until === undefined) return seen('alive', true, `our deny is not in ${policyName}`);
  if (named.before !== undefined) return says(ended, { before: named.before, userId }) ? named.before : seen('alive', true, `${policyName} denies only sessions issued before ${momentOf(until)}`);
  if (mark !== undefined && isMarked(ended, mark)) return until;
  return seen('unknown', false, `${policyName} denies sessions issued before ${momentOf(until)}, but not by this case's word, and the name gives no time to hold it against`);
};

/** Lets IAM evaluate one session that is denied and, as the control, one that was issued after all that is denied. */
const evaluated = async (edges: Edges, role: Role, ended: Ended, userId: string | undefined, before: number, signal: AbortSignal): Promise<Probed> => {
  const who = userId ?? `${role.id}:any`;
  const after = Math.max(before, deniedUntil(ended, userId) ?? 0) + 1;
  const isDenied = await isDeniedByUs(edges, role, who, before - 1, signal);
  if (!isDenied) return seen('unknown', false, `${policyName} says so, but IAM does not deny a session issued before ${momentOf(before)}`);
  if (await isDeniedByUs(edges, role, who, after, signal)) return seen('unknown', false, 'IAM denies a session issued afterwards as well: its answer tells nothing');
  return seen('dead', true, `explicitDeny by ${policyName} for sessions issued before ${momentOf(before)}, and none for one issued afterwards`);
};

/** Reads our deny back from the role and lets IAM evaluate it. Nobody holds the session itself. */
export const probeSessions = async (edges: Edges, credential: Credential, context: Context): Promise<Probed> => {
  const { signal } = context;
  signal.throwIfAborted();
  const named = namedIn(credential.name);
  if (!named) return seen('unknown', false, 'its name is neither the ARN of a role nor that of a session of one');
  try {
    const role = await roleOf(edges, named.role, signal);
    if (!role) return await ofGone(edges, named, signal);
    const reason = refusedFor(named, role);
    if (reason !== undefined) return seen('unknown', false, reason);
    // sessions of the role that this case ended are dead with it, and the one that has its name now is another
    const known = named.before === undefined ? context.intent.noted.findLast(isEvidence) : undefined;
    if (known && known.role === role.name && known.roleId !== role.id) return seen('dead', true, `the role was made anew (${role.id}): the sessions belonged to ${known.roleId}, which was deleted`);
    if (named.before !== undefined && secondsOf(role.created) > named.before) return seen('dead', true, `the role was made anew at ${momentOf(secondsOf(role.created))}: sessions from before belonged to one that was deleted`);
    if (named.before !== undefined && named.before + longestSessionSeconds <= secondsOf(context.now())) return seen('dead', true, `every session issued before ${momentOf(named.before)} has expired, and the role is found`);
    const { ended } = await policyOf(edges, role.name, signal);
    if (!ended) return seen('unknown', false, `the role has an inline policy ${policyName} that is not ours to the letter`);
    const userId = userIdOf(named, role);
    const before = needed(named, ended, userId, markOf(named, credential, context.case));
    return typeof before === 'number' ? await evaluated(edges, role, ended, userId, before, signal) : before;
  } catch (error) {
    signal.throwIfAborted();
    return seen('unknown', false, `${codeOf(error)}: IAM's record of the role could not be read`);
  }
};

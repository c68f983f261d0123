import { DeleteUserPolicyCommand, IAMClient, UpdateAccessKeyCommand } from '@aws-sdk/client-iam';
import type { Acted, Child, Context, Credential } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { codeOf, isCode, isRefusal, refusalOf } from '../provider-error.ts';
import { deniedBefore, denyText, momentOf, putDeny } from './deny.ts';
import { denyPolicyName, facts } from './facts.ts';
import { denyPolicyOf, standingOf, untold, type Key } from './iam.ts';
import { mintedWith } from './minted.ts';
import type { Trail } from './trail.ts';

/** What was there before we came. Everything that `restore` needs. */
interface Evidence extends Record<string, unknown> {
  user: string;
  key: string;
  /** The key's status before; null where it was gone. */
  status: string | null;
  /** The text of the user's inline deny policy before; null where it had none. */
  policy: string | null;
  keys: Key[];
  at: string;
  /** Before which moment we denied sessions: tells our text from a later one. */
  denied?: string;
}

const isEvidence = (fact: Record<string, unknown>): fact is Evidence => typeof fact.user === 'string' && Array.isArray(fact.keys) && 'policy' in fact && 'status' in fact;

const setStatus = async (edges: Edges, user: string, id: string, status: 'Active' | 'Inactive', signal: AbortSignal): Promise<void> => {
  await edges.clientOf(IAMClient).send(new UpdateAccessKeyCommand({ UserName: user, AccessKeyId: id, Status: status }), { abortSignal: signal });
};

/** Deactivates the key, then denies its user's sessions, then asks what was minted with it. */
export const containKey = async (edges: Edges, trail: Trail, credential: Credential, context: Context): Promise<Acted> => {
  const { signal, intent } = context;
  signal.throwIfAborted();
  const { told, user, keys, key } = await standingOf(edges, credential, signal);
  if (told === 'foreign' && user === undefined) return { result: 'refused', reason: untold, meanwhile: 'nothing of ours' };
  if (user === undefined || keys === undefined) {
    // a user whose name is not there may have been renamed: its sessions are not called dead for that
    const { children } = await mintedWith(edges, trail, { keyId: credential.name, user: undefined, before: undefined }, context);
    return { result: 'already', note: 'the key is gone', children };
  }
  const absent = told === 'foreign' ? 'IAM tells of no such key' : 'the key is gone';
  const present = await denyPolicyOf(edges, user, signal);
  const known = intent.noted.findLast(isEvidence);
  const evidence: Evidence = known ?? { user, key: credential.name, status: key?.status ?? null, policy: present ?? null, keys, at: context.now().toISOString() };
  if (!known) await intent.note(evidence);

  const isOpen = key !== undefined && isOpenStatus(key.status);
  if (isOpen) {
    try {
      await setStatus(edges, user, credential.name, 'Inactive', signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isRefusal(error)) return { result: 'refused', reason: refusalOf(error, 'deactivate this key'), meanwhile: 'nothing of ours: the key still opens the door' };
      if (!isCode(error, 'NoSuchEntity')) throw error;
    }
  }

  const before = deniedBefore(present);
  const question = { keyId: credential.name, user };
  const wasBegun = isOpenStatus(evidence.status) && (evidence.denied === undefined || (before !== undefined && before < new Date(evidence.denied)));
  if (!isOpen && before !== undefined && !wasBegun) {
    const { children } = await mintedWith(edges, trail, { ...question, before }, context);
    if (!children.some(isLooseSession)) {
      const note = `${key ? 'inactive already' : absent}, and sessions from before ${momentOf(before)} are denied`;
      return { result: 'already', note, children, evidence: { ...evidence, denied: evidence.denied ?? momentOf(before) } };
    }
  }
  const denied = await denySessions(edges, user, evidence, before, context);
  const { children } = await mintedWith(edges, trail, { ...question, before: 'failed' in denied ? before : denied.moment }, context);
  if ('failed' in denied) {
    const child: Child = { id: `aws-user-sessions:${user}`, accounted: false, how: `the key is inactive, but sessions of its user could not be denied: ${denied.failed}` };
    return { result: 'done', note: `deactivated; ${denied.failed}`, children: [...children, child], evidence };
  }
  const note = `${key ? (isOpen ? 'deactivated' : `${key.status.toLowerCase()} already`) : absent}; sessions of ${user} from before ${momentOf(denied.moment)} are denied`;
  return { result: key ? 'done' : 'already', note, children, evidence: denied.evidence };
};

const isOpenStatus = (status: string | null): boolean => status !== null && status !== 'Inactive' && status !== 'Expired';

const isLooseSession = ({ id, accounted }: Child): boolean => !accounted && /^aws-(user|federated)-session:/.test(id);

/** Never earlier than what is denied already. A little into the future, since a deactivated key mints sessions for some seconds more. */
const denySessions = async (edges: Edges, user: string, evidence: Evidence, before: Date | undefined, context: Context): Promise<{ moment: Date; evidence: Evidence } | { failed: string }> => {
  const soon = context.now().getTime() + facts().settleSeconds.typical * 1000;
  const moment = new Date(Math.ceil(Math.max(soon, before?.getTime() ?? 0) / 1000) * 1000);
  const withMoment: Evidence = { ...evidence, denied: momentOf(moment) };
  await context.intent.note(withMoment);
  try {
    await putDeny(edges, user, denyText(moment), context.signal);
    return { moment, evidence: withMoment };
  } catch (error) {
    context.signal.throwIfAborted();
    if (isRefusal(error)) return { failed: refusalOf(error, 'write a policy of this user') };
    if (isCode(error, 'LimitExceeded')) return { failed: `${codeOf(error)}: the user's inline policies are full` };
    if (isCode(error, 'NoSuchEntity')) return { failed: 'the user was deleted meanwhile' };
    throw error;
  }
};

/** Gives back the key's status and its user's deny policy as they were before `contain`. */
export const restoreKey = async (edges: Edges, credential: Credential, given: Record<string, unknown>, context: Context): Promise<Acted> => {
  const { signal } = context;
  signal.throwIfAborted();
  const nothing = 'nothing of ours';
  if (!isEvidence(given)) return { result: 'refused', reason: 'the evidence does not say what was there before', meanwhile: nothing };
  const { user, key } = await standingOf(edges, { ...credential, principal: given.user }, signal);
  if (user === undefined) return { result: 'refused', reason: 'its user is gone: there is nothing to restore', meanwhile: nothing };
  const done: string[] = [];
  try {
    const policy = await restorePolicy(edges, user, given, signal);
    if (policy) done.push(policy);
    if (key && key.status !== given.status && (given.status === 'Active' || given.status === 'Inactive')) {
      await setStatus(edges, user, credential.name, given.status, signal);
      done.push(`the key is ${given.status.toLowerCase()} again`);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (isRefusal(error)) return { result: 'refused', reason: refusalOf(error, 'restore this key'), meanwhile: done.join('; ') || nothing };
    throw error;
  }
  if (!key && given.status !== null) return { result: 'refused', reason: 'the key was deleted: no one can bring it back', meanwhile: done.join('; ') || nothing };
  return done.length > 0 ? { result: 'done', note: done.join('; ') } : { result: 'already', note: 'as it was before' };
};

const restorePolicy = async (edges: Edges, user: string, evidence: Evidence, signal: AbortSignal): Promise<string | undefined> => {
  const present = await denyPolicyOf(edges, user, signal);
  if ((present ?? null) === evidence.policy) return undefined;
  const moment = deniedBefore(present);
  // another case moved it forward since: taking that back would let its thief in again
  if (moment && evidence.denied && moment > new Date(evidence.denied)) return `the deny of older sessions stays: it was moved to ${momentOf(moment)} since`;
  if (evidence.policy !== null) {
    await putDeny(edges, user, evidence.policy, signal);
    return 'the deny policy is as before';
  }
  try {
    await edges.clientOf(IAMClient).send(new DeleteUserPolicyCommand({ UserName: user, PolicyName: denyPolicyName }), { abortSignal: signal });
  } catch (error) {
    if (!isCode(error, 'NoSuchEntity')) throw error;
  }
  return 'the deny of older sessions is gone';
};

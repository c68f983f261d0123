import type { Child } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { codeOf } from '../provider-error.ts';
import { momentOf } from './deny.ts';
import { name as issuer } from './facts.ts';
import { keysOf } from './iam.ts';
import { longestSessionMilliseconds, textOf, type Asked, type Trail, type TrailEvent } from './trail.ts';

/** How many sessions are followed to what they minted in turn, newest first. */
const mostFollowed = 15;

/** The child that stands for a look-up itself. */
const lookUpChild = (accounted: boolean, how: string): Child => ({ id: 'aws-cloudtrail:lookup', accounted, how });

const inner = (of: Record<string, unknown>, field: string): Record<string, unknown> =>
  typeof of[field] === 'object' && of[field] !== null ? (of[field] as Record<string, unknown>) : {};

/** CloudTrail writes `Nov 22, 2026, 5:00:00 AM`, in UTC without saying so, or ISO 8601. */
const expiryOf = (event: TrailEvent): Date | undefined => {
  const text = textOf(inner(event.response, 'credentials').expiration);
  if (text === '') return undefined;
  const date = new Date(/Z$|[+-]\d\d:?\d\d$/.test(text) ? text : `${text} UTC`);
  return Number.isNaN(date.getTime()) ? undefined : date;
};

const sessionKeyOf = (event: TrailEvent): string => textOf(inner(event.response, 'credentials').accessKeyId);

const roleSession = (event: TrailEvent, now: Date): Child => {
  const role = textOf(event.request.roleArn) || textOf(inner(event.response, 'assumedRoleUser').arn) || 'unknown role';
  const expiry = expiryOf(event);
  const expired = expiry !== undefined && expiry <= now;
  return {
    id: `aws-role-session:${role}/${textOf(event.request.roleSessionName)}`,
    accounted: expired,
    how: expired ? `expired at ${momentOf(expiry)}` : `assumed with it at ${momentOf(event.at)}${expiry ? `, good until ${momentOf(expiry)}` : ''}: deactivating the key does not end it`,
  };
};

const userSessionId = (event: TrailEvent, user: string | undefined): string =>
  `${event.name === 'GetFederationToken' ? 'aws-federated-session' : 'aws-user-session'}:${sessionKeyOf(event) || `${user ?? 'unknown user'}/${momentOf(event.at)}`}`;

const userSession = (event: TrailEvent, user: string | undefined, before: Date | undefined, now: Date): Child => {
  const id = userSessionId(event, user);
  const expiry = expiryOf(event);
  if (before !== undefined && event.at < before) return { id, accounted: true, how: `denied by aws:TokenIssueTime before ${momentOf(before)}` };
  if (expiry !== undefined && expiry <= now) return { id, accounted: true, how: `expired at ${momentOf(expiry)}` };
  if (event.at.getTime() < now.getTime() - longestSessionMilliseconds) return { id, accounted: true, how: 'older than the 36 hours that such a session lives' };
  return { id, accounted: false, how: `minted at ${momentOf(event.at)} and denied by nothing of ours` };
};

/** Two sessions of one name are one child: accounted for only if both are. */
const merged = (children: readonly Child[]): Child[] => {
  const byId = new Map<string, Child>();
  for (const child of children) {
    const known = byId.get(child.id);
    if (!known || (known.accounted && !child.accounted)) byId.set(child.id, child);
  }
  return [...byId.values()];
};

const madeKey = async (edges: Edges, event: TrailEvent, user: string | undefined, asked: Asked): Promise<Child[]> => {
  const made = inner(event.response, 'accessKey');
  const id = textOf(made.accessKeyId);
  const owner = textOf(made.userName) || textOf(event.request.userName) || user;
  if (id === '' || owner === undefined) return [];
  const key = (await keysOf(edges, owner, asked.signal))?.find((one) => one.id === id);
  if (!key) return [{ id: `${issuer}:${id}`, accounted: true, how: `made with it for ${owner}, and deleted since` }];
  const isDead = key.status === 'Inactive';
  return [{ id: `${issuer}:${id}`, accounted: isDead, how: isDead ? `made with it for ${owner}, and inactive` : `made with it for ${owner} at ${momentOf(event.at)}: it lives on` }];
};

/** Of which key is asked what was minted with it. */
export interface MintedQuestion {
  keyId: string;
  /** Its user; undefined where nobody knows. */
  user: string | undefined;
  /** From which moment on sessions are denied: our policy's; undefined where there is none. */
  before: Date | undefined;
}

/**
 * What was minted with a key, and with the sessions minted with it: sessions of roles and of the user, other keys.
 * A look-up that fails (`failed` says with which error) or is too long is itself a child that is not accounted for; it never throws but for an abort.
 */
export const mintedWith = async (edges: Edges, trail: Trail, question: MintedQuestion, asked: Asked): Promise<{ children: Child[]; lookedUp: boolean; failed?: string }> => {
  const { before, user } = question;
  const now = asked.now();
  const children: Child[] = [];
  const seen = new Set([question.keyId]);
  const queue = [question.keyId];
  let isComplete = true;
  try {
    for (let followed = 0; followed <= mostFollowed; followed += 1) {
      const keyId = queue.shift();
      if (keyId === undefined) break;
      const { events, complete } = await trail.lookUp('AccessKeyId', keyId, asked);
      isComplete &&= complete;
      const made = complete ? events : [...events, ...(await keysMadeWith(trail, keyId, asked))];
      for (const event of made) {
        if (event.name.startsWith('AssumeRole')) children.push(roleSession(event, now));
        else if (event.name === 'GetSessionToken' || event.name === 'GetFederationToken') children.push(userSession(event, user, before, now));
        else if (event.name === 'CreateAccessKey') children.push(...(await madeKey(edges, event, user, asked)));
        const next = sessionKeyOf(event);
        if (next === '' || seen.has(next)) continue;
        seen.add(next);
        queue.push(next);
      }
    }
  } catch (error) {
    asked.signal.throwIfAborted();
    const failed = codeOf(error);
    return { lookedUp: false, failed, children: merged([...children, lookUpChild(false, `CloudTrail could not be asked what was minted with it: ${failed}`)]) };
  }
  const all = merged(children);
  if (isComplete) return { children: all, lookedUp: true };
  return { lookedUp: false, children: [...all, lookUpChild(false, 'it was used so often that not all of its calls of the last 36 hours were read')] };
};

/** Said where an earlier look-up may have failed and this one did not. */
export const lookedUpAgain = (now: Date): Child => lookUpChild(true, `CloudTrail was asked again at ${momentOf(now)}`);

/** A busy key's calls fill more pages than we read; all calls of the account that made keys do not. */
const keysMadeWith = async (trail: Trail, keyId: string, asked: Asked): Promise<TrailEvent[]> =>
  (await trail.lookUp('EventName', 'CreateAccessKey', asked)).events.filter(({ byKey }) => byKey === keyId);

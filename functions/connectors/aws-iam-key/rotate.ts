import { CreateAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import { IssuerFailed, type Acted, type Child, type Context, type Copy, type Credential, type Left, type Store } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { isCode, isRefusal, isThrottle, refusalOf } from '../provider-error.ts';
import { tokenOf } from '../token.ts';
import { name as issuer } from './facts.ts';
import { mostKeys } from './find.ts';
import { standingOf, untold, type Key } from './iam.ts';
import { strangersOf } from './orphans.ts';
import { holdsPair, placesOf, secretIn, writePair, type Place } from './pair.ts';
import { deleteKey } from './revoke.ts';
import type { Trail } from './trail.ts';

/** What earlier tries of this rotation left behind. */
interface Begun {
  keysBefore: string[];
  at: Date;
  /** Keys of ours that were noted as made and not as deleted since, newest last. */
  created: string[];
  /** Those of them that were noted as written to a copy. */
  written: Set<string>;
}

const begunOf = (noted: readonly Record<string, unknown>[]): Begun | undefined => {
  const begun = noted.find((fact) => Array.isArray(fact.keysBefore));
  if (!begun) return undefined;
  const gone = new Set(noted.map(({ deleted }) => deleted));
  const created = noted.flatMap((fact) => (typeof fact.created === 'string' && !gone.has(fact.created) ? [fact.created] : []));
  const written = new Set(noted.flatMap(({ written: place, key }) => (place !== undefined && typeof key === 'string' ? [key] : [])));
  return { keysBefore: begun.keysBefore as string[], at: new Date(String(begun.at)), created, written };
};

const gone = (why: string): Acted => ({ result: 'already', note: `${why}: there is nothing to make a successor for` });

/**
 * Makes a second key and writes the pair to the bound copies. `CreateAccessKey` has no idempotency: the noted intent is
 * how a key of ours is recognised, finished or removed after a crash, and told apart from an attacker's.
 */
export const rotateKey = async (edges: Edges, trail: Trail, credential: Credential, stores: Store, context: Context): Promise<Acted> => {
  const { signal, intent } = context;
  signal.throwIfAborted();
  const oldId = credential.name;
  const { places, left } = placesOf(credential);
  if (places.length === 0) return { result: 'already', note: `no bound copy holds it: no new key was made${left.length > 0 ? `; ${left.length} unbound ${left.length === 1 ? 'copy was' : 'copies were'} left as they are` : ''}` };
  const { told, user, keys } = await standingOf(edges, credential, signal);
  if (user === undefined || keys === undefined) return gone(told === 'foreign' ? untold : 'the key is gone and its user is not known');

  const begun = begunOf(intent.noted) ?? { keysBefore: keys.map(({ id }) => id), at: context.now(), created: [], written: new Set<string>() };
  if (intent.noted.length === 0) await intent.note({ keysBefore: begun.keysBefore, at: begun.at.toISOString(), user });

  const unfinished = await resume(edges, user, begun, places, stores, credential, context);
  if (unfinished === 'unreadable') return { result: 'pending', note: 'a copy that was written cannot be read back yet', seconds: 15 };
  const { strangers, orphans, undecided } = await strangersOf(edges, trail, keys, begun, context);
  if (undecided) return undecided;
  for (const id of orphans) await remove(edges, user, id, context);
  const children = strangers;

  if (unfinished) return write(unfinished, { oldId, places, left, children, user, stores, credential, edges }, context);

  const wanting = await placesWanting(places, oldId, stores, context);
  if (wanting.length === 0) return { result: 'already', note: 'no bound copy holds this key any more: no new key was made', children };
  const kept = keys.filter(({ id }) => !orphans.includes(id) && !begun.created.includes(id));
  if (kept.length >= mostKeys) return { result: 'ask', question: questionOf(user, kept, strangers, oldId) };
  const made = await make(edges, user, context);
  if ('acted' in made) return made.acted;
  await intent.note({ created: made.id });
  return write(made, { oldId, places, left, children, user, stores, credential, edges, isFresh: true }, context);
};

const questionOf = (user: string, keys: readonly Key[], strangers: readonly Child[], oldId: string): string => {
  const others = keys.filter(({ id }) => id !== oldId).map(({ id, status }) => `${id} (${status}${strangers.some((child) => child.id.endsWith(id)) ? ', made meanwhile by somebody else' : ''})`);
  return `${user} has ${keys.length} keys, as many as a user can have, so no new one fits: which may be deleted, ${[oldId, ...others].join(' or ')}?`;
};

const remove = async (edges: Edges, user: string, id: string, { intent, signal }: Context): Promise<void> => {
  await deleteKey(edges, user, id, signal);
  await intent.note({ deleted: id });
};

interface Pair {
  id: string;
  secret: string;
}

/** The pair of an earlier try, where a copy already holds it. Keys that were written nowhere are lost for ever: they are deleted. */
const resume = async (edges: Edges, user: string, begun: Begun, places: readonly Place[], stores: Store, credential: Credential, context: Context): Promise<Pair | 'unreadable' | undefined> => {
  let found: Pair | undefined;
  for (const id of begun.created.toReversed()) {
    const token = pairToken(context, credential, id);
    for (const place of found ? [] : places) {
      const text = (await stores.read(place.place, token, context)) ?? (await stores.read(place.place, undefined, context));
      const secret = text === undefined ? undefined : secretIn(text, place, id);
      if (secret === undefined) continue;
      found = { id, secret };
      break;
    }
    if (found?.id === id) continue;
    // a replica that is behind must not make us delete the key that production reads
    if (begun.written.has(id)) return 'unreadable';
    await remove(edges, user, id, context);
  }
  return found;
};

const pairToken = ({ case: of, round }: Context, credential: Credential, keyId: string): string => tokenOf(of, credential.id, round, keyId);

const placesWanting = async (places: readonly Place[], oldId: string, stores: Store, context: Context): Promise<Place[]> => {
  const wanting: Place[] = [];
  for (const place of places) {
    if ((await stores.read(place.place, undefined, context))?.includes(oldId)) wanting.push(place);
  }
  return wanting;
};

const throttleTries = 4;

/** One key more. Repeated only where it is certain that nothing was made: the SDK would make a second one after a lost answer. */
const make = async (edges: Edges, user: string, context: Context): Promise<Pair | { acted: Acted }> => {
  const { signal } = context;
  const client = edges.clientsWith({ maxAttempts: 1 })(IAMClient);
  try {
    for (let tried = 1; ; tried += 1) {
      signal.throwIfAborted();
      try {
        const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName: user }), { abortSignal: signal });
        if (!AccessKey?.AccessKeyId || !AccessKey.SecretAccessKey) throw new IssuerFailed('IAM answered CreateAccessKey without a key: try again');
        return { id: AccessKey.AccessKeyId, secret: AccessKey.SecretAccessKey };
      } catch (error) {
        signal.throwIfAborted();
        if (isCode(error, 'LimitExceeded')) return { acted: { result: 'ask', question: `${user} has as many keys as a user can have, so no new one fits: which may be deleted?` } };
        if (isCode(error, 'NoSuchEntity')) return { acted: gone('its user is gone') };
        if (isRefusal(error)) return { acted: { result: 'refused', reason: refusalOf(error, 'make a key for this user'), meanwhile: 'the copies keep the old key' } };
        if (!isThrottle(error) || tried === throttleTries) throw error;
        await context.sleep(500 * 2 ** tried * (0.75 + Math.random() / 2), signal);
      }
    }
  } finally {
    client.destroy();
  }
};

interface Writing {
  oldId: string;
  places: readonly Place[];
  left: Left[];
  children: Child[];
  user: string;
  stores: Store;
  credential: Credential;
  edges: Edges;
  /** Whether the pair was made in this very try: then no place can hold it yet. */
  isFresh?: boolean;
}

/** Writes the pair to every bound place, each under the same token; a key that no place takes is deleted again. */
const write = async (pair: Pair, writing: Writing, context: Context): Promise<Acted> => {
  const { oldId, places, stores, credential, edges, user, isFresh } = writing;
  const replaced: Copy[] = [];
  const left = [...writing.left];
  const token = pairToken(context, credential, pair.id);
  for (const place of places) {
    context.signal.throwIfAborted();
    const outcome = !isFresh && (await holdsPair(stores, place, pair.id, context)) ? undefined : await writePair(stores, place, { ...pair, oldId }, token, context);
    if (outcome === undefined) {
      replaced.push(...place.copies);
      await context.intent.note({ written: place.place, key: pair.id });
    } else left.push(...place.copies.map((copy) => ({ copy, ...outcome })));
  }
  if (replaced.length === 0) {
    await remove(edges, user, pair.id, context);
    if (left.every(({ copy, unread }) => !copy.bound || unread)) return { result: 'already', note: 'no bound copy holds this key any more, so the new one was deleted again', children: writing.children };
    const reasons = [...new Set(left.filter(({ copy }) => copy.bound).map(({ reason }) => reason))].join('; ');
    return { result: 'refused', reason: `no bound copy took the new key, so it was deleted again: ${reasons}`, meanwhile: 'the copies keep the old key' };
  }
  const ours: Child = { id: `${issuer}:${pair.id}`, accounted: true, how: 'its successor, made by us and written to its bound copies' };
  const count = new Set(replaced.map(({ place }) => place)).size;
  return {
    result: 'done',
    note: `${pair.id} made for ${user} and written to ${count} ${count === 1 ? 'place' : 'places'}`,
    children: [...writing.children, ours],
    evidence: { created: pair.id },
    replaced,
    left,
  };
};

import type { Context, Left, Probed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { isCode, isRefusal, refusalOf } from '../provider-error.ts';
import { tokenOf } from '../token.ts';
import { keptStage } from './facts.ts';
import { notedOf, type Noted } from './noted.ts';
import { hasReplaced, isOverdue, meet, patienceMilliseconds } from './others.ts';
import type { Place } from './place.ts';
import { rotateNow, switchOn, type Schedule } from './schedule.ts';
import { describe, versionWith, wasCurrent, type Described } from './secret.ts';
import { freeStuck } from './stuck.ts';

/** Where the rotation of one secret stands. */
export type Standing =
  | { standing: 'done'; note: string }
  /** It cannot be rotated by us. */
  | ({ standing: 'left' } & Omit<Left, 'copy'>)
  | { standing: 'refused'; reason: string }
  | { standing: 'ask'; question: string }
  | { standing: 'running'; token: string; since: Date }
  /** Somebody else is at work on it: it is looked at anew until that has ended. */
  | { standing: 'waiting' };

const left = (reason: string): Standing => ({ standing: 'left', reason });
const gone = (reason: string): Standing => ({ standing: 'left', reason, unread: true });

const isOff = ({ RotationLambdaARN, RotationEnabled }: Described, { gaveUp }: Noted): boolean => !gaveUp && RotationLambdaARN !== undefined && RotationEnabled !== true;

const whyNot = (described: Described, noted: Noted): string | undefined => {
  if (described.OwningService) return `${described.OwningService} manages it: only that service rotates it`;
  if (described.Type) return `it is a managed external secret (${described.Type}): its partner rotates it`;
  if (noted.gaveUp) return undefined;
  if (!described.RotationLambdaARN) return 'no rotation is configured for it';
  return isOff(described, noted) ? 'its rotation is switched off' : undefined;
};

/** Our own token: repeated calls of one act are one rotation, the next round is another. */
export const rotationToken = ({ case: of, round }: Pick<Context, 'case' | 'round'>, place: string): string => tokenOf(of, place, round, 'rotate');

/**
 * Begins the rotation of one secret, or sees how far an earlier try has come. A rotation that somebody else has under way
 * is waited for; only one that stands still for longer than any should is freed. `context` must be one that remembers.
 */
export const begin = async (edges: Edges, place: Place, opens: (value: string) => Promise<Probed>, context: Context): Promise<Standing> => {
  const { signal, intent } = context;
  const noted = notedOf(intent.noted, place.place);
  const token = rotationToken(context, place.place);
  const described = await describe(edges, place.place, signal);
  if (!described) return gone('the secret is gone');
  if (noted.done) return { standing: 'done', note: noted.done };
  if (wasCurrent(described, token)) return { standing: 'done', note: 'rotated' };
  if (noted.promoted && wasCurrent(described, noted.promoted)) return { standing: 'done', note: 'its stuck pending value was promoted' };
  if (await isDoneByOther(edges, described, noted, place, context)) {
    const how = 'a rotation that somebody else had under way has replaced the value there, and counts as ours';
    await intent.note({ place: place.place, done: true, how });
    return { standing: 'done', note: how };
  }
  if (described.DeletedDate) return gone('it is being deleted');
  const reason = whyNot(described, noted);
  if (reason) return isOff(described, noted) && (await isBeingFreed(described, noted, place, context)) ? { standing: 'waiting' } : left(reason);
  const pending = versionWith(described, 'AWSPENDING');
  if (pending === token) return { standing: 'running', token, since: noted.begun ?? context.now() };
  let schedule: Schedule | undefined = noted.gaveUp ? noted : undefined;
  if (pending !== undefined && pending !== versionWith(described, 'AWSCURRENT')) {
    const { seen } = await meet(place.place, pending, noted.other, context);
    if (!isOverdue(seen, context.now())) return { standing: 'waiting' };
    const { freed, ...more } = await freeStuck(edges, described, pending, place, opens, context);
    if ('question' in more) return { standing: 'ask', question: more.question };
    if (freed === 'elsewhere') return { standing: 'waiting' };
    if (freed === 'promoted') {
      // an earlier try that found it dead has cancelled the schedule
      if (noted.gaveUp) await switchOn(edges, place.place, noted, signal);
      return { standing: 'done', note: 'its stuck pending value opens the door and was promoted' };
    }
    schedule ??= { lambda: described.RotationLambdaARN, rules: described.RotationRules };
  }
  const { begun } = notedOf(intent.noted, place.place);
  const since = begun ?? context.now();
  if (!begun) await intent.note({ place: place.place, token, at: since.toISOString() });
  return start(edges, place.place, token, schedule, since, context);
};

/** Only where ours was not begun after it, and never a rotation of our own earlier rounds: those were counted. */
const isDoneByOther = async (edges: Edges, described: Described, { other, begun }: Noted, place: Place, { case: of, round, signal }: Context): Promise<boolean> => {
  if (!other || begun || described.DeletedDate) return false;
  const counted = Array.from({ length: round }, (_, earlier) => rotationToken({ case: of, round: earlier }, place.place));
  return !counted.includes(other.token) && (await hasReplaced(edges, described, other, place, signal));
};

/** Freeing a secret switches its rotation off for a moment, and another case of ours may be just doing that. */
const isBeingFreed = async (described: Described, { other, off }: Noted, { place }: Place, { now, intent }: Context): Promise<boolean> => {
  if (!other && versionWith(described, keptStage) === undefined) return false;
  if (!off) await intent.note({ place, off: now().toISOString() });
  return !isOverdue(off ?? now(), now());
};

const start = async (edges: Edges, place: string, token: string, schedule: Schedule | undefined, since: Date, { now, signal }: Context): Promise<Standing> => {
  try {
    await rotateNow(edges, place, token, schedule, signal);
    return { standing: 'running', token, since };
  } catch (error) {
    signal.throwIfAborted();
    const off = schedule ? '; its automatic rotation was cancelled to free it, and is off now' : '';
    if (isRefusal(error)) return { standing: 'refused', reason: `${refusalOf(error, 'rotate this secret')}${off}` };
    if (isCode(error, 'ResourceNotFound')) return gone('the secret was deleted meanwhile');
    if (!isCode(error, 'InvalidRequest')) throw error;
    const message = error instanceof Error ? error.message : '';
    if (/deletion/i.test(message)) return gone('it is being deleted');
    if (!/isn't complete|in progress/i.test(message)) return left(`InvalidRequest: Secrets Manager will not rotate it${off}`);
    // another rotation began in the same moment
    if (!isOverdue(since, now())) return { standing: 'waiting' };
    return { standing: 'refused', reason: `for ${patienceMilliseconds / 1000} seconds Secrets Manager has said that another rotation is not complete, and shows none${off}` };
  }
};

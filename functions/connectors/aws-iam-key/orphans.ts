import type { Acted, Child, Context } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { momentOf } from './deny.ts';
import { name as issuer } from './facts.ts';
import { ownerOfKey, type Key } from './iam.ts';
import { makerOf, type Maker } from './maker.ts';
import type { Trail } from './trail.ts';

/** CloudTrail's events come within a quarter of an hour; after that, silence is an answer for a person. */
const trailPatienceMilliseconds = 20 * 60_000;
const looks = 3;
const pauseMilliseconds = 1_500;
/** Our clock and IAM's may differ so much. */
const skewMilliseconds = 60_000;

interface Decided {
  /** Keys that somebody else made meanwhile: reported, never touched. */
  strangers: Child[];
  /** Keys of ours whose answer was lost: nobody knows their secret. */
  orphans: string[];
  /** Set where it cannot be told yet. */
  undecided?: Acted;
}

/** Tells keys that are there now and were not before: our orphans, or an attacker's. */
export const strangersOf = async (edges: Edges, trail: Trail, keys: readonly Key[], begun: { keysBefore: string[]; at: Date; created: string[] }, context: Context): Promise<Decided> => {
  const strangers: Child[] = [];
  const orphans: string[] = [];
  for (const key of keys.filter(({ id }) => !begun.keysBefore.includes(id) && !begun.created.includes(id))) {
    const maker = await patiently(edges, trail, key, begun.at, context);
    if (maker.who === 'us') orphans.push(key.id);
    else if (maker.who === 'other') strangers.push(foundMeanwhile(key, `made by ${maker.arn}`));
    else if (context.now().getTime() - begun.at.getTime() < trailPatienceMilliseconds) {
      return { strangers, orphans, undecided: { result: 'pending', note: `${key.id} appeared while we made a key, and CloudTrail does not say yet who made it`, seconds: 30 } };
    } else {
      return { strangers, orphans, undecided: { result: 'ask', question: `who made ${key.id} at ${key.created}? It appeared while we made a key, and CloudTrail does not know. If nobody else did, delete it` } };
    }
  }
  return { strangers, orphans };
};

/** A key that was made meanwhile as a child that is not accounted for. */
export const foundMeanwhile = (key: Key, how: string): Child => ({ id: `${issuer}:${key.id}`, accounted: false, how: `found at ${key.created ? momentOf(new Date(key.created)) : 'an unknown time'} beside the leaked key, ${how}` });

/** An orphan of ours was made after we began and has never been used: its secret was never seen by anybody. */
const patiently = async (edges: Edges, trail: Trail, key: Key, begunAt: Date, context: Context): Promise<Maker> => {
  for (let look = 1; ; look += 1) {
    const maker = await makerOf(edges, trail, key.id, context);
    if (maker.who !== 'unknown') return maker;
    if (new Date(key.created).getTime() < begunAt.getTime() - skewMilliseconds) return { who: 'other', arn: 'somebody unknown, before we began' };
    const owner = await ownerOfKey(edges, key.id, context.signal);
    if (typeof owner !== 'string' && owner.used) return { who: 'other', arn: 'somebody unknown, who has used it' };
    if (look === looks) return maker;
    await context.sleep(pauseMilliseconds, context.signal);
  }
};

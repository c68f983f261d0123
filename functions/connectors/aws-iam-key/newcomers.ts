import type { Child } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { name as issuer } from './facts.ts';
import type { Key } from './iam.ts';
import { makerOf, type Maker } from './maker.ts';
import { foundMeanwhile } from './orphans.ts';
import type { Asked, Trail } from './trail.ts';

/** From how long before the deny of sessions keys count as made meanwhile. */
const marginMilliseconds = 60_000;

/** Keys of the same user that were made since it was contained: ours are accounted for, others and unknown ones are not. */
export const newcomersOf = async (edges: Edges, trail: Trail, keyId: string, keys: readonly Key[], containedAt: Date | undefined, asked: Asked): Promise<Child[]> => {
  if (containedAt === undefined) return [];
  const since = containedAt.getTime() - marginMilliseconds;
  const children: Child[] = [];
  for (const key of keys) {
    if (key.id === keyId || key.status === 'Inactive' || new Date(key.created).getTime() < since) continue;
    const maker = await makerSoFar(edges, trail, key.id, asked);
    if (maker.who === 'us') children.push({ id: `${issuer}:${key.id}`, accounted: true, how: 'made by us' });
    else children.push(foundMeanwhile(key, maker.who === 'other' ? `made by ${maker.arn}` : 'and CloudTrail does not say yet who made it'));
  }
  return children;
};

const makerSoFar = async (edges: Edges, trail: Trail, keyId: string, asked: Asked): Promise<Maker> => {
  try {
    return await makerOf(edges, trail, keyId, asked);
  } catch {
    asked.signal.throwIfAborted();
    return { who: 'unknown' };
  }
};

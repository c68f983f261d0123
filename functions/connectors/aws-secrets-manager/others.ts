import type { Context } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { leafAt } from '../leaf-at.ts';
import type { Other } from './noted.ts';
import type { Place } from './place.ts';
import { textOf, versionWith, type Described } from './secret.ts';

/** How long a rotation may be under way before it is taken for stuck. Secrets Manager does not tell that one has failed. */
export const patienceMilliseconds = 180_000;

/** Whether something that began then has lasted longer than any rotation should. */
export const isOverdue = (since: Date, now: Date): boolean => now.getTime() - since.getTime() >= patienceMilliseconds;

/**
 * Notes a rotation of somebody else when it is first seen: our patience begins there. How old its version is does not
 * matter, since Secrets Manager repeats the steps of one that failed under the same token, and may be doing so just now.
 */
export const meet = async (place: string, pending: string, known: Other | undefined, { now, intent }: Context): Promise<Other> => {
  if (known?.token === pending) return known;
  const seen = now();
  await intent.note({ place, other: pending, seen: seen.toISOString() });
  return { token: pending, seen };
};

/**
 * Whether somebody else's rotation ended well while we waited and left another value wherever the leaked one was kept.
 * Says yes only to what was read: its version is the current one, became it since we saw it pending, and differs there.
 */
export const hasReplaced = async (edges: Edges, described: Described, { token, seen }: Other, { place, copies }: Place, signal: AbortSignal): Promise<boolean> => {
  if (versionWith(described, 'AWSCURRENT') !== token) return false;
  // a replica that is behind shows rotations as pending that ended long ago
  if (!described.LastChangedDate || described.LastChangedDate < seen) return false;
  const leaked = new Set<string>();
  for (const { path, version } of copies) {
    const leaf = leafOf((await textOf(edges, place, version, signal))?.text, path);
    if (leaf !== undefined) leaked.add(leaf);
  }
  const current = await textOf(edges, place, undefined, signal);
  if (leaked.size === 0 || current?.version !== token) return false;
  return copies.every(({ path }) => {
    const leaf = leafOf(current.text, path);
    return leaf !== undefined && !leaked.has(leaf);
  });
};

const leafOf = (text: string | undefined, path: string): string | undefined => (text === undefined ? undefined : leafAt(text, path));

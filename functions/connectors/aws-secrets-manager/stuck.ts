import { CancelRotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Context, Copy, Probed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { leafAt } from '../leaf-at.ts';
import { isCode } from '../provider-error.ts';
import { keptStage } from './facts.ts';
import { moveStage, textOf, versionWith, type Described } from './secret.ts';

/** What became of a rotation that got stuck. */
export type Freed =
  /** The stuck value opened the door and is current now: that was the rotation. */
  | { freed: 'promoted' }
  /** The way is free for a new rotation. */
  | { freed: 'removed' }
  | { freed: 'no'; question: string };

/** What a rotation that got stuck left behind: tries its value first, since it may be the only one that still opens the door. */
export const freeStuck = async (
  edges: Edges,
  described: Described,
  pending: string,
  place: { place: string; copies: readonly Copy[] },
  opens: (value: string) => Promise<Probed>,
  context: Context,
): Promise<Freed> => {
  const { signal, intent } = context;
  const shown = described.Name ?? place.place;
  const found = await textOf(edges, place.place, pending, signal);
  if (found) {
    const value = place.copies.map(({ path }) => leafAt(found.text, path)).find((leaf) => leaf !== undefined);
    const { verdict, note } = value === undefined ? { verdict: 'unknown' as const, note: 'its text has no such leaf' } : await opens(value);
    if (verdict === 'unknown') {
      return { freed: 'no', question: `a rotation of ${shown} got stuck, and its pending value may be the only one that opens the door (${note}): shall it be promoted, or given up?` };
    }
    if (verdict === 'alive') {
      await intent.note({ place: place.place, promoted: pending });
      await moveStage(edges, place.place, 'AWSCURRENT', { to: pending, from: versionWith(described, 'AWSCURRENT') }, signal);
      return { freed: 'promoted' };
    }
  }
  await intent.note({ place: place.place, gaveUp: pending, lambda: described.RotationLambdaARN, rules: described.RotationRules });
  // an empty version has nothing to keep
  if (found) await moveStage(edges, place.place, keptStage, { to: pending, from: otherThan(versionWith(described, keptStage), pending) }, signal);
  await cancel(edges, place.place, signal);
  await moveStage(edges, place.place, 'AWSPENDING', { from: pending }, signal);
  return { freed: 'removed' };
};

const otherThan = (version: string | undefined, not: string): string | undefined => (version === not ? undefined : version);

/** Stops the stuck rotation. It also turns automatic rotation off, which the rotation that follows turns on again. */
const cancel = async (edges: Edges, place: string, signal: AbortSignal): Promise<void> => {
  try {
    await edges.clientOf(SecretsManagerClient).send(new CancelRotateSecretCommand({ SecretId: place }), { abortSignal: signal });
  } catch (error) {
    if (!isCode(error, 'InvalidRequest')) throw error;
  }
};

import { CancelRotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Context, Probed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { leafAt } from '../leaf-at.ts';
import { isCode } from '../provider-error.ts';
import { keptStage } from './facts.ts';
import type { Place } from './place.ts';
import { rotateNow } from './schedule.ts';
import { describe, moveStage, textOf, versionWith, type Described } from './secret.ts';

/** What became of a rotation that got stuck. */
export type Freed =
  /** The stuck value opened the door and is current now: that was the rotation. */
  | { freed: 'promoted' }
  /** The way is free for a new rotation. */
  | { freed: 'removed' }
  /** Somebody else freed it in the same moment. */
  | { freed: 'elsewhere' }
  | { freed: 'no'; question: string };

/** What a rotation that got stuck left behind: tries its value first, since it may be the only one that still opens the door. */
export const freeStuck = async (edges: Edges, described: Described, pending: string, place: Place, opens: (value: string) => Promise<Probed>, context: Context): Promise<Freed> => {
  const { signal, intent } = context;
  const { place: id } = place;
  const shown = described.Name ?? place.name;
  const found = await textOf(edges, id, pending, signal);
  if (found) {
    const { verdict, note } = await tried(edges, found.text, place, opens, signal);
    if (verdict === 'unknown') {
      return { freed: 'no', question: `a rotation of ${shown} got stuck, and its pending value may be the only one that opens the door (${note}): shall it be promoted, or given up?` };
    }
    if (verdict === 'alive') {
      await intent.note({ place: id, promoted: pending });
      await moveStage(edges, id, 'AWSCURRENT', { to: pending, from: versionWith(described, 'AWSCURRENT') }, signal);
      return { freed: 'promoted' };
    }
  }
  // cancelling names no version: it would end whatever was begun while the value was tried
  const now = await describe(edges, id, signal);
  if (!now || versionWith(now, 'AWSPENDING') !== pending) return { freed: 'elsewhere' };
  const schedule = { lambda: described.RotationLambdaARN, rules: described.RotationRules };
  await intent.note({ place: id, gaveUp: pending, ...schedule });
  // an empty version has nothing to keep
  if (found) await moveStage(edges, id, keptStage, { to: pending, from: otherThan(versionWith(now, keptStage), pending) }, signal);
  const cancelled = await cancel(edges, id, signal);
  if (cancelled !== undefined && cancelled !== pending && (await isPending(edges, id, cancelled, signal))) {
    // the same token again is the same rotation: it goes on
    await rotateNow(edges, id, cancelled, schedule, signal);
    return { freed: 'elsewhere' };
  }
  await unlabel(edges, id, pending, signal);
  return { freed: 'removed' };
};

const otherThan = (version: string | undefined, not: string): string | undefined => (version === not ? undefined : version);

const isPending = async (edges: Edges, place: string, version: string, signal: AbortSignal): Promise<boolean> => {
  const described = await describe(edges, place, signal);
  return described !== undefined && versionWith(described, 'AWSPENDING') === version;
};

/** Whether the pending value opens the door. Dead also where nothing would be lost with it. */
const tried = async (edges: Edges, text: string, { place, copies }: Place, opens: (value: string) => Promise<Probed>, signal: AbortSignal): Promise<Pick<Probed, 'verdict' | 'note'>> => {
  const path = copies.find((copy) => leafAt(text, copy.path) !== undefined)?.path;
  const value = path === undefined ? undefined : leafAt(text, path);
  if (path === undefined || value === undefined) return { verdict: 'unknown', note: 'its text has no such leaf' };
  const current = (await textOf(edges, place, undefined, signal))?.text;
  if (current === text) return { verdict: 'dead', note: 'it is the current text' };
  // what that rotation was about stands elsewhere in the text, and our door says nothing about it
  if (current !== undefined && leafAt(current, path) === value) return { verdict: 'unknown', note: 'it differs from the current one in other leaves only' };
  return opens(value);
};

/** Stops what is being rotated and says which version that was. It also turns automatic rotation off, which the rotation that follows turns on again. */
const cancel = async (edges: Edges, place: string, signal: AbortSignal): Promise<string | undefined> => {
  try {
    const { VersionId } = await edges.clientOf(SecretsManagerClient).send(new CancelRotateSecretCommand({ SecretId: place }), { abortSignal: signal });
    return VersionId;
  } catch (error) {
    if (!isCode(error, 'InvalidRequest')) throw error;
    return undefined;
  }
};

/** Takes AWSPENDING off that version. Fine where it has gone elsewhere by now. */
const unlabel = async (edges: Edges, place: string, pending: string, signal: AbortSignal): Promise<void> => {
  try {
    await moveStage(edges, place, 'AWSPENDING', { from: pending }, signal);
  } catch (error) {
    if (!isCode(error, 'InvalidParameter', 'InvalidRequest') || (await isPending(edges, place, pending, signal))) throw error;
  }
};

import type { Context, Copy, Credential, Left, Store } from '../../core/connector.ts';
import { leavesOf, replaceLeaf } from '../../core/leaves.ts';
import { leafAt } from '../leaf-at.ts';

/** One secret in which bound copies of a key are kept: one text, one version. */
export interface Place {
  place: string;
  copies: Copy[];
}

/** The places that may get a new value, in the order of the copies, and what is left as it is. */
export const placesOf = ({ copies }: Credential): { places: Place[]; left: Left[] } => {
  const places = new Map<string, Place>();
  const left: Left[] = [];
  for (const copy of copies) {
    if (!copy.bound) left.push({ copy, reason: 'nobody vouched for it in the configuration: reported, never written' });
    else if (!copy.current) left.push({ copy, reason: 'an old version: nobody reads it', unread: true });
    else places.set(copy.place, { place: copy.place, copies: [...(places.get(copy.place)?.copies ?? []), copy] });
  }
  return { places: [...places.values()], left };
};

/** The secret half of that key in a text, where the text holds the key. */
export const secretIn = (text: string, { copies }: Place, keyId: string): string | undefined =>
  text.includes(keyId) ? copies.map(({ path }) => leafAt(text, path)).find((value) => value !== undefined) : undefined;

/** Whether the place's current text holds that key already. */
export const holdsPair = async (stores: Store, { place }: Place, keyId: string, context: Context): Promise<boolean> =>
  (await stores.read(place, undefined, context))?.includes(keyId) ?? false;

/** The text with the new secret half at each copy's leaf and the new id for the old one everywhere; a reason where that cannot be. */
export const withPair = (text: string, copies: readonly Copy[], pair: { id: string; secret: string; oldId: string }): { text: string } | Omit<Left, 'copy'> => {
  if (!text.includes(pair.oldId)) return { reason: 'its text no longer holds the id of the old key, so nothing was written', unread: true };
  let edited = text;
  const old = new Set<string>();
  for (const { path } of copies) {
    const leaf = leavesOf(edited).find((one) => one.path === path);
    if (leaf && leaf.names.length > 0 && !leaf.names.some(({ id }) => id === pair.oldId)) return { reason: 'another key stands there now, so nothing was written', unread: true };
    const value = leaf?.value ?? leafAt(edited, path);
    const replaced = replaceLeaf(edited, path, pair.secret);
    if (replaced === undefined) return { reason: 'its text has changed and has no such leaf any more, so nothing was written' };
    if (value !== undefined) old.add(value);
    edited = replaced;
  }
  // the same secret half may stand a second time where the index has not seen it yet
  for (const { path, value } of leavesOf(edited)) if (old.has(value)) edited = replaceLeaf(edited, path, pair.secret) ?? edited;
  return { text: edited.replaceAll(pair.oldId, pair.id) };
};

/** Writes the pair to one place. Undefined where it is there now; else why it was left. A text that has been given another key no longer needs ours. */
export const writePair = async (stores: Store, { place, copies }: Place, pair: { id: string; secret: string; oldId: string }, token: string, context: Context): Promise<Omit<Left, 'copy'> | undefined> => {
  let why: Omit<Left, 'copy'> | undefined;
  const acted = await stores.replace(
    place,
    (text) => {
      const edited = withPair(text, copies, pair);
      why = 'reason' in edited ? edited : undefined;
      return 'reason' in edited ? text : edited.text;
    },
    token,
    context,
  );
  if (why !== undefined) return why;
  switch (acted.result) {
    case 'done':
    case 'already':
      return undefined;
    case 'refused':
      return { reason: acted.reason, unread: acted.unread };
    case 'pending':
      return { reason: acted.note };
    case 'ask':
      return { reason: acted.question };
  }
};

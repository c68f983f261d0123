import type { Copy } from '../../core/connector.ts';

/** One secret with the copies that are kept in it. */
export interface Place {
  place: string;
  name: string;
  copies: Copy[];
}

/** The bound copies by their secret, and the others with the reason why they are left. */
export const placesOf = (copies: readonly Copy[]): { places: Place[]; left: { copy: Copy; reason: string }[] } => {
  const places = new Map<string, Place>();
  const left: { copy: Copy; reason: string }[] = [];
  for (const copy of copies) {
    if (!copy.bound) left.push({ copy, reason: 'nobody vouched for it in the configuration: reported, never rotated' });
    else places.set(copy.place, { place: copy.place, name: copy.name, copies: [...(places.get(copy.place)?.copies ?? []), copy] });
  }
  return { places: [...places.values()], left };
};

import type { Leaf } from './leaves.ts';
import { isAwsSecret } from './shape.ts';

const secretKeyField = /secret/i;

/**
 * Leaves with the key ids that are really theirs. An id stands beside everything in its object, but belongs only to the
 * one value there that can be its secret half; where two can, it belongs to neither, and nobody acts on a guess.
 */
export const paired = (leaves: readonly Leaf[]): Leaf[] => {
  const halves = leaves.filter(({ value, names }) => names.length > 0 && isAwsSecret(value));
  return leaves.map((leaf) => (leaf.names.length === 0 || isTheHalf(leaf, halves) ? leaf : { ...leaf, names: [] }));
};

const isTheHalf = (leaf: Leaf, halves: readonly Leaf[]): boolean => {
  if (!halves.includes(leaf)) return false;
  const rivals = halves.filter((other) => other.value !== leaf.value && other.names.some(({ id }) => leaf.names.some((name) => name.id === id)));
  if (rivals.length === 0) return true;
  // `secretAccessKey` beside `sessionSalt`: the field's own name tells
  return secretKeyField.test(fieldOf(leaf.path)) && rivals.every(({ path }) => !secretKeyField.test(fieldOf(path)));
};

const fieldOf = (path: string): string => path.split(/[.>#]/).at(-1) ?? path;

import { leavesOf } from '../core/leaves.ts';

const fieldOf = (text: string, path: string): string | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    const value = typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>)[path] : undefined;
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
};

/** The value at a copy's path in a secret's text; without a path the first secret-like leaf, else the whole text. Undefined where there is none. */
export const leafAt = (text: string, path: string | undefined): string | undefined => {
  const leaves = leavesOf(text);
  if (path === undefined) return leaves[0]?.value ?? (text.trim() === '' ? undefined : text.trim());
  const found = leaves.find((leaf) => leaf.path === path)?.value ?? fieldOf(text, path);
  return found ?? (path === '' && text.trim() !== '' ? text.trim() : undefined);
};

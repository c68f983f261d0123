import type { Edges } from './edges.ts';

// IAM holds no two roles apart by case
const isLike = (pattern: string, role: string): boolean => (pattern.endsWith('*') ? role.startsWith(pattern.slice(0, -1)) : role === pattern);

/** Whether a role of our account, by its name without its path, is one of Rescind's own: one that the edges list, or the one that runs at this moment. */
export const isOwnRole = ({ ownRoles = [] }: Pick<Edges, 'ownRoles'>, role: string, running?: string): boolean => {
  const name = role.toLowerCase();
  return name === running?.toLowerCase() || ownRoles.some((pattern) => isLike(pattern.toLowerCase(), name));
};

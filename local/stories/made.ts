import type { World } from '../world/world.ts';
import type { Truth } from './look.ts';

const named = (id: string, namespace = ''): string => `vault:${id}${namespace === '' ? '' : `@${namespace.replace(/\/$/, '')}`}`;

/** What a token of the world's vault made, and what that made: tokens and leases that must die with it. Orphans are nobody's. */
const madeByToken = ({ tokens, leases = [] }: NonNullable<World['vault']>, credential: string): string[] => {
  const makers = new Set(tokens.filter(({ accessor, namespace }) => accessor !== '' && named(`token/${accessor}`, namespace) === credential).map(({ id }) => id));
  if (makers.size === 0) return [];
  for (let size = 0; size < makers.size; ) {
    size = makers.size;
    for (const { id, parent, orphan } of tokens) if (parent !== undefined && orphan !== true && makers.has(parent)) makers.add(id);
  }
  return [
    ...tokens.filter(({ id, accessor }) => makers.has(id) && accessor !== '').map(({ accessor, namespace }) => named(`token/${accessor}`, namespace)),
    ...leases.filter(({ token }) => token !== undefined && makers.has(token)).map(({ id, namespace }) => named(`lease/${id}`, namespace)),
  ].filter((id) => id !== credential);
};

/** What else must be dead when a lent credential is: its children, as far as the world tells of them, as the truth has them. */
export const madeBy = (credential: string, { vault }: Pick<World, 'vault'>, truth: readonly Truth[]): Truth[] => {
  const bare = credential.replace(/@root$/, '');
  const ids = vault ? madeByToken(vault, bare) : [];
  const [, prefix, namespace = ''] = /^vault:prefix\/([^@]+?)\/?(@.+)?$/.exec(bare) ?? [];
  return truth.filter(({ id }) => ids.includes(id) || (prefix !== undefined && id.startsWith(`vault:lease/${prefix}/`) && id.endsWith(namespace)));
};

import { isEmptyList, objectOf, textOf, textsOf, VaultFailed } from './answer.ts';
import { pathOf } from './names.ts';
import type { Visit } from './visit.ts';

/** What is under a prefix. `isAll` is false where there was more than we count. */
export interface Counted {
  leases: number;
  isAll: boolean;
}

/** Leases under a prefix, whole branches included, found with so many requests at most; the status where the vault does not let us list. */
export const leasesUnder = async (prefix: string, namespace: string, visit: Visit, mostLists = 25): Promise<Counted | { refused: number }> => {
  const open = [prefix];
  let leases = 0;
  for (let lists = 0; open.length > 0; lists += 1) {
    if (lists === mostLists) return { leases, isAll: false };
    const at = open.shift() ?? '';
    const answer = await visit.ask({ method: 'LIST', path: `sys/leases/lookup/${pathOf(at)}/`, namespace }).catch((error: unknown) => {
      if (error instanceof VaultFailed && error.isTooLong) return undefined;
      throw error;
    });
    // more names than are read are leases, or lead to some
    if (!answer) return { leases: leases + 1, isAll: false };
    if (isEmptyList(answer)) continue;
    const keys = answer.status === 200 ? textsOf(answer.data?.keys) : [];
    if (keys.length === 0) return { refused: answer.status };
    for (const key of keys) {
      if (key.endsWith('/')) open.push(`${at}/${key.slice(0, -1)}`);
      else leases += 1;
    }
  }
  return { leases, isAll: true };
};

/** Whether that is nothing at all. */
export const isNone = ({ leases, isAll }: Counted): boolean => leases === 0 && isAll;

/** A count for a person. */
export const countOf = ({ leases, isAll }: Counted): string => `${isAll ? '' : 'at least '}${leases} ${leases === 1 ? 'lease' : 'leases'}`;

/** What the vault has tried and given up: how many leases, and the ids of the first fifty. */
export interface Irrevocable extends Record<string, unknown> {
  irrevocable: number;
  leases: string[];
}

const mostNamed = 50;

/**
 * Asks which leases under a prefix (or which one) the vault has given up. Those stay in its records until somebody mends what
 * fails behind them. Undefined where the vault does not tell.
 */
export const irrevocableUnder = async (prefix: string, namespace: string, visit: Pick<Visit, 'ask'>): Promise<Irrevocable | undefined> => {
  const { status, data } = await visit.ask({ method: 'GET', path: 'sys/leases?type=irrevocable', namespace });
  if (status !== 200 || !Array.isArray(data?.leases)) return undefined;
  const under = data.leases
    .flatMap((one: unknown) => textOf(one) ?? textOf(objectOf(one)?.lease_id) ?? [])
    .filter((id) => id === prefix || id.startsWith(`${prefix}/`));
  return { irrevocable: under.length, leases: under.slice(0, mostNamed) };
};

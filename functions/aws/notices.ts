import { AsyncLocalStorage } from 'node:async_hooks';
import type { Noticed } from './clients.ts';

const current = new AsyncLocalStorage<Noticed[]>();

/** Tells whoever is listening in this call chain; nobody may be. */
export const notice = (noticed: Noticed): void => {
  current.getStore()?.push(noticed);
};

/** Runs something and returns what was noticed meanwhile, each kind once, also when it throws. */
export const noticing = async <T>(work: () => Promise<T>, told: (noticed: Noticed[]) => Promise<void>): Promise<T> => {
  const heard: Noticed[] = [];
  return current.run(heard, async () => {
    try {
      return await work();
    } finally {
      const distinct = new Map(heard.map((n) => [`${n.service} ${n.operation} ${n.error}`, n]));
      if (distinct.size > 0) await told([...distinct.values()]);
    }
  });
};

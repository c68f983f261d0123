/** Which credentials this process saw in the vault. */
export interface Seen {
  add(id: string): void;
  has(id: string): boolean;
}

const most = 10_000;

/** A memory with nothing in it; when it is full it begins anew. */
export const seenOf = (): Seen => {
  const ids = new Set<string>();
  return {
    add: (id) => {
      if (ids.size >= most) ids.clear();
      ids.add(id);
    },
    has: (id) => ids.has(id),
  };
};

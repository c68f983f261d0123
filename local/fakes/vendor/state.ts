/** One key as the vendor keeps it; dead ones stay, so that a truth list can still name them. */
export interface VendorKey {
  id: string;
  user: string;
  value: string;
  alive: boolean;
  /** ISO 8601. */
  createdAt: string;
}

/** All that a vendor knows. */
export interface VendorState {
  users: { name: string }[];
  keys: VendorKey[];
}

/** What exists at a vendor when its world begins, as a world file says it. */
export interface VendorWorld {
  /** The bearer of the admin endpoints. */
  adminKey: string;
  /** Live keys per user; two unless told. */
  maxKeys?: number;
  users: { name: string; keys: { id?: string; value: string; dead?: boolean }[] }[];
  /** After so many wrong keys from one address, everything from there is answered 403 for that long. */
  ban?: { wrongKeys: number; seconds: number };
  /** Requests per second; over it, 429. */
  perSecond?: number;
}

export type VendorChange =
  | { op: 'add-user'; name: string }
  | { op: 'add-key'; key: VendorKey }
  /** All keys of the user but this one die. */
  | { op: 'replace-keys'; key: VendorKey }
  | { op: 'kill-key'; id: string };

/** The state that a world begins with; keys without an id get one from their place. */
export const initialVendor = (world: VendorWorld, at: Date): VendorState => ({
  users: world.users.map(({ name }) => ({ name })),
  keys: world.users.flatMap(({ name, keys }) =>
    keys.map(({ id, value, dead }, index) => ({ id: id ?? `key_${name}_${index + 1}`, user: name, value, alive: dead !== true, createdAt: at.toISOString() })),
  ),
});

/** Makes one change in place; making it again changes nothing. */
export const applyVendorChange = (state: VendorState, change: VendorChange): void => {
  switch (change.op) {
    case 'add-user':
      if (!state.users.some(({ name }) => name === change.name)) state.users.push({ name: change.name });
      return;
    case 'replace-keys':
      for (const key of state.keys) if (key.user === change.key.user && key.id !== change.key.id) key.alive = false;
      if (!state.keys.some(({ id }) => id === change.key.id)) state.keys.push({ ...change.key });
      return;
    case 'add-key':
      if (!state.keys.some(({ id }) => id === change.key.id)) state.keys.push({ ...change.key });
      return;
    case 'kill-key':
      for (const key of state.keys) if (key.id === change.id) key.alive = false;
  }
};

/** The tables, as data: the stack, the local service and the tests create them from here. Keys are explained in docs/storage.md. */
export interface TableDefinition {
  name: 'registry' | 'ledger' | 'leases';
  partitionKey: 'pk';
  sortKey: 'sk';
  /** Items disappear after this time (seconds since 1970), within days: housekeeping, never a timer. */
  expires: 'expires';
  indexes: { name: string; partitionKey: string; sortKey: string }[];
}

export const tables: Record<TableDefinition['name'], TableDefinition> = {
  registry: { name: 'registry', partitionKey: 'pk', sortKey: 'sk', expires: 'expires', indexes: [{ name: 'byKind', partitionKey: 'kindKey', sortKey: 'sortKey' }] },
  ledger: {
    name: 'ledger',
    partitionKey: 'pk',
    sortKey: 'sk',
    expires: 'expires',
    indexes: [
      { name: 'byKind', partitionKey: 'kindKey', sortKey: 'sortKey' },
      { name: 'byStatus', partitionKey: 'statusKey', sortKey: 'sortKey' },
    ],
  },
  leases: {
    name: 'leases',
    partitionKey: 'pk',
    sortKey: 'sk',
    expires: 'expires',
    indexes: [
      { name: 'byKind', partitionKey: 'kindKey', sortKey: 'sortKey' },
      // what is due next stands first
      { name: 'byStatus', partitionKey: 'statusKey', sortKey: 'dueKey' },
    ],
  },
};

/** The two tables, as data: the stack, the local service and the tests create them from here. Keys are explained in docs/storage.md. */
export interface TableDefinition {
  name: 'registry' | 'ledger';
  partitionKey: 'pk';
  sortKey: 'sk';
  /** Items disappear after this time (seconds since 1970), within days: housekeeping, never a timer. */
  expires: 'expires';
  indexes: { name: string; partitionKey: string; sortKey: string }[];
}

export const tables: { registry: TableDefinition; ledger: TableDefinition } = {
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
};

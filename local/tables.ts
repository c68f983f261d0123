import type { TableDefinition } from '../functions/aws/tables.ts';

/** A table as DynamoDB's own `CreateTable` wants it. */
export const tableInput = ({ name, partitionKey, sortKey, indexes }: TableDefinition) => ({
  TableName: name,
  BillingMode: 'PAY_PER_REQUEST' as const,
  AttributeDefinitions: [...new Set([partitionKey, sortKey, ...indexes.flatMap((i) => [i.partitionKey, i.sortKey])])].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
  KeySchema: [{ AttributeName: partitionKey, KeyType: 'HASH' as const }, { AttributeName: sortKey, KeyType: 'RANGE' as const }],
  GlobalSecondaryIndexes: indexes.map((i) => ({
    IndexName: i.name,
    KeySchema: [{ AttributeName: i.partitionKey, KeyType: 'HASH' as const }, { AttributeName: i.sortKey, KeyType: 'RANGE' as const }],
    Projection: { ProjectionType: 'ALL' as const },
  })),
});

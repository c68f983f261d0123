import { RemovalPolicy } from 'aws-cdk-lib/core';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { tables } from '../functions/aws/tables.ts';
import type { TableDefinition } from '../functions/aws/tables.ts';

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** The registry, the ledger and the leases. They outlive the stack: nothing that deletes the stack deletes the evidence, or forgets what is still lent. */
export class Tables extends Construct {
  readonly registry: Table;
  readonly ledger: Table;
  readonly leases: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.registry = this.table('Registry', tables.registry);
    this.ledger = this.table('Ledger', tables.ledger);
    this.leases = this.table('Leases', tables.leases);
  }

  private table(id: string, definition: TableDefinition): Table {
    const table = new Table(this, id, {
      partitionKey: text(definition.partitionKey),
      sortKey: text(definition.sortKey),
      timeToLiveAttribute: definition.expires,
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    for (const { name, partitionKey, sortKey } of definition.indexes) {
      table.addGlobalSecondaryIndex({ indexName: name, partitionKey: text(partitionKey), sortKey: text(sortKey), projectionType: ProjectionType.ALL });
    }
    return table;
  }
}

/** ARNs of a table's indexes, one by one, so that no grant needs a wildcard. */
export const indexArnsOf = (table: Table, definition: TableDefinition): string[] => definition.indexes.map(({ name }) => `${table.tableArn}/index/${name}`);

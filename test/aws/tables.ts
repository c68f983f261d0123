import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Ledger } from '../../functions/aws/ledger.ts';
import { Registry } from '../../functions/aws/registry.ts';
import { tables } from '../../functions/aws/tables.ts';
import { startDynamo } from '../../local/fakes/platform/dynamo.ts';
import { tableInput } from '../../local/tables.ts';

/** Both tables in memory, and what reads and writes them. */
export const startTables = async (now: () => Date = () => new Date()) => {
  const dynamo = await startDynamo();
  await dynamo.createTables(Object.values(tables).map(tableInput));
  const documents = DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint: dynamo.url, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
    { marshallOptions: { removeUndefinedValues: true } },
  );
  return { documents, ledger: new Ledger(documents, tables.ledger.name, now), registry: new Registry(documents, tables.registry.name), close: () => dynamo.close() };
};

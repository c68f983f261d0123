import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { LambdaClient } from

/** The AWS clients with which the script looks and acts from outside, as the account's owner. */
export const clientsFor = (endpoint: string) => {
  const configuration = { endpoint, region, credentials: owner, maxAttempts: 3 };
  return {
    dynamo: new DynamoDBClient(configuration),
    events: new EventBridgeClient(configuration),
    queues: new SQSClient(configuration),
    states: new SFNClient(configuration),
  };
};

export type Clients = ReturnType<typeof clientsFor>;

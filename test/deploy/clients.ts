import { Agent } from 'node:https';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { owner, region } from './ministack.ts';
import type { Certificate } from './tls.ts';

/** The AWS clients with which the script looks and acts from outside, as the account's owner. */
export const clientsFor = (endpoint: string, { pem }: Certificate) => {
  const configuration = { endpoint, region, credentials: owner, maxAttempts: 3, requestHandler: { httpsAgent: new Agent({ ca: pem, keepAlive: true }) } };
  return {
    documents: DynamoDBDocumentClient.from(new DynamoDBClient(configuration)),
    events: new EventBridgeClient(configuration),
    iam: new IAMClient(configuration),
    queues: new SQSClient(configuration),
    states: new SFNClient(configuration),
  };
};

export type Clients = ReturnType<typeof clientsFor>;

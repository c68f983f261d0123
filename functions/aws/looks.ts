import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DeleteCommand, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Case } from '../core/case.ts';
import type { Credential } from '../core/connector.ts';
import type { ClientOf } from './clients.ts';
import type { Ledger } from './ledger.ts';

/** That something is to be looked at once more: what was minted from a credential may come to light after its case ended green. */
export interface Look {
  case: string;
  credential: Pick<Credential, 'id' | 'issuer' | 'name' | 'principal' | 'account'>;
  /** ISO 8601: what was minted from then on. */
  since: string;
  /** ISO 8601: not before then. */
  due: string;
}

/** What index is told for each look that is due: which one. */
export interface LookMessage extends Pick<Look, 'case' | 'due'> {
  kind: 'look';
}

/** All in one place and by time: what is due is read without an index, which would double what each costs. */
const keyOf = ({ case: caseId, due }: Pick<Look, 'case' | 'due'>) => ({ pk: 'look', sk: `${due}#${caseId}` });

/** What is to be looked at again of a case that ends green now; undefined where its issuer knows everything at once. */
export const lookOf = ({ id, plan, openedAt }: Case, now: Date): Look | undefined => {
  const seconds = plan?.facts.watchSeconds;
  if (!plan || seconds === undefined) return undefined;
  const { id: credential, issuer, name, principal, account } = plan.credential;
  return { case: id, credential: { id: credential, issuer, name, principal, account }, since: openedAt, due: new Date(now.getTime() + seconds * 1000).toISOString() };
};

/** Remembers to look again at a case that ends green now. Twice is fine: it is looked at twice. */
export const putLook = async ({ documents, table }: Ledger, found: Case, now: Date): Promise<void> => {
  const look = lookOf(found, now);
  if (look) await documents.send(new PutCommand({ TableName: table, Item: { ...keyOf(look), look } }));
};

/** The look that a message names; undefined where it was done. */
export const getLook = async ({ documents, table }: Ledger, message: Pick<Look, 'case' | 'due'>): Promise<Look | undefined> => {
  const { Item } = await documents.send(new GetCommand({ TableName: table, Key: keyOf(message), ConsistentRead: true }));
  return Item?.look as Look | undefined;
};

/** Forgets a look that was done. */
export const dropLook = async ({ documents, table }: Ledger, look: Look): Promise<void> => {
  await documents.send(new DeleteCommand({ TableName: table, Key: keyOf(look) }));
};

/** More than are looked at until the next sweep: CloudTrail takes two requests a second. */
const mostAtOnce = 200;

/** Sends the looks that are due to the index, the oldest first. One that is not done by the next sweep is sent again. */
export const sendDueLooks = async ({ ledger, clientOf, indexQueue, now }: { ledger: Ledger; clientOf: ClientOf; indexQueue: string; now: () => Date }): Promise<void> => {
  const { documents, table } = ledger;
  const page = await documents.send(
    new QueryCommand({ TableName: table, KeyConditionExpression: 'pk = :pk AND sk < :now', ExpressionAttributeValues: { ':pk': 'look', ':now': now().toISOString() }, Limit: mostAtOnce }),
  );
  for (const item of page.Items ?? []) {
    const { case: caseId, due } = item.look as Look;
    const message: LookMessage = { kind: 'look', case: caseId, due };
    await clientOf(SQSClient).send(new SendMessageCommand({ QueueUrl: indexQueue, MessageBody: JSON.stringify(message) }));
  }
};

import { DeleteCommand, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Leases } from './leases.ts';
import { isConditionFailed } from './ledger.ts';

/** Who has a credential: leases that hold it, and the one that is ending it, if one is. */
export interface Holders {
  leases: string[];
  ending?: string;
}

const keyOf = (credential: string) => ({ pk: `credential#${credential}`, sk: 'holders' });

const tried = async (work: Promise<unknown>): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch (error) {
    if (isConditionFailed(error)) return false;
    throw error;
  }
};

/** Adds a lease to a credential's holders; false where the credential is being ended by now. Twice is fine. */
export const addHolder = ({ documents, table }: Leases, credential: string, lease: string): Promise<boolean> =>
  tried(
    documents.send(
      new UpdateCommand({
        TableName: table,
        Key: keyOf(credential),
        UpdateExpression: 'ADD holders :me',
        ConditionExpression: 'attribute_not_exists(ending)',
        ExpressionAttributeValues: { ':me': new Set([lease]) },
      }),
    ),
  );

/** Adds a run to a role's holders, whoever is being ended: what is cut is older than its sessions. Twice is fine. */
export const addRoleHolder = async ({ documents, table }: Leases, credential: string, lease: string): Promise<void> => {
  await documents.send(new UpdateCommand({ TableName: table, Key: keyOf(credential), UpdateExpression: 'ADD holders :me', ExpressionAttributeValues: { ':me': new Set([lease]) } }));
};

/** Takes a run off a role's holders if no other has the role, or none at all: true where its sessions may be cut. */
export const claimRole = ({ documents, table }: Leases, credential: string, lease: string): Promise<boolean> =>
  tried(
    documents.send(
      new UpdateCommand({
        TableName: table,
        Key: keyOf(credential),
        UpdateExpression: 'DELETE holders :set',
        ConditionExpression: 'attribute_not_exists(holders) OR contains(holders, :me) AND size(holders) = :one',
        ExpressionAttributeValues: { ':me': lease, ':set': new Set([lease]), ':one': 1 },
      }),
    ),
  );

/** Takes a run off a role's holders, others or none beside it. */
export const leaveRole = async ({ documents, table }: Leases, credential: string, lease: string): Promise<void> => {
  await documents.send(new UpdateCommand({ TableName: table, Key: keyOf(credential), UpdateExpression: 'DELETE holders :set', ExpressionAttributeValues: { ':set': new Set([lease]) } }));
};

/** Claims a credential for its end: true only for the last that holds it, or the one that claimed it before. One conditional write decides. */
export const claimEnd = ({ documents, table }: Leases, credential: string, lease: string, now: Date): Promise<boolean> =>
  tried(
    documents.send(
      new UpdateCommand({
        TableName: table,
        Key: keyOf(credential),
        UpdateExpression: 'SET ending = :me, endingAt = :now DELETE holders :set',
        ConditionExpression: 'ending = :me OR attribute_not_exists(ending) AND attribute_not_exists(holders) OR attribute_not_exists(ending) AND contains(holders, :me) AND size(holders) = :one',
        ExpressionAttributeValues: { ':me': lease, ':set': new Set([lease]), ':now': now.toISOString(), ':one': 1 },
      }),
    ),
  );

/** Takes a lease off the holders while others remain; false where it is the last one. One that is not among them is no harm. */
export const leaveHolders = ({ documents, table }: Leases, credential: string, lease: string): Promise<boolean> =>
  tried(
    documents.send(
      new UpdateCommand({
        TableName: table,
        Key: keyOf(credential),
        UpdateExpression: 'DELETE holders :set',
        ConditionExpression: 'attribute_not_exists(ending) AND attribute_exists(holders) AND (NOT contains(holders, :me) OR size(holders) > :one)',
        ExpressionAttributeValues: { ':me': lease, ':set': new Set([lease]), ':one': 1 },
      }),
    ),
  );

/** Takes off one that holds nothing any more, even the last one: its lease is over. False where the credential is being ended. */
export const dropHolder = ({ documents, table }: Leases, credential: string, lease: string): Promise<boolean> =>
  tried(
    documents.send(
      new UpdateCommand({
        TableName: table,
        Key: keyOf(credential),
        UpdateExpression: 'DELETE holders :set',
        ConditionExpression: 'attribute_not_exists(ending) AND attribute_exists(holders)',
        ExpressionAttributeValues: { ':set': new Set([lease]) },
      }),
    ),
  );

/** Gives a claim back: the lease was renewed after all. */
export const unclaimEnd = ({ documents, table }: Leases, credential: string, lease: string): Promise<boolean> =>
  tried(
    documents.send(
      new UpdateCommand({
        TableName: table,
        Key: keyOf(credential),
        UpdateExpression: 'ADD holders :set REMOVE ending, endingAt',
        ConditionExpression: 'ending = :me',
        ExpressionAttributeValues: { ':me': lease, ':set': new Set([lease]) },
      }),
    ),
  );

/** Forgets a credential whose end is done. Harmless where somebody else has it by now. */
export const forgetHolders = async ({ documents, table }: Leases, credential: string, lease: string): Promise<void> => {
  const key = { TableName: table, Key: keyOf(credential), ExpressionAttributeValues: { ':me': lease } };
  if (await tried(documents.send(new DeleteCommand({ ...key, ConditionExpression: 'ending = :me AND attribute_not_exists(holders)' })))) return;
  await tried(documents.send(new UpdateCommand({ ...key, UpdateExpression: 'REMOVE ending, endingAt', ConditionExpression: 'ending = :me' })));
};

/** Who has a credential at this moment. */
export const holdersOf = async ({ documents, table }: Leases, credential: string): Promise<Holders> => {
  const { Item } = await documents.send(new GetCommand({ TableName: table, Key: keyOf(credential), ConsistentRead: true }));
  return { leases: [...((Item?.holders as Set<string> | undefined) ?? [])].sort(), ...(Item?.ending === undefined ? {} : { ending: String(Item.ending) }) };
};

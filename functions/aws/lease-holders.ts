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

/**
 * Takes a run off a role's holders if no other has the role, or none at all: its sessions may be cut then. Answers when the last
 * of those ended that left the role to others (`lastEnd`, ISO 8601); undefined where others have the role.
 */
export const claimRole = async ({ documents, table }: Leases, credential: string, lease: string): Promise<{ lastEnd?: string } | undefined> => {
  let lastEnd: unknown;
  const claimed = documents.send(
    new UpdateCommand({
      TableName: table,
      Key: keyOf(credential),
      UpdateExpression: 'DELETE holders :set',
      ConditionExpression: 'attribute_not_exists(holders) OR contains(holders, :me) AND size(holders) = :one',
      ExpressionAttributeValues: { ':me': lease, ':set': new Set([lease]), ':one': 1 },
      ReturnValues: 'ALL_OLD',
    }),
  );
  if (!(await tried(claimed.then(({ Attributes }) => (lastEnd = Attributes?.lastEnd))))) return undefined;
  return typeof lastEnd === 'string' ? { lastEnd } : {};
};

/** Takes a run off a role's holders, others or none beside it, and keeps when it ended (ISO 8601) for the one that cuts. */
export const leaveRole = async ({ documents, table }: Leases, credential: string, lease: string, endedAt?: string): Promise<void> => {
  const leaving = { TableName: table, Key: keyOf(credential), UpdateExpression: 'DELETE holders :set', ExpressionAttributeValues: { ':set': new Set([lease]) } };
  const keeping = { ...leaving, UpdateExpression: 'SET lastEnd = :at DELETE holders :set', ConditionExpression: 'attribute_not_exists(lastEnd) OR lastEnd < :at', ExpressionAttributeValues: { ...leaving.ExpressionAttributeValues, ':at': endedAt } };
  if (endedAt !== undefined && (await tried(documents.send(new UpdateCommand(keeping))))) return;
  await documents.send(new UpdateCommand(leaving));
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

/** Takes a lease off the holders while a certain other one is among them; false where that one has left. One that is not among them is no harm. */
export const leaveTo = ({ documents, table }: Leases, credential: string, lease: string, heir: string): Promise<boolean> =>
  tried(
    documents.send(
      new UpdateCommand({
        TableName: table,
        Key: keyOf(credential),
        UpdateExpression: 'DELETE holders :set',
        ConditionExpression: 'attribute_not_exists(ending) AND contains(holders, :heir)',
        ExpressionAttributeValues: { ':heir': heir, ':set': new Set([lease]) },
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

/** Takes away the claim of a lease that is over: whoever lends the credential anew may. */
export const dropClaim = ({ documents, table }: Leases, credential: string, lease: string): Promise<boolean> =>
  tried(documents.send(new UpdateCommand({ TableName: table, Key: keyOf(credential), UpdateExpression: 'REMOVE ending, endingAt', ConditionExpression: 'ending = :me', ExpressionAttributeValues: { ':me': lease } })));

/** Forgets a credential whose end is done. Harmless where somebody else has it by now. */
export const forgetHolders = async (leases: Leases, credential: string, lease: string): Promise<void> => {
  const { documents, table } = leases;
  const whole = { TableName: table, Key: keyOf(credential), ConditionExpression: 'ending = :me AND attribute_not_exists(holders)', ExpressionAttributeValues: { ':me': lease } };
  if (!(await tried(documents.send(new DeleteCommand(whole))))) await dropClaim(leases, credential, lease);
};

/** Who has a credential at this moment. */
export const holdersOf = async ({ documents, table }: Leases, credential: string): Promise<Holders> => {
  const { Item } = await documents.send(new GetCommand({ TableName: table, Key: keyOf(credential), ConsistentRead: true }));
  return { leases: [...((Item?.holders as Set<string> | undefined) ?? [])].sort(), ...(Item?.ending === undefined ? {} : { ending: String(Item.ending) }) };
};

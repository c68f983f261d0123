import { randomUUID } from 'node:crypto';
import { DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Task } from '../core/case.ts';
import { cursorKey, cursorOf, isConditionFailed, type Ledger, type Page } from './ledger.ts';

/** A task as lists show it. */
export interface TaskItem extends Task {
  status: 'open' | 'answered' | 'overdue';
  answer?: string;
  answeredBy?: string;
  reason?: string;
}

/** Which case has a credential. */
export interface Claim {
  case: string;
  /** ISO 8601: when it was last asked for. */
  at: string;
  /** Another one each time that it was asked for. */
  mark?: string;
}

/** One credential, one open case: says which case has it after we asked for ours. One conditional write decides. */
export const claim = async ({ documents, table }: Ledger, credential: string, caseId: string, now = new Date()): Promise<Claim> => {
  const key = { pk: `credential#${credential}`, sk: 'open' };
  const made: Claim = { case: caseId, at: now.toISOString(), mark: randomUUID() };
  try {
    await documents.send(
      new PutCommand({ TableName: table, Item: { ...key, ...made }, ConditionExpression: 'attribute_not_exists(pk) OR #case = :case', ExpressionAttributeNames: { '#case': 'case' }, ExpressionAttributeValues: { ':case': caseId } }),
    );
    return made;
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
    const { Item } = await documents.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }));
    // it may have been released between the two calls
    return Item ? { case: String(Item.case), at: String(Item.at), mark: Item.mark as string | undefined } : claim({ documents, table } as Ledger, credential, caseId, now);
  }
};

/** Longer than whoever claims can take until the case is written. */
const claimPatienceMilliseconds = 150_000;

/** Whether a claim is so old that whoever made it would have written its case by now, were it still at work. */
export const isAbandoned = ({ at }: Claim, now: Date): boolean => now.getTime() - new Date(at).getTime() > claimPatienceMilliseconds;

/** Gives the credential free for the next case. Harmless where another case has it, or where it was asked for again since `mark`. */
export const release = async ({ documents, table }: Ledger, credential: string, caseId: string, mark?: string): Promise<void> => {
  try {
    await documents.send(
      new DeleteCommand({
        TableName: table,
        Key: { pk: `credential#${credential}`, sk: 'open' },
        ConditionExpression: mark === undefined ? '#case = :case' : '#case = :case AND #mark = :mark',
        ExpressionAttributeNames: { '#case': 'case', ...(mark === undefined ? {} : { '#mark': 'mark' }) },
        ExpressionAttributeValues: { ':case': caseId, ...(mark === undefined ? {} : { ':mark': mark }) },
      }),
    );
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
  }
};

/** Stores a task once; an answered one is not opened again. */
export const putTask = async ({ documents, table }: Ledger, task: Task): Promise<void> => {
  try {
    await documents.send(
      new PutCommand({ TableName: table, Item: { pk: `task#${task.id}`, sk: 'task', kindKey: 'task', statusKey: 'task#open', sortKey: `${task.deadline}#${task.id}`, task: { ...task, status: 'open' } satisfies TaskItem }, ConditionExpression: 'attribute_not_exists(pk)' }),
    );
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
  }
};

/** The one task, or undefined. */
export const getTask = async ({ documents, table }: Ledger, id: string): Promise<TaskItem | undefined> => {
  const { Item } = await documents.send(new GetCommand({ TableName: table, Key: { pk: `task#${id}`, sk: 'task' }, ConsistentRead: true }));
  return Item?.task as TaskItem | undefined;
};

/** Gives the first answer; false where somebody answered before. */
export const answerTask = async ({ documents, table }: Ledger, id: string, answer: string, by: string, reason: string): Promise<boolean> => {
  try {
    await documents.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: `task#${id}`, sk: 'task' },
        UpdateExpression: 'SET statusKey = :key, #task.#status = :status, #task.answer = :answer, #task.answeredBy = :by, #task.reason = :reason',
        ConditionExpression: 'attribute_exists(pk) AND #task.#status <> :status',
        ExpressionAttributeNames: { '#task': 'task', '#status': 'status' },
        ExpressionAttributeValues: { ':key': 'task#answered', ':status': 'answered', ':answer': answer, ':by': by, ':reason': reason },
      }),
    );
    return true;
  } catch (error) {
    if (isConditionFailed(error)) return false;
    throw error;
  }
};

/** Tasks by status (`open`, `answered`), the nearest deadline first. */
export const listTasks = async ({ documents, table }: Ledger, status: string | undefined, limit: number, cursor?: string): Promise<Page<TaskItem>> => {
  const page = await documents.send(
    new QueryCommand({
      TableName: table,
      IndexName: status ? 'byStatus' : 'byKind',
      KeyConditionExpression: status ? 'statusKey = :key' : 'kindKey = :key',
      ExpressionAttributeValues: { ':key': status ? `task#${status}` : 'task' },
      Limit: limit,
      ExclusiveStartKey: cursorKey(cursor),
    }),
  );
  return { items: (page.Items ?? []).map((item) => item.task as TaskItem), cursor: cursorOf(page.LastEvaluatedKey) };
};

const wakerDays = 8;

/** Remembers whom to wake when `what` (a case, a secret's ARN) has news. */
export const putWaker = async ({ documents, table }: Ledger, what: string, step: { case: string; attempt: number }, token: string, now: Date): Promise<void> => {
  await documents.send(new PutCommand({ TableName: table, Item: { pk: `waker#${what}`, sk: `case#${step.case}`, token, case: step.case, attempt: step.attempt, expires: Math.floor(now.getTime() / 1000) + wakerDays * 86_400 } }));
};

/** Who waits, and at which step. */
export interface Waker {
  token: string;
  case: string;
  attempt: number;
}

/** Who waits for `what`. */
export const wakersOf = async ({ documents, table }: Ledger, what: string): Promise<Waker[]> => {
  const page = await documents.send(new QueryCommand({ TableName: table, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': `waker#${what}` }, ConsistentRead: true }));
  return (page.Items ?? []).map((item) => ({ token: item.token as string, case: item.case as string, attempt: item.attempt as number }));
};

/** Takes one off the list, unless the same case waits with a newer token by now. */
export const dropWaker = async ({ documents, table }: Ledger, what: string, waker: Waker): Promise<void> => {
  try {
    await documents.send(
      new DeleteCommand({ TableName: table, Key: { pk: `waker#${what}`, sk: `case#${waker.case}` }, ConditionExpression: '#token = :token', ExpressionAttributeNames: { '#token': 'token' }, ExpressionAttributeValues: { ':token': waker.token } }),
    );
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
  }
};

const limitWindowSeconds = 3600;

/** Counts a case under a scope once, and says how many were counted in the last hour (at most `most` + 1). */
export const countUnder = async ({ documents, table }: Ledger, scope: string, caseId: string, openedAt: string, now: Date, most: number): Promise<number> => {
  await documents.send(new PutCommand({ TableName: table, Item: { pk: `limit#${scope}`, sk: `${openedAt}#${caseId}`, expires: Math.floor(now.getTime() / 1000) + 2 * limitWindowSeconds } }));
  const page = await documents.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND sk > :from',
      ExpressionAttributeValues: { ':pk': `limit#${scope}`, ':from': new Date(now.getTime() - limitWindowSeconds * 1000).toISOString() },
      ConsistentRead: true,
      Select: 'COUNT',
      Limit: most + 1,
    }),
  );
  return page.Count ?? 0;
};

import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { caseOf, isBeingWorkedOn, isEnded, type Case, type Entry, type Line } from '../core/case.ts';
import { lineAfter, mostTries, padded } from './chain.ts';

/** A case as lists show it. A projection of its lines: written after them, and again whenever somebody finds it behind. */
export interface CaseHead {
  id: string;
  n: number;
  status: Case['status'];
  openedAt: string;
  endedAt?: string;
  closed?: Case['closed'];
  credential?: string;
  source: string;
  attempt: number;
  /** Whether people were told how its latest attempt ended. */
  reported: boolean;
  /** ISO 8601 of the last line. */
  lastAt: string;
}

export interface Page<T> {
  items: T[];
  cursor?: string;
}


export const isConditionFailed = (error: unknown): boolean => error instanceof Error && error.name === 'ConditionalCheckFailedException';

/** The append-only record of cases: each line carries the hash of the one before it, and one conditional write decides who wrote it. */
export class Ledger {
  readonly table: string;
  readonly documents: DynamoDBDocumentClient;
  private readonly now: () => Date;
  private readonly onLine: (caseId: string, line: Line) => void;

  /** `onLine` hears of each line after it was written: the local service shows it as it comes. */
  constructor(documents: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date(), onLine: (caseId: string, line: Line) => void = () => undefined) {
    this.documents = documents;
    this.table = table;
    this.now = now;
    this.onLine = onLine;
  }

  /** Reads a case, strongly consistent; undefined where there is none. */
  async load(id: string): Promise<Case | undefined> {
    const lines: Line[] = [];
    let from: Record<string, unknown> | undefined;
    do {
      const page = await this.documents.send(
        new QueryCommand({
          TableName: this.table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :line)',
          ExpressionAttributeValues: { ':pk': `case#${id}`, ':line': 'line#' },
          ConsistentRead: true,
          ExclusiveStartKey: from,
        }),
      );
      for (const item of page.Items ?? []) lines.push(item.line as Line);
      from = page.LastEvaluatedKey;
    } while (from);
    return lines.length > 0 ? caseOf(id, lines) : undefined;
  }

  /**
   * Appends what `decide` makes of the case as it stands, and nothing where it returns undefined. Reads again and asks
   * again when somebody else wrote first. Returns the case with the line, and brings its head up to date.
   */
  async tell(id: string, decide: (found: Case) => Entry | undefined, known?: Case): Promise<Case> {
    let found = known ?? (await this.load(id)) ?? caseOf(id, []);
    for (let attempt = 0; attempt < mostTries; attempt += 1) {
      const entry = decide(found);
      if (!entry) return found;
      const line = lineAfter(found.lines.at(-1), entry, this.now());
      try {
        await this.documents.send(
          new PutCommand({
            TableName: this.table,
            Item: { pk: `case#${id}`, sk: `line#${padded(line.n)}`, line },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        );
        this.onLine(id, line);
        const told = caseOf(id, [...found.lines, line]);
        if (headChanged(found, told)) await this.project(told);
        return told;
      } catch (error) {
        if (!isConditionFailed(error)) throw error;
        found = (await this.load(id)) ?? caseOf(id, []);
        // our own write whose answer was lost, and which was sent again
        if (found.lines[line.n - 1]?.hash === line.hash) {
          await this.project(found);
          return found;
        }
      }
    }
    throw new Error(`too many writers on case ${id}: try again`);
  }

  /** Writes the head that lists show. Never overwrites a newer one. */
  async project(found: Case): Promise<void> {
    const first = found.reports[0];
    const last = found.lines.at(-1);
    if (!last) return;
    const head: CaseHead = {
      id: found.id,
      n: last.n,
      status: found.status,
      openedAt: found.openedAt,
      endedAt: found.endedAt,
      closed: found.closed,
      credential: found.credential,
      source: first?.source ?? '',
      attempt: found.attempt,
      reported: isReported(found),
      lastAt: last.at,
    };
    const sortKey = `${found.openedAt}#${found.id}`;
    try {
      await this.documents.send(
        new PutCommand({
          TableName: this.table,
          Item: { pk: `case#${found.id}`, sk: 'head', kindKey: 'case', statusKey: `case#${found.status}`, sortKey, head },
          ConditionExpression: 'attribute_not_exists(pk) OR #head.#n < :n',
          ExpressionAttributeNames: { '#head': 'head', '#n': 'n' },
          ExpressionAttributeValues: { ':n': last.n },
        }),
      );
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
  }

  /** Heads, newest first. */
  async list(status: string | undefined, limit: number, cursor?: string): Promise<Page<CaseHead>> {
    const page = await this.documents.send(
      new QueryCommand({
        TableName: this.table,
        IndexName: status ? 'byStatus' : 'byKind',
        KeyConditionExpression: status ? 'statusKey = :key' : 'kindKey = :key',
        ExpressionAttributeValues: { ':key': status ? `case#${status}` : 'case' },
        ScanIndexForward: false,
        Limit: limit,
        ExclusiveStartKey: cursorKey(cursor),
      }),
    );
    return { items: (page.Items ?? []).map((item) => item.head as CaseHead), cursor: cursorOf(page.LastEvaluatedKey) };
  }

  /** Remembers that a delivery or a credential belongs to a case, for the lists that ask so. */
  async point(from: 'delivery' | 'credential', id: string, found: Case): Promise<void> {
    await this.documents.send(
      new PutCommand({ TableName: this.table, Item: { pk: `${from}#${id}`, sk: `case#${found.openedAt}#${found.id}`, case: found.id } }),
    );
  }

  /** Records a delivery that was understood and of no consequence. */
  async recordIgnored(delivery: string, source: string, reason: string): Promise<void> {
    await this.documents.send(
      new PutCommand({ TableName: this.table, Item: { pk: `delivery#${delivery}`, sk: 'ignored', kindKey: 'ignored', sortKey: `${this.now().toISOString()}#${delivery}`, source, reason } }),
    );
  }

  /** Ids of the cases of a delivery or credential, newest first. */
  async pointed(from: 'delivery' | 'credential', id: string): Promise<string[]> {
    const page = await this.documents.send(
      new QueryCommand({
        TableName: this.table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :case)',
        ExpressionAttributeValues: { ':pk': `${from}#${id}`, ':case': 'case#' },
        ScanIndexForward: false,
      }),
    );
    return (page.Items ?? []).map((item) => item.case as string);
  }
}

const isReported = (found: Case): boolean => found.lines.some((line) => line.kind === 'reported' && line.attempt === found.attempt);

const headChanged = (before: Case, after: Case): boolean =>
  before.lines.length === 0 ||
  before.status !== after.status ||
  before.credential !== after.credential ||
  before.endedAt !== after.endedAt ||
  before.attempt !== after.attempt ||
  isReported(before) !== isReported(after) ||
  isBeingWorkedOn(before) !== isBeingWorkedOn(after) ||
  isEnded(before) !== isEnded(after);

/** A page's end as an opaque word for the next request. */
export const cursorOf = (key: Record<string, unknown> | undefined): string | undefined =>
  key && Buffer.from(JSON.stringify(key)).toString('base64url');

/** The opposite; undefined for anything that is not one of ours. */
export const cursorKey = (cursor: string | undefined): Record<string, unknown> | undefined => {
  if (!cursor) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return typeof key === 'object' && key !== null && 'pk' in key && 'sk' in key ? (key as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

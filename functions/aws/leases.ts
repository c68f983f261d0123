import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { RunName } from '../../events/trigger.ts';
import { leaseOf, type Lease, type LeaseEntry, type LeaseLine, type LeaseStatus } from '../core/lease.ts';
import { runKeyOf, runKeyOfLease } from '../core/lease-terms.ts';
import type { RunEnd } from '../core/run-end.ts';
import { lineAfter, mostTries, padded } from './chain.ts';
import { digest } from './digest.ts';
import { dueLeases, indexKeysOf, pageOfLeases } from './lease-index.ts';
import { isConditionFailed, type Page } from './ledger.ts';

/** A lease as lists show it. A projection of its lines: written after them, and again whenever somebody finds it behind. */
export interface LeaseHead {
  id: string;
  n: number;
  status: LeaseStatus;
  credential: string;
  run: RunName;
  owner: string;
  subject: string;
  registeredAt: string;
  expiresAt: string;
  endedAt?: string;
  pendingSince?: string;
  /** ISO 8601: when its timer goes off, or when it is tried again. */
  dueAt?: string;
  case?: string;
}

/** That a run, or one job of it, is over. */
export interface EndMarker extends RunEnd {
  state: string;
  source: string;
  end: string;
}

/** Where the mark of an end stands. */
export const markerKeyOf = (run: RunName) => ({ pk: `run#${runKeyOf(digest, run)}`, sk: run.job === undefined ? 'ended' : `ended#${digest(run.job).slice(0, 20)}` });

/** Where it stands that a run lives again. */
export const againKeyOf = (run: RunName) => ({ pk: `run#${runKeyOf(digest, run)}`, sk: 'again' });

/** One attempt of a run: its ends, and what was lent to it. */
export interface RunRecord {
  key: string;
  /** The whole run's end. */
  ended?: EndMarker;
  /** Ends of single jobs, by job. */
  jobs: ReadonlyMap<string, EndMarker>;
  leases: Lease[];
}

const markerDays = 14;

/** When what is marked of a run is forgotten, in seconds since 1970. */
export const expiryOfMark = (now: Date): number => Math.floor(now.getTime() / 1000) + markerDays * 86_400;

/** The table of leases: who was lent what, and what became of it; hash-chained lines like the ledger's, grouped by run. */
export class Leases {
  readonly documents: DynamoDBDocumentClient;
  readonly table: string;
  private readonly now: () => Date;
  private readonly onLine: (lease: string, line: LeaseLine) => void;

  constructor(documents: DynamoDBDocumentClient, table: string, now: () => Date = () => new Date(), onLine: (lease: string, line: LeaseLine) => void = () => undefined) {
    this.documents = documents;
    this.table = table;
    this.now = now;
    this.onLine = onLine;
  }

  /** Everything about one attempt of a run, strongly consistent. */
  async run(run: RunName | { key: string }): Promise<RunRecord> {
    const key = 'key' in run ? run.key : runKeyOf(digest, run);
    const items = await this.itemsOf(`run#${key}`);
    const lines = new Map<string, LeaseLine[]>();
    const jobs = new Map<string, EndMarker>();
    let [ended, again]: [EndMarker?, Record<string, unknown>?] = [];
    for (const item of items) {
      const [kind, id = '', part] = String(item.sk).split('#');
      if (kind === 'ended' && item.job === undefined) ended = item.marker as EndMarker;
      else if (kind === 'ended') jobs.set(String(item.job), item.marker as EndMarker);
      else if (kind === 'again') again = item;
      else if (part === 'line') {
        const told = lines.get(id) ?? [];
        told.push(item.line as LeaseLine);
        lines.set(id, told);
      }
    }
    const leases = [...lines].flatMap(([id, told]) => leaseOf(id, told) ?? []);
    const resumed = ended && again && String(again.at) > ended.at ? { resumedAt: String(again.since) } : {};
    return { key, ...(ended ? { ended: { ...ended, ...resumed } } : {}), jobs, leases };
  }

  private async itemsOf(pk: string, prefix?: string): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    let from: Record<string, unknown> | undefined;
    do {
      const page = await this.documents.send(
        new QueryCommand({
          TableName: this.table,
          KeyConditionExpression: prefix === undefined ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': pk, ...(prefix === undefined ? {} : { ':prefix': prefix }) },
          ConsistentRead: true,
          ExclusiveStartKey: from,
        }),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from);
    return items;
  }

  /** One lease, strongly consistent; undefined where there is none. */
  async load(id: string): Promise<Lease | undefined> {
    const key = runKeyOfLease(id);
    if (key === undefined) return undefined;
    const items = await this.itemsOf(`run#${key}`, `lease#${id}#line#`);
    return leaseOf(id, items.map(({ line }) => line as LeaseLine));
  }

  /** Writes that a run, or one job of it, is over. Twice is fine; the latest end of a run that came back counts. */
  async markEnded(run: RunName, marker: EndMarker): Promise<void> {
    const Item = { ...markerKeyOf(run), job: run.job, marker, expires: expiryOfMark(this.now()) };
    try {
      await this.documents.send(
        new PutCommand({ TableName: this.table, Item, ConditionExpression: 'attribute_not_exists(pk) OR marker.#at < :at', ExpressionAttributeNames: { '#at': 'at' }, ExpressionAttributeValues: { ':at': marker.at } }),
      );
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
  }

  /**
   * Appends what `decide` makes of the lease as it stands (undefined: there is none yet), and nothing where it returns
   * undefined. Reads again and asks again when somebody else wrote first. Brings its head up to date, after what must be done
   * `first`: a head that is behind is found again, and the rest with it.
   */
  async tell(id: string, decide: (found: Lease | undefined) => LeaseEntry | undefined, known?: Lease, first?: () => Promise<unknown>): Promise<Lease | undefined> {
    let found = known ?? (await this.load(id));
    for (let attempt = 0; attempt < mostTries; attempt += 1) {
      const entry = decide(found);
      if (!entry) return found;
      const line = lineAfter(found?.lines.at(-1), entry, this.now());
      try {
        await this.documents.send(
          new PutCommand({ TableName: this.table, Item: { pk: `run#${runKeyOfLease(id)}`, sk: `lease#${id}#line#${padded(line.n)}`, line }, ConditionExpression: 'attribute_not_exists(pk)' }),
        );
        this.onLine(id, line);
        const told = leaseOf(id, [...(found?.lines ?? []), line]);
        await first?.();
        if (told && line.kind !== 'noted') await this.project(told);
        return told;
      } catch (error) {
        if (!isConditionFailed(error)) throw error;
        found = await this.load(id);
        // our own write whose answer was lost, and which was sent again
        if (found?.lines[line.n - 1]?.hash === line.hash) {
          await first?.();
          await this.project(found);
          return found;
        }
      }
    }
    throw new Error(`too many writers on lease ${id}: try again`);
  }

  /** Writes the head that lists show. Never overwrites a newer one. Only what is alive or unfinished has a status in the index. */
  async project(lease: Lease): Promise<void> {
    const n = lease.lines.at(-1)?.n ?? 0;
    const dueAt = lease.status === 'active' ? lease.timerAt : lease.dueAt;
    const head: LeaseHead = {
      id: lease.id,
      n,
      status: lease.status,
      credential: lease.terms.credential,
      run: lease.terms.run,
      owner: lease.terms.owner,
      subject: lease.by.as ?? lease.by.subject,
      registeredAt: lease.registeredAt,
      expiresAt: lease.expiresAt,
      endedAt: lease.endedAt,
      pendingSince: lease.pendingSince,
      dueAt,
      case: lease.case,
    };
    try {
      await this.documents.send(
        new PutCommand({
          TableName: this.table,
          Item: { pk: `run#${runKeyOfLease(lease.id)}`, sk: `lease#${lease.id}#head`, ...indexKeysOf(head), head },
          ConditionExpression: 'attribute_not_exists(pk) OR #head.#n < :n',
          ExpressionAttributeNames: { '#head': 'head', '#n': 'n' },
          ExpressionAttributeValues: { ':n': n },
        }),
      );
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
  }

  /** A page of heads, newest first; it may be short, or empty, and still end with a cursor (`pageOfLeases`). */
  list(status: LeaseStatus | undefined, limit: number, cursor?: string): Promise<Page<LeaseHead>> {
    return pageOfLeases(this, status, limit, cursor);
  }

  /** Heads of a status whose time came before `until`, the longest due first, page by page. */
  due(status: 'active' | 'pending-revocation', until: Date): AsyncGenerator<LeaseHead> {
    return dueLeases(this, status, until);
  }

  /** Keeps a use of the API that changes no lease: who looked, and who was refused. */
  async recordUse(use: { what: string; by: object; reason?: string; lease?: string }): Promise<void> {
    const at = this.now().toISOString();
    const id = digest(JSON.stringify([at, use, Math.random()])).slice(0, 12);
    await this.documents.send(new PutCommand({ TableName: this.table, Item: { pk: `use#${at.slice(0, 10)}`, sk: `${at}#${id}`, ...(JSON.parse(JSON.stringify(use)) as object) } }));
  }
}

import { BatchWriteCommand, type DynamoDBDocumentClient, DeleteCommand, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Report } from '../core/case.ts';
import type { Configuration } from '../core/configuration.ts';
import type { Credential } from '../core/connector.ts';
import { bySecret, byValue, credentialOf, identify, secretOf, type Identified, type Leaf } from '../core/identify.ts';
import { cursorKey, cursorOf, type Page } from './ledger.ts';
import { mapLimit } from './limit.ts';

/** What the index remembers of one secret, so that only changed versions are read again. */
export interface SecretState {
  place: string;
  name: string;
  /** Version ids with their labels, as they were when it was indexed. */
  versions: Record<string, string[]>;
  leaves: Pick<Leaf, 'fingerprint' | 'path' | 'names' | 'version' | 'first' | 'spells'>[];
  /** The version of the fingerprint key under which it was indexed last. */
  key?: string;
  /** Why it could not be read, where it could not. */
  unreadable?: string;
}

/** A credential as it is kept; its copies and its owner are told from its leaves and the configuration. */
interface CredentialItem {
  id: string;
  issuer: string;
  owner?: string;
  principal?: string;
  account?: string;
  /** That of its value, where nothing else names it. */
  fingerprint?: string;
}

const batchSize = 25;
const queriesAtOnce = 16;

/** Which credentials exist, where their values are kept, and by which fingerprints they are met. Holds no value. */
export class Registry {
  readonly documents: DynamoDBDocumentClient;
  readonly table: string;

  constructor(documents: DynamoDBDocumentClient, table: string) {
    this.documents = documents;
    this.table = table;
  }

  /** The places where any of these fingerprints was met. One query a fingerprint, however large the registry is. */
  async leavesOf(fingerprints: readonly string[]): Promise<Leaf[]> {
    const found = await Promise.all([...new Set(fingerprints)].map((fingerprint) => this.query<Leaf>(`fingerprint#${fingerprint}`, 'leaf#', 'leaf')));
    return found.flat();
  }

  /** The credentials that any of these fingerprints opens, each with all its copies and the fingerprint of its value. */
  async match(fingerprints: readonly string[], configuration: Configuration): Promise<(Identified & { fingerprint: string | undefined })[]> {
    const values = byValue(fingerprints);
    const met = (await Promise.all(values.map((ofOne) => this.leavesOf(ofOne)))).flat();
    // whoever has a password as it is spelled somewhere has the password: the other places that hold it count as well
    const unsaid = met.map(secretOf).filter((secret) => !fingerprints.includes(secret));
    const found = bySecret([...met, ...(await this.leavesOf(unsaid))], values).flatMap((ofOne) => {
      // never that of a spelling: tried at the door it would be refused, whatever the password does
      const fingerprint = ofOne.find(({ spells }) => spells === undefined)?.fingerprint ?? ofOne.map(secretOf)[0];
      return identify(ofOne, configuration).map(({ credential, certain }) => ({ certain, credential, fingerprint }));
    });
    // two values of one report may lead to the same credential
    const certainFirst = found.sort((a, b) => Number(b.certain) - Number(a.certain));
    const distinct = certainFirst.filter(({ credential }, index) => certainFirst.findIndex((other) => other.credential.id === credential.id) === index);
    return Promise.all(distinct.map(async (one) => ({ ...one, credential: (await this.credential(one.credential.id, configuration, one.credential)) ?? one.credential })));
  }

  /** One credential by id, with the copies known by its name and those that the caller knows; undefined where nothing knows it. */
  async credential(id: string, configuration: Configuration, known?: Credential): Promise<Credential | undefined> {
    const [leaves, { Item }] = await Promise.all([
      this.leavesNaming(id),
      this.documents.send(new GetCommand({ TableName: this.table, Key: { pk: `credential#${id}`, sk: 'credential' }, ConsistentRead: true })),
    ]);
    const item = Item?.credential as CredentialItem | undefined;
    if (!item && leaves.length === 0) return known;
    const built = credentialOf(id, leaves.length > 0 || known?.copies.length ? leaves : await this.leavesOfValue(item), configuration, item);
    const others = (known?.copies ?? []).filter((copy) => !built.copies.some(({ place, path }) => place === copy.place && path === copy.path));
    const copies = [...built.copies, ...others];
    return { ...built, copies, owner: built.owner ?? others.find(({ owner }) => owner)?.owner };
  }

  /** Whether a credential is known, with that principal where one is given. */
  async knows(id: string, principal?: string): Promise<boolean> {
    const { Item } = await this.documents.send(new GetCommand({ TableName: this.table, Key: { pk: `credential#${id}`, sk: 'credential' } }));
    return Item !== undefined && (principal === undefined || (Item.credential as CredentialItem).principal === principal);
  }

  /** Remembers a credential as its issuer lists it, or as its value's `fingerprint` names it. */
  async putCredential({ id, issuer, owner, principal, account }: Omit<Credential, 'copies' | 'name'>, fingerprint?: string): Promise<void> {
    const credential: CredentialItem = { id, issuer, owner, principal, account, fingerprint };
    await this.documents.send(new PutCommand({ TableName: this.table, Item: { pk: `credential#${id}`, sk: 'credential', kindKey: 'credential', sortKey: id, credential } }));
  }

  /** All credentials as `credential` tells of one, a page at a time: one query for the page and one for each in it. */
  async list(limit: number, configuration: Configuration, cursor?: string): Promise<Page<Credential>> {
    const page = await this.documents.send(
      new QueryCommand({ TableName: this.table, IndexName: 'byKind', KeyConditionExpression: 'kindKey = :kind', ExpressionAttributeValues: { ':kind': 'credential' }, Limit: limit, ExclusiveStartKey: cursorKey(cursor) }),
    );
    const items = await mapLimit((page.Items ?? []).map(({ credential }) => credential as CredentialItem), queriesAtOnce, async (item) =>
      credentialOf(item.id, item.fingerprint ? await this.leavesOfValue(item) : await this.leavesNaming(item.id), configuration, item),
    );
    return { items, cursor: cursorOf(page.LastEvaluatedKey) };
  }

  async secret(place: string): Promise<SecretState | undefined> {
    const { Item } = await this.documents.send(new GetCommand({ TableName: this.table, Key: { pk: `secret#${place}`, sk: 'secret' }, ConsistentRead: true }));
    return Item?.secret as SecretState | undefined;
  }

  /** Secrets that the index could not read. */
  async unreadable(limit: number, cursor?: string): Promise<Page<SecretState>> {
    const page = await this.documents.send(
      new QueryCommand({ TableName: this.table, IndexName: 'byKind', KeyConditionExpression: 'kindKey = :kind', ExpressionAttributeValues: { ':kind': 'unreadable' }, Limit: limit, ExclusiveStartKey: cursorKey(cursor) }),
    );
    return { items: (page.Items ?? []).map((item) => item.secret as SecretState), cursor: cursorOf(page.LastEvaluatedKey) };
  }

  /** Makes leaves known by their fingerprints and by the names beside them. */
  async putLeaves(leaves: readonly Leaf[]): Promise<void> {
    const items = leaves.flatMap((leaf) => [
      { pk: `fingerprint#${leaf.fingerprint}`, sk: `leaf#${leaf.place}#${leaf.path}`, leaf },
      ...leaf.names.map((id) => ({ pk: `credential#${id}`, sk: `leaf#${leaf.place}#${leaf.path}`, leaf })),
    ]);
    await this.putAll(items);
  }

  /** Writes what the index knows of a secret; the last thing to be written, since it will not be read again after that. */
  async putSecret(state: SecretState): Promise<void> {
    await this.documents.send(
      new PutCommand({ TableName: this.table, Item: { pk: `secret#${state.place}`, sk: 'secret', secret: state, ...(state.unreadable ? { kindKey: 'unreadable', sortKey: state.name } : {}) } }),
    );
  }

  /** Batched puts; what DynamoDB leaves unprocessed is sent again with growing pauses. */
  async putAll(items: readonly Record<string, unknown>[]): Promise<void> {
    const unique = [...new Map(items.map((item) => [`${String(item.pk)}|${String(item.sk)}`, item])).values()];
    for (let start = 0; start < unique.length; start += batchSize) {
      let rest = unique.slice(start, start + batchSize).map((Item) => ({ PutRequest: { Item } }));
      for (let pause = 50; rest.length > 0; pause = Math.min(pause * 2, 2_000)) {
        const { UnprocessedItems } = await this.documents.send(new BatchWriteCommand({ RequestItems: { [this.table]: rest } }));
        rest = (UnprocessedItems?.[this.table] ?? []) as typeof rest;
        if (rest.length > 0) await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
      }
    }
  }

  /** Reports on watch for a fingerprint. */
  async watched(fingerprint: string): Promise<Report[]> {
    return this.query<Report>(`fingerprint#${fingerprint}`, 'watch#', 'report');
  }

  /** Takes a report off watch. */
  async unwatch(fingerprint: string, caseId: string): Promise<void> {
    await this.documents.send(new DeleteCommand({ TableName: this.table, Key: { pk: `fingerprint#${fingerprint}`, sk: `watch#${caseId}` } }));
  }

  /** Where the walk over everything stands. */
  async walk(): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.documents.send(new GetCommand({ TableName: this.table, Key: { pk: 'index', sk: 'walk' }, ConsistentRead: true }));
    return Item?.walk as Record<string, unknown> | undefined;
  }

  /** Saves it, if one of `holders` has the turn (undefined: nobody had it before). Fails under its condition where somebody else has. */
  async putWalk(walk: Record<string, unknown>, holders: readonly (string | undefined)[]): Promise<void> {
    await this.documents.send(
      new PutCommand({
        TableName: this.table,
        Item: { pk: 'index', sk: 'walk', walk },
        ConditionExpression: ['attribute_not_exists(#walk.#turn)', ...holders.map((_, n) => `#walk.#turn = :holder${n}`)].join(' OR '),
        ExpressionAttributeNames: { '#walk': 'walk', '#turn': 'turn' },
        ExpressionAttributeValues: Object.fromEntries(holders.map((holder, n) => [`:holder${n}`, holder ?? 'nobody'])),
      }),
    );
  }

  private leavesNaming(id: string): Promise<Leaf[]> {
    return this.query<Leaf>(`credential#${id}`, 'leaf#', 'leaf');
  }

  private async leavesOfValue(item: CredentialItem | undefined): Promise<Leaf[]> {
    return item?.fingerprint ? this.leavesOf([item.fingerprint]) : [];
  }

  private async query<T>(pk: string, prefix: string, attribute: string): Promise<T[]> {
    const found: T[] = [];
    let from: Record<string, unknown> | undefined;
    do {
      const page = await this.documents.send(
        new QueryCommand({ TableName: this.table, KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)', ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix }, ConsistentRead: true, ExclusiveStartKey: from }),
      );
      for (const item of page.Items ?? []) found.push(item[attribute] as T);
      from = page.LastEvaluatedKey;
    } while (from);
    return found;
  }
}

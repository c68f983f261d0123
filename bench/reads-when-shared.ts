import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { addHolder } from '../functions/aws/lease-holders.ts';
import { tables } from '../functions/aws/tables.ts';
import { aligned, type Figure, type Tell } from './figure.ts';
import { batchEnded, tokenAt } from './lease-house.ts';
import type { LeaseFunctions } from './lease-functions.ts';
import { leaseAt, leaseItems } from './lease-loader.ts';
import { readsOf, type Reads } from './reads.ts';
import { record, type Sent } from './recorder.ts';

/** By so many leases one credential is held. */
const holders = [1, 10, 100];
/** Reads of an end at most, however many leases hold its credential: its run, the holders, and one of them that is alive. */
const mostReads = 3;

/** Apart from the jobs and tokens of the other pass. */
const firstJob = 3_000_000;

/** The tokens that are shared, by the number of the first job that is lent each. */
export const sharedTokens = holders.map((count) => firstJob + count * 1_000);

interface Shared {
  count: number;
  /** Of each end, one after the other; the last one takes the credential back. */
  ends: Reads[];
}

const mostOf = (ends: readonly Reads[], what: keyof Reads): number => Math.max(...ends.map((reads) => reads[what]));

/** A set of texts is charged as its texts one after the other. */
const withTexts = (output: Sent['output']): Sent['output'] => {
  const { Item } = (output ?? {}) as { Item?: Record<string, unknown> };
  return Item ? { ...output, Item: Object.fromEntries(Object.entries(Item).map(([name, value]) => [name, value instanceof Set ? [...value].join('') : value])) } : output;
};

/** Lends a token to as many jobs and ends all of them, one after the other. Throws where it does not die with the last one and only then. */
const endAll = async ({ release, releaseDeps: { leases, clientOf } }: LeaseFunctions, token: number, count: number): Promise<Shared> => {
  const documents = DynamoDBDocumentClient.from(clientOf(DynamoDBClient), { marshallOptions: { removeUndefinedValues: true } });
  const make = leaseItems(new Date());
  const jobs = Array.from({ length: count }, (_, n) => token + n);
  for (const job of jobs) {
    for (const Item of await make(job, token)) if (Item.sk !== 'holders') await documents.send(new PutCommand({ TableName: tables.leases.name, Item }));
    await addHolder(leases, tokenAt(token), leaseAt(job, token));
  }
  const ends: Reads[] = [];
  for (const job of jobs) {
    const sent: Sent[] = [];
    const stop = record((one) => sent.push(one));
    try {
      await release([batchEnded(job, new Date())]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    } finally {
      stop();
    }
    ends.push(readsOf(sent.map((one) => ({ ...one, output: withTexts(one.output) }))));
    const status = (await leases.load(leaseAt(job, token)))?.status;
    const expected = job === jobs.at(-1) ? 'released' : 'handed-on';
    if (status !== expected) throw new Error(`the lease of job ${job - token + 1} of ${count} is ${status ?? 'not there'}, and not ${expected}`);
  }
  return { count, ends };
};

/** What ends read whose credential is lent under several leases at once. */
export const readsWhenShared = async (functions: LeaseFunctions, tell: Tell): Promise<Figure[]> => {
  const measured: Shared[] = [];
  for (const [step, count] of holders.entries()) measured.push(await endAll(functions, sharedTokens[step] as number, count));
  for (const line of aligned([
    ['leases on one credential', 'queries', 'single reads', 'items', 'bytes', 'read units'],
    ...measured.map(({ count, ends }) => [count, ...(['queries', 'gets', 'items', 'bytes', 'units'] as const).map((what) => mostOf(ends, what))].map(String)),
  ])) tell(line);
  return measured.map(({ count, ends }) => ({ bench: 'reads-per-end', what: `reads of an end whose credential ${count === 1 ? '1 lease holds' : `${count} leases hold`}`, value: Math.max(...ends.map(({ queries, gets }) => queries + gets)), unit: 'reads', limit: count === 1 ? 1 : mostReads }));
};

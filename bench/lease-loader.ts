import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { RunName } from '../events/trigger.ts';
import { digest } from '../functions/aws/digest.ts';
import { Leases } from '../functions/aws/leases.ts';
import { tables } from '../functions/aws/tables.ts';
import { leaseIdOf, timerAt } from '../functions/core/lease-terms.ts';
import type { Caller } from '../functions/core/lease.ts';
import { batchJob, broker, tokenAt } from './lease-house.ts';
import type { Item } from './table-units.ts';

const by: Caller = { issuer: 'aws-iam', subject: broker.role, as: 'broker' };
const hour = 3_600_000;

/** The Batch job of that number, as a run. */
export const runAt = (job: number): RunName => ({ platform: 'aws-batch', run: batchJob(job), attempt: '1' });

/** The lease of that job for the token of that number. */
export const leaseAt = (job: number, token: number): string => leaseIdOf(digest, runAt(job), tokenAt(token), by);

/**
 * The items of leases that are lent, as a registration writes them: made by the code that writes leases, over a table that
 * takes everything; and the holders of each credential.
 */
export const leaseItems = (from: Date): ((job: number, token: number) => Promise<Item[]>) => {
  let items: Item[] = [];
  const documents = {
    send: async ({ input }: { input: { Item?: Item } }) => {
      if (input.Item) items.push(input.Item);
      return {};
    },
  } as unknown as DynamoDBDocumentClient;
  const leases = new Leases(documents, tables.leases.name, () => from);
  const [expiresAt, maximumAt] = [new Date(from.getTime() + hour).toISOString(), new Date(from.getTime() + hour).toISOString()];
  return async (job, token) => {
    items = [];
    const [run, credential, id] = [runAt(job), tokenAt(token), leaseAt(job, token)];
    const terms = { run, credential, owner: 'orders', reason: 'exports the ledger of the day', expiresAt, maximumAt };
    await leases.tell(id, () => ({ kind: 'registered', terms, timerAt: timerAt(id, from, expiresAt).toISOString(), by }));
    return [...items, { pk: `credential#${credential}`, sk: 'holders', holders: new Set([id]) }];
  };
};

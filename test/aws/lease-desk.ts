import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { digest } from '../../functions/aws/digest.ts';
import type { ReleaseDeps } from '../../functions/aws/lease-deps.ts';
import { addHolder, addRoleHolder } from '../../functions/aws/lease-holders.ts';
import { Leases } from '../../functions/aws/leases.ts';
import { tables } from '../../functions/aws/tables.ts';
import { leaseIdOf } from '../../functions/core/lease-terms.ts';
import type { Caller, Ending, Lease } from '../../functions/core/lease.ts';
import { startDynamo } from '../../local/fakes/platform/dynamo.ts';
import { tableInput } from '../../local/tables.ts';

const by: Caller = { issuer: 'aws-iam', subject: 'broker' };
const expiresAt = '2100-01-01T00:00:00.000Z';

/** That a run ended. */
export const runEnded: Ending = { kind: 'run-ended', at: '2026-03-02T08:00:00.000Z', state: 'SUCCEEDED', source: 'nightly' };

/** A call to the table: its name, and what it asked. */
export interface Called {
  name: string;
  input: Record<string, unknown>;
}

/** The table of leases in memory, with every call to it, and somebody who may act between two of them. */
export const openLeaseDesk = async () => {
  const dynamo = await startDynamo();
  await dynamo.createTables([tableInput(tables.leases)]);
  const connect = (): DynamoDBDocumentClient =>
    DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint: dynamo.url, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }), { marshallOptions: { removeUndefinedValues: true } });
  const [heard, documents] = [connect(), connect()];
  const calls: Called[] = [];
  let between: ((called: Called) => Promise<void>) | undefined;
  heard.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      const called = { name: String(context.commandName).replace(/Command$/, ''), input: args.input as Record<string, unknown> };
      calls.push(called);
      await between?.(called);
      return answer;
    },
    { step: 'initialize', name: 'heard' },
  );
  const table = tables.leases.name;
  const [leases, others] = [new Leases(heard, table), new Leases(documents, table)];
  const silent = () => undefined;
  // a run's end that is handed on or claimed touches nothing but the table
  const deps = { leases, now: () => new Date(), count: silent, log: { info: silent, warn: silent, error: silent } } as unknown as ReleaseDeps;
  const lend = async (credential: string, run: string, more: { jobRole?: true } = {}): Promise<Lease> => {
    const name = { platform: 'nightly', run, attempt: '1' };
    const id = leaseIdOf(digest, name, credential, by);
    const lease = await others.tell(id, (found) => (found ? undefined : { kind: 'registered', terms: { run: name, credential, owner: 'orders', reason: 'reads', expiresAt, maximumAt: expiresAt, ...more }, timerAt: expiresAt, by }));
    if (!lease) throw new Error('the lease was not written');
    await (more.jobRole ? addRoleHolder : addHolder)(others, credential, id);
    return lease;
  };
  return {
    documents,
    leases,
    /** The same table, with nobody who listens. */
    others,
    deps,
    calls,
    lend,
    /** Acts after each call from now on, before its answer is used. */
    meanwhile: (act: typeof between) => void (between = act),
    /** Counts what `work` read. */
    readsOf: async (work: () => Promise<unknown>): Promise<number> => {
      const from = calls.length;
      await work();
      return calls.slice(from).filter(({ name }) => name.startsWith('Query') || name.startsWith('Get')).length;
    },
    close: () => dynamo.close(),
  };
};

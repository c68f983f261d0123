import { marshall } from '@aws-sdk/util-dynamodb';
import { mapLimit } from '../functions/aws/limit.ts';
import { armTimer } from '../functions/aws/timers.ts';
import type { Answers } from './at-once.ts';
import { batch } from './batch-size.ts';
import { aligned, median, type Bench } from './figure.ts';
import { leaseFunctions, type LeaseFunctions } from './lease-functions.ts';
import { accessorAt, batchEnded, leaseHouseOf } from './lease-house.ts';
import { leaseAt, leaseItems } from './lease-loader.ts';
import type { Order, OutsideReply, VaultReply } from './lease-outside.ts';
import { ordered } from './own-process.ts';
import { record } from './recorder.ts';
import { smallTable } from './small-table.ts';

const leasesEach = 3;
const seconds = 0.02;
/** Ends and bare calls take turns, so that whatever else the machine does hits both; it only adds to a time, so the quickest turns say what each takes. */
const turns = 20;
const quickest = 5;

interface Pass {
  name: string;
  ends: number;
  /** Ends that are in work at once; each has so many credentials. */
  atOnce: number;
  /** Milliseconds after which the table answers. */
  table: number;
  limit?: number;
}

const warmUp: Pass = { name: 'before anything is measured', ends: 60, atOnce: 3, table: 0 };
const passes: Pass[] = [
  { name: 'three ends at once', ends: 1_000, atOnce: 3, table: 0, limit: 1.5 },
  { name: 'the same with a table that answers in 5 ms', ends: 200, atOnce: 3, table: 5 },
  { name: 'batches of ten, each at once in one process', ends: 200, atOnce: batch, table: 0 },
];

const numbersFrom = (from: number, many: number): number[] => Array.from({ length: many }, (_, n) => from + n);
const tokensOf = (job: number): number[] => numbersFrom(job * leasesEach, leasesEach);

interface Door {
  url: string;
  token: string;
}

/** The bare calls for one credential: revoke, probe, control. Throws where they do not say done, dead and living. */
const bareCalls = async (token: number, { url, token: own }: Door): Promise<void> => {
  const headers = { 'x-vault-token': own, 'content-type': 'application/json' };
  const body = JSON.stringify({ accessor: accessorAt(token) });
  const ask = async (method: string, path: string): Promise<number> => {
    const answer = await fetch(`${url}/v1/auth/token/${path}`, { method, headers, ...(method === 'POST' ? { body } : {}) });
    await answer.text();
    return answer.status;
  };
  const told = [await ask('POST', 'revoke-accessor'), await ask('POST', 'lookup-accessor'), await ask('GET', 'lookup-self')].join(' ');
  if (!/^20[04] (400|403|404) 200$/.test(told)) throw new Error(`the bare calls were answered ${told}`);
};

interface Timed {
  milliseconds: number;
  own: number;
}

const timed = async (work: () => Promise<unknown>): Promise<Timed> => {
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  await work();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { milliseconds, own: (user + system) / 1000 };
};

const quickestOf = (times: readonly Timed[]): number => median(times.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b).slice(0, quickest));

/** Puts what is lent to these jobs into the table, and their timers where they belong. */
const lend = async (jobs: readonly number[], answers: Answers, { releaseDeps }: LeaseFunctions): Promise<void> => {
  const now = new Date();
  const make = leaseItems(now);
  const expiresAt = new Date(now.getTime() + 3_600_000).toISOString();
  const ids: string[] = [];
  for (const job of jobs) {
    for (const token of tokensOf(job)) {
      for (const item of await make(job, token)) answers.PutItem?.({ Item: marshall(item, { removeUndefinedValues: true }) });
      ids.push(leaseAt(job, token));
    }
  }
  await mapLimit(ids, 16, (id) => armTimer({ id, expiresAt }, releaseDeps, { isNew: true }));
};

/** One pass: the fast path's time and that of the bare calls, turn by turn. */
const measure = async ({ ends, atOnce }: Pass, from: number, functions: LeaseFunctions, door: Door, bareFrom: number): Promise<{ fast: Timed; bare: Timed }[]> => {
  const release = async (jobs: readonly number[]): Promise<void> => {
    const messages = jobs.map((job) => batchEnded(job, new Date()));
    if (atOnce < batch) return void (await mapLimit(messages, atOnce, (message) => functions.release([message])));
    for (let n = 0; n < messages.length; n += batch) await functions.release(messages.slice(n, n + batch));
  };
  const bare = (jobs: readonly number[]): Promise<void[]> => mapLimit(jobs.flatMap((job) => tokensOf(job + bareFrom)), atOnce * leasesEach, (token) => bareCalls(token, door));
  const runs: { fast: Timed; bare: Timed }[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const jobs = numbersFrom(from + (turn * ends) / turns, ends / turns);
    runs.push({ fast: await timed(() => release(jobs)), bare: await timed(() => bare(jobs)) });
  }
  return runs;
};

/**
 * A thousand ends with three leases each through `release`, against the bare revoke, probe and control calls for as many
 * credentials to the same vault, which answers in 20 ms, with as many credentials in work at once. The vault is a process of its
 * own; the table is in this one and answers at once.
 */
export const releaseThroughput: Bench = async (tell) => {
  const jobs = [warmUp, ...passes].reduce((sum, { ends }) => sum + ends, 0);
  const house = leaseHouseOf(numbersFrom(0, 2 * jobs * leasesEach));
  const vault = await ordered<Order, VaultReply>('lease-outside.ts', { do: 'vault', world: house.vault, seconds });
  const outside = await ordered<Order, OutsideReply>('lease-outside.ts', { do: 'outside', world: house.world, behaviours: [], claims: [] });
  const answers = smallTable();
  let table = 0;
  const functions = leaseFunctions({ ...outside.reply, tables: { answers, milliseconds: () => table }, configuration: house.configurationAt(vault.reply.url, outside.reply.issuer) });
  const door = { url: vault.reply.url, token: house.vaultToken };
  try {
    await lend(numbersFrom(0, jobs), answers, functions);
    await measure(warmUp, 0, functions, door, jobs);
    const rows = [];
    const figures = [];
    let from = warmUp.ends;
    for (const pass of passes) {
      table = pass.table;
      const calls = new Map<string, number>();
      const stop = record(({ service, operation }) => void calls.set(`${service} ${operation}`, (calls.get(`${service} ${operation}`) ?? 0) + 1));
      const runs = await measure(pass, from, functions, door, jobs);
      stop();
      from += pass.ends;
      const released = calls.get('DynamoDBDocument Delete') ?? 0;
      if (released !== pass.ends * leasesEach) throw new Error(`of ${pass.ends * leasesEach} leases ${released} were released`);
      const sum = (of: (run: (typeof runs)[number]) => number): string => (runs.reduce((total, run) => total + of(run), 0) / 1000).toFixed(1);
      const ratio = quickestOf(runs.map(({ fast }) => fast)) / quickestOf(runs.map(({ bare }) => bare));
      rows.push([pass.name, String(pass.ends * leasesEach), String(pass.atOnce * leasesEach), sum(({ fast }) => fast.milliseconds), sum(({ fast }) => fast.own), sum(({ bare }) => bare.milliseconds), sum(({ bare }) => bare.own), `${ratio.toFixed(2)}x`]);
      figures.push({ bench: 'release-throughput', what: `${pass.name}, against the bare calls`, value: ratio, unit: 'x' as const, limit: pass.limit });
    }
    for (const line of aligned([['', 'credentials', 'at once', 'fast path, s', 'own work', 'bare calls, s', 'own work', ''], ...rows])) tell(line);
    return figures;
  } finally {
    await Promise.all([vault.end(), outside.end()]);
  }
};

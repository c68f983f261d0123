import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aligned, median, type Bench, type Figure } from './figure.ts';
import type { Order, Reply } from './large-leases.ts';
import { leaseFunctions } from './lease-functions.ts';
import { batchEnded, leaseHouseOf } from './lease-house.ts';
import type { Order as OutsideOrder, OutsideReply, VaultReply } from './lease-outside.ts';
import { ordered } from './own-process.ts';
import { readsWhenShared, sharedTokens } from './reads-when-shared.ts';
import { readsOf, type Reads } from './reads.ts';
import { record, type Sent } from './recorder.ts';

const sizes = [1_000, 100_000, 1_000_000];
/** Ends at each size; as many before them are not timed. */
const ends = 20;

/** Jobs that end at one size, spread over the whole table, and none of them at another. */
const askedAt = (step: number): number[] => Array.from({ length: 2 * ends }, (_, n) => Math.floor(((n + 0.5) * (sizes[step] ?? 0)) / (2 * ends)) + step);

interface Measured extends Reads {
  size: number;
  milliseconds: number;
}

/**
 * What the end of a job with one lease reads of the table of leases, however many leases there are, and however many of them
 * are of the same credential. The table is on disk for the first, and in memory for the second, in a process of its own.
 */
export const readsPerEnd: Bench = async (tell) => {
  const path = mkdtempSync(join(tmpdir(), 'bench-leases-'));
  const asked = sizes.flatMap((_, step) => askedAt(step));
  const house = leaseHouseOf([...asked, ...sharedTokens]);
  const vault = await ordered<OutsideOrder, VaultReply>('lease-outside.ts', { do: 'vault', world: house.vault, seconds: 0 });
  const outside = await ordered<OutsideOrder, OutsideReply>('lease-outside.ts', { do: 'outside', world: house.world, behaviours: [], claims: [] });
  const configuration = house.configurationAt(vault.reply.url, outside.reply.issuer);
  const at = Date.now();
  const measured: Measured[] = [];

  const measure = async (url: string, step: number): Promise<Measured> => {
    const functions = leaseFunctions({ ...outside.reply, tables: url, configuration });
    let sent: Sent[] = [];
    const stop = record((one) => sent.push(one));
    const times: number[] = [];
    const seen = new Set<string>();
    try {
      for (const job of askedAt(step)) {
        sent = [];
        const start = performance.now();
        await functions.release([batchEnded(job, new Date())]);
        times.push(performance.now() - start);
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (!sent.some(({ operation }) => operation === 'Delete')) throw new Error(`the lease of job ${job} was not released`);
        seen.add(JSON.stringify(readsOf(sent)));
      }
    } finally {
      stop();
    }
    if (seen.size !== 1) throw new Error(`ends of one kind differ in what they read: ${[...seen].join(' ')}`);
    return { size: sizes[step] ?? 0, milliseconds: median(times.slice(ends)), ...(JSON.parse([...seen][0] ?? '') as Reads) };
  };

  let shared: Figure[] = [];
  try {
    shared = await readsWhenShared(leaseFunctions({ ...outside.reply, configuration }), tell);
    for (const [step, to] of sizes.entries()) {
      const start = performance.now();
      const filling = await ordered<Order, Reply>('large-leases.ts', { do: 'fill', path, from: sizes[step - 1] ?? 0, to, asked, at });
      await filling.end();
      tell(`${to.toLocaleString('en')} leases: ${(filling.reply as { filled: number }).filled.toLocaleString('en')} items written in ${((performance.now() - start) / 1000).toFixed(0)} s`);
      const serving = await ordered<Order, Reply>('large-leases.ts', { do: 'serve', path });
      measured.push(await measure((serving.reply as { url: string }).url, step));
      await serving.end();
    }
  } finally {
    await Promise.all([vault.end(), outside.end()]);
    rmSync(path, { recursive: true, force: true });
  }
  for (const line of aligned([
    ['leases', 'queries', 'single reads', 'items', 'bytes', 'read units', 'ms'],
    ...measured.map(({ size, queries, gets, items, bytes, units, milliseconds }) => [size.toLocaleString('en'), ...[queries, gets, items, bytes, units].map(String), milliseconds.toFixed(1)]),
  ])) tell(line);
  const [first, last] = [measured[0] as Measured, measured.at(-1) as Measured];
  const most = last.size.toLocaleString('en');
  return [
    { bench: 'reads-per-end', what: `reads at ${most} leases`, value: last.queries + last.gets, unit: 'reads', limit: first.queries + first.gets },
    { bench: 'reads-per-end', what: `items read at ${most}, against ${first.size.toLocaleString('en')}`, value: last.items / first.items, unit: 'x', limit: 1 },
    { bench: 'reads-per-end', what: `bytes read at ${most}, against ${first.size.toLocaleString('en')}`, value: last.bytes / first.bytes, unit: 'x', limit: 1 },
    { bench: 'reads-per-end', what: `time at ${most}, against ${first.size.toLocaleString('en')}`, value: last.milliseconds / first.milliseconds, unit: 'x' },
    ...shared,
  ] satisfies Figure[];
};

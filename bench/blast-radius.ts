import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Registry } from '../functions/aws/registry.ts';
import { tables } from '../functions/aws/tables.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import { aligned, median, type Bench, type Figure } from './figure.ts';
import type { Order, Reply } from './large-registry.ts';
import { askedEvery, credentialIdAt, fingerprintAt } from './made-up-registry.ts';
import { ordered } from './own-process.ts';
import { record, type Sent } from './recorder.ts';
import { TableUnits } from './table-units.ts';

const sizes = [1_000, 100_000, 1_000_000];
const queries = 300;
const warmUp = 400;

const configuration: Configuration = { installation: 'bench', mode: 'enforce', owners: [], secrets: [], users: [], probes: [], canaries: [], own: [], exemptions: [], sources: [], limits: { perSource: 1, perOwner: 1, overall: 1, reserve: 0 }, fallbackOwner: 'nobody', taskHours: 24 };

interface Measured {
  size: number;
  reads: number;
  units: number;
  milliseconds: number;
}

/** Matches fingerprints of credentials with three copies each, spread over the whole registry. */
const asked = async (url: string, size: number): Promise<Measured> => {
  const client = new DynamoDBClient({ endpoint: url, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  const registry = new Registry(DynamoDBDocumentClient.from(client), tables.registry.name);
  const units = new TableUnits();
  let sent: Sent[] = [];
  const stop = record((one) => sent.push(one));
  const times: number[] = [];
  const counts = new Set<string>();
  try {
    for (let n = 0; n < queries + warmUp; n += 1) {
      const i = Math.floor(((n * 7_919) % (size / askedEvery)) * askedEvery);
      sent = [];
      const start = performance.now();
      const [match, ...more] = await registry.match([fingerprintAt(i)], configuration);
      const took = performance.now() - start;
      if (match?.credential.id !== credentialIdAt(i) || match.credential.copies.length !== 3 || more.length > 0) throw new Error(`the registry does not lead from fingerprint ${i} to its credential with its three copies`);
      await new Promise((resolve) => setImmediate(resolve));
      if (n < warmUp) continue;
      times.push(took);
      counts.add(JSON.stringify([sent.length, sent.reduce((sum, one) => sum + units.of(one.operation, one.input, one.output).read, 0)]));
    }
  } finally {
    stop();
    client.destroy();
  }
  if (counts.size !== 1) throw new Error(`queries of one kind differ in what they read: ${[...counts].join(' ')}`);
  const [reads, read] = JSON.parse([...counts][0] as string) as [number, number];
  return { size, reads, units: read, milliseconds: median(times) };
};

/** What a query for the blast radius of a leaked value reads and takes, however many credentials the registry holds. The table is on disk, in a process of its own. */
export const blastRadius: Bench = async (tell) => {
  const path = mkdtempSync(join(tmpdir(), 'bench-registry-'));
  const measured: Measured[] = [];
  try {
    let from = 0;
    for (const to of sizes) {
      const start = performance.now();
      const filling = await ordered<Order, Reply>('large-registry.ts', { do: 'fill', path, from, to });
      await filling.end();
      tell(`${to.toLocaleString('en')} credentials: ${(filling.reply as { filled: number }).filled.toLocaleString('en')} items written in ${((performance.now() - start) / 1000).toFixed(0)} s`);
      from = to;
      const serving = await ordered<Order, Reply>('large-registry.ts', { do: 'serve', path });
      measured.push(await asked((serving.reply as { url: string }).url, to));
      await serving.end();
    }
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
  for (const line of aligned([
    ['credentials', 'reads', 'read units', 'ms'],
    ...measured.map(({ size, reads, units, milliseconds }) => [size.toLocaleString('en'), String(reads), String(units), milliseconds.toFixed(2)]),
  ])) tell(line);
  const [first, last] = [measured[0] as Measured, measured.at(-1) as Measured];
  return [
    { bench: 'blast-radius', what: `reads at ${last.size.toLocaleString('en')} credentials`, value: last.reads, unit: 'reads', limit: first.reads },
    { bench: 'blast-radius', what: `read units at ${last.size.toLocaleString('en')}, against ${first.size.toLocaleString('en')}`, value: last.units / first.units, unit: 'x', limit: 1 },
    { bench: 'blast-radius', what: `time at ${last.size.toLocaleString('en')}, against ${first.size.toLocaleString('en')}`, value: last.milliseconds / first.milliseconds, unit: 'x' },
  ] satisfies Figure[];
};

import { parseArgs } from 'node:util';
import { isWithin, tableOf, type Bench, type Figure, type Wishes } from './figure.ts';
import { blastRadius } from './blast-radius.ts';
import { bundles } from './bundles.ts';
import { costOfAnEnd } from './cost-of-an-end.ts';
import { cost } from './cost.ts';
import { indexSecrets } from './index-secrets.ts';
import { memory } from './memory.ts';
import { readsPerEnd } from './reads-per-end.ts';
import { receivedToConfirmed } from './received-to-confirmed.ts';
import { releaseThroughput } from './release-throughput.ts';

/** Every bench, in the order in which they run. */
const benches: Record<string, Bench> = {
  'received-to-confirmed': receivedToConfirmed,
  bundles,
  'blast-radius': blastRadius,
  index: indexSecrets,
  cost,
  'cost-of-an-end': costOfAnEnd,
  'release-throughput': releaseThroughput,
  'reads-per-end': readsPerEnd,
  memory,
};

const usage = `Usage: node bench/run.ts [--only NAME,NAME] [--secrets N] [--check]
  --only    runs these: ${Object.keys(benches).join(', ')}
  --secrets how many secrets the index walks over; 100000 takes many minutes
  --check   ends with exit code 1 if a figure is over its limit`;

const { values } = parseArgs({ options: { only: { type: 'string' }, secrets: { type: 'string' }, check: { type: 'boolean' }, help: { type: 'boolean' } } });
const only = values.only?.split(',') ?? Object.keys(benches);
const secrets = values.secrets === undefined ? undefined : Number(values.secrets);
const stranger = only.find((name) => !(name in benches));
const isWrong = stranger !== undefined || (secrets !== undefined && !(Number.isInteger(secrets) && secrets > 0));
if (values.help || isWrong) {
  console.log(`${stranger === undefined ? '' : `there is no bench ${stranger}\n`}${usage}`);
  process.exit(isWrong ? 2 : 0);
}

const wishes: Wishes = { secrets };
const figures: Figure[] = [];
for (const name of only) {
  const start = performance.now();
  figures.push(...(await (benches[name] as Bench)((line) => console.log(`${name}: ${line}`), wishes)));
  console.log(`${name}: done in ${((performance.now() - start) / 1000).toFixed(0)} s\n`);
}
for (const line of tableOf(figures)) console.log(line);
process.exit(values.check && !figures.every(isWithin) ? 1 : 0);

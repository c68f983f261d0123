import { aligned, type Bench, type Figure } from './figure.ts';
import { manySecrets, type Walk } from './many-secrets.ts';
import { floorSeconds, quotas, secondsAtQuota } from './quota-floor.ts';

const wanted = 100_000;
const usual = [1_000, 4_000];

const reads = ({ calls }: Walk): number => calls['SecretsManager GetSecretValue'] ?? 0;

/** Three walks over a house with so many secrets: everything, nothing new, one changed. */
const walks = async (secrets: number): Promise<[Walk, Walk, Walk]> => {
  const house = manySecrets(secrets);
  const first = await house.walk();
  const second = await house.walk();
  house.change(Math.floor(secrets / 2));
  return [first, second, await house.walk()];
};

/**
 * The index's calls for 100,000 secrets against the fewest that the quotas leave room for. Counted from real walks of the function
 * at two sizes, of which the calls must grow as the secrets do; `--secrets 100000` walks all of them.
 */
export const indexSecrets: Bench = async (tell, { secrets }) => {
  const sizes = secrets === undefined ? usual : [secrets];
  const done: { size: number; walked: [Walk, Walk, Walk] }[] = [];
  for (const size of sizes) {
    const walked = await walks(size);
    done.push({ size, walked });
    const [first, second, third] = walked;
    tell(`${size.toLocaleString('en')} secrets: ${first.seconds.toFixed(1)} s here in ${first.turns} ${first.turns === 1 ? 'turn' : 'turns'}, ${reads(first)} values read; again: ${second.seconds.toFixed(1)} s, ${reads(second)} read; one changed: ${reads(third)} read`);
  }
  const last = done.at(-1) as (typeof done)[number];
  const [first, second, third] = last.walked;
  const grown = Object.fromEntries(Object.entries(first.calls).map(([name, count]) => [name, Math.ceil((count * wanted) / last.size)]));
  for (const line of aligned([
    ['', ...done.map(({ size }) => size.toLocaleString('en')), ...(last.size === wanted ? [] : [`${wanted.toLocaleString('en')}, by proportion`]), 'seconds at the quota'],
    ...Object.keys(first.calls).sort().map((name) => [name, ...done.map(({ walked }) => String(walked[0].calls[name] ?? 0)), ...(last.size === wanted ? [] : [String(grown[name])]), quotas[name] === undefined ? '' : ((grown[name] ?? 0) / quotas[name]).toFixed(1)]),
  ])) tell(line);
  const floor = floorSeconds(wanted);
  tell(`floor: max(secrets / 100 / 100 a second, secrets / 10,000 a second) = ${floor} s for ${wanted.toLocaleString('en')}`);
  return [
    { bench: 'index', what: 'calls at the quota, against the floor', value: secondsAtQuota(grown) / floor, unit: 'x' },
    { bench: 'index', what: 'values read by a second walk', value: reads(second), unit: 'reads', limit: 0 },
    { bench: 'index', what: 'values read where one changed', value: reads(third), unit: 'reads', limit: 1 },
    ...(done.length > 1 ? [{ bench: 'index', what: 'calls per secret, large house against small', value: perSecret(last) / perSecret(done[0] as typeof last), unit: 'x' as const, limit: 1.01 }] : []),
  ] satisfies Figure[];
};

const perSecret = ({ size, walked }: { size: number; walked: [Walk, Walk, Walk] }): number => Object.values(walked[0].calls).reduce((sum, count) => sum + count, 0) / size;

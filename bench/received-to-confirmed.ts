import { synthesizedPlaybooks } from '../infra/playbooks/print.ts';
import { startService } from '../local/service.ts';
import { median, type Bench } from './figure.ts';
import { houseOf } from './house.ts';
import { leapingClock } from './leaping-clock.ts';
import { record, type Client, type Sent } from './recorder.ts';

const leaks = 9;
/** The first leaks warm the process up and are not counted. */
const warmUp = 2;
const seconds = 0.05;
const providers = new Map([['SecretsManager', 'secretsmanager'], ['IAM', 'iam'], ['STS', 'sts'], ['KMS', 'kms'], ['CloudTrail', 'cloudtrail']]);
/** What runs beside the way from the report to the verdict, and is not part of it. */
const beside = ['index', 'world'];

/**
 * One leaked IAM key at a time, from the report's arrival to the outcome `confirmed`, against the very provider calls that were
 * made for it, one after another from bare clients against the same fakes. Waits (for settling, for CloudTrail's two look-ups a
 * second) are leapt over in the one and absent from the other. Our own tables and queues answer as fast as this machine lets them.
 */
export const receivedToConfirmed: Bench = async (tell) => {
  const house = houseOf(Array.from({ length: leaks }, () => ({ copies: 1, others: 0 as const })));
  const clock = leapingClock();
  let confirmed: (at: number) => void = () => undefined;
  let sent: Sent[] = [];
  const service = await startService({
    world: house.world,
    definitions: await synthesizedPlaybooks(),
    clock,
    onLine: (_, line) => {
      if (line.kind !== 'outcome') return;
      if (line.outcome.outcome !== 'confirmed') throw new Error(`the leaked key ended ${line.outcome.outcome}: ${line.outcome.how}`);
      confirmed(performance.now());
    },
  });
  const stop = record((one) => sent.push(one));
  const runs: { whole: number; bare: number; calls: number; leapt: number }[] = [];
  try {
    service.behaviours.set([...providers.values()].map((name) => ({ service: name, effect: 'delay', seconds })));
    for (const key of house.keys) {
      await quiet(service.platform.states.idle);
      sent = [];
      const leaptBefore = clock.leapt();
      const outcome = new Promise<number>((resolve) => (confirmed = resolve));
      const start = performance.now();
      await house.gitleaks(service.url, key.secret, clock);
      const whole = (await outcome) - start;
      const leapt = clock.leapt() - leaptBefore;
      await quiet(service.platform.states.idle);
      const calls = sent.filter(({ service: name, by, start: at }) => providers.has(name) && !beside.includes(by) && at < start + whole).sort((a, b) => a.start - b.start);
      runs.push({ whole, bare: await replay(calls), calls: calls.length, leapt });
    }
  } finally {
    stop();
    await service.close();
  }
  const counted = runs.slice(warmUp);
  const ratio = median(counted.map(({ whole, bare }) => whole / bare));
  const overhead = median(counted.map(({ whole, bare }) => whole - bare));
  const [whole, bare] = [median(counted.map((run) => run.whole)), median(counted.map((run) => run.bare))];
  tell(`${Math.round(whole)} ms for ${counted[0]?.calls ?? 0} provider calls that take ${Math.round(bare)} ms one after another: ${ratio.toFixed(2)}x, ${Math.round(overhead)} ms more (median of ${counted.length}; ${((counted[0]?.leapt ?? 0) / 1000).toFixed(1)} s of waiting left out of both)`);
  return [
    { bench: 'received-to-confirmed', what: 'against the bare provider calls', value: ratio, unit: 'x', limit: 1.5 },
    { bench: 'received-to-confirmed', what: 'overhead', value: overhead, unit: 'ms' },
  ];
};

/** When the playbooks have ended and what they set off has settled. */
const quiet = async (idle: () => Promise<void>): Promise<void> => {
  await idle();
  await new Promise((resolve) => setTimeout(resolve, 700));
};

const replay = async (calls: readonly Sent[]): Promise<number> => {
  const clients = new Map<string, Client>();
  const start = performance.now();
  for (const call of calls) await call.again(clients);
  const took = performance.now() - start;
  for (const client of clients.values()) client.destroy();
  return took;
};

import { createHash } from 'node:crypto';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { CaseView } from '../../functions/core/case-view.ts';
import type { Line } from '../../functions/core/case.ts';
import { clockOf } from '../../local/clock.ts';
import { startOutside, type Outside } from '../../local/outside.ts';
import { functionNames, type FunctionName } from '../../local/roles.ts';
import type { World } from '../../local/world/world.ts';
import { definitionsOnce, openTown, type Delivery, type Town } from '../town.ts';

const speed = 100;
const reads = /^(Get|List|Describe|Query|Lookup|Generate|Scan|Decrypt)/;

/** What a sender does against whatever life is listening. */
export type Send = (town: Town) => Promise<Delivery>;

export interface Plan {
  world: World;
  /** Sent in this order, each after so many milliseconds of the wall, again and again until it is accepted. */
  sends: { send: Send; afterMilliseconds?: number }[];
  /** After which outgoing calls the process is killed: counted over all lives, from 1, from the first report on. */
  crashes: readonly number[];
  /** After which calls only the function that made them is lost, with what it was told; everything around it goes on. */
  losses?: readonly number[];
  /** Counts from the very start: the first walk of the index as well. */
  fromTheStart?: boolean;
  /** Counts only calls that may have changed something outside. */
  onlyChanges?: boolean;
  /** What is over at the end besides cases: where it is given, there need be no case. */
  isOver?: (town: Town) => Promise<boolean>;
  /** Approves whatever a person is asked. */
  approves?: boolean;
}

export interface Ending {
  views: CaseView[];
  outside: Outside;
  /** How many outgoing calls there were. */
  calls: number;
  /** Which call was the last one of each life that was killed. */
  killedAfter: string[];
  published: string[];
  /** What is in the ledger table, as plain objects. */
  items: Record<string, unknown>[];
  wrongs: string[];
}

/** Lives a world to its end through all crashes. What is outside stays; each life begins with nothing in memory. */
export const live = async (plan: Plan): Promise<Ending> => {
  const clock = clockOf(speed);
  const published: string[] = [];
  const outside = await startOutside({ world: plan.world, definitions: await definitionsOnce(), clock, retrySeconds: () => 1, onPublish: ({ message }) => void published.push(message) });
  let calls = 0;
  const killedAfter: string[] = [];
  let ended = false;
  let isCounting = plan.fromTheStart ?? false;
  let isAnswering = false;
  let current: { town: Promise<Town>; killed: AbortController };

  const begin = (): void => {
    const killed = new AbortController();
    const after = async (name: FunctionName, { service, operation }: { service: string; operation: string }): Promise<void> => {
      // we ask the API all the time; what people do through it counts
      if (!isCounting || !functionNames.includes(name) || (name === 'api' && !isAnswering) || (plan.onlyChanges && reads.test(operation))) return;
      calls += 1;
      if (plan.losses?.includes(calls)) {
        killedAfter.push(`${name} ${service} ${operation} (alone)`);
        throw new Error('the function was lost');
      }
      if (!plan.crashes.includes(calls) || killed.signal.aborted) return;
      killedAfter.push(`${name} ${service} ${operation}`);
      killed.abort(new Error('killed'));
      begin();
    };
    const dead = new Promise<never>((_, reject) => killed.signal.addEventListener('abort', () => reject(new Error('killed')), { once: true }));
    const starting = openTown(plan.world, { outside, killed: killed.signal, hooks: { after } });
    // a life that does not come up is begun again, as whoever supervises the process would
    starting.catch(() => {
      if (killed.signal.aborted) return;
      killed.abort(new Error('it did not come up'));
      begin();
    });
    const town = Promise.race([starting, dead]);
    town.catch(() => undefined);
    current = { town, killed };
  };
  begin();

  /** Does something with the life that is going on, and again with the next one where that was killed meanwhile. */
  const withLife = async <T>(work: (town: Town) => Promise<T>): Promise<T> => {
    for (const end = Date.now() + 40_000; ; await new Promise((resolve) => setTimeout(resolve, 10))) {
      try {
        const { town, killed } = current;
        const died = new Promise<never>((_, reject) => (killed.signal.aborted ? reject(new Error('killed')) : killed.signal.addEventListener('abort', () => reject(new Error('killed')), { once: true })));
        died.catch(() => undefined);
        return await Promise.race([town.then(work), died]);
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
  };

  await withLife(async () => undefined);
  isCounting = true;
  await Promise.all(
    plan.sends.map(async ({ send, afterMilliseconds = 0 }) => {
      await new Promise((resolve) => setTimeout(resolve, afterMilliseconds));
      for (;;) {
        const { status } = await withLife(send);
        if (status >= 200 && status < 300) return;
        if (status < 500) throw new Error(`a sender was answered ${status}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }),
  );
  const queues = outside.platform.sqs.queues;
  const isQuiet = async (town: Town): Promise<CaseView[] | undefined> => {
    const isIdle = () => ['rescind-deliveries', 'rescind-index', 'rescind-ends'].every((name) => queues.queue(name).messages.size === 0) && outside.platform.states.executions().every(({ status }) => status !== 'RUNNING');
    const waits = (views: CaseView[]) => views.some(({ status }) => status === 'waiting');
    if (!isIdle()) {
      // a case that waits for a person has a playbook that waits
      const views = await town.views();
      const isOnlyWaiting = waits(views) && ['rescind-deliveries', 'rescind-index'].every((name) => queues.queue(name).messages.size === 0) && views.every(({ ended: over, status }) => over || status === 'waiting');
      return isOnlyWaiting ? views : undefined;
    }
    const views = await town.views();
    if (plan.isOver && !(await plan.isOver(town))) return undefined;
    return (views.length > 0 || plan.isOver) && views.every(({ ended: over }) => over) && isIdle() ? views : undefined;
  };
  let sweepAt = Date.now() + 10_000;
  for (const end = Date.now() + 60_000; !ended; ) {
    const views = await withLife(isQuiet);
    const asked = plan.approves ? views?.flatMap(({ remaining }) => remaining.filter(({ kind }) => kind === 'approve')) ?? [] : [];
    for (const { task } of asked) {
      isAnswering = true;
      const answered = () => withLife((town) => town.ask('POST', `/tasks/${task}`, { answer: 'approve', reason: 'it is ours' }));
      // who gets an error answers again
      while ((await answered()).status >= 500) await new Promise((resolve) => setTimeout(resolve, 20));
      isAnswering = false;
    }
    ended = views !== undefined && asked.length === 0;
    // what we ourselves look at from now on is no part of the story
    if (ended) isCounting = false;
    if (!ended && Date.now() > end) throw new Error(`it did not end; the cases are ${JSON.stringify((await withLife((town) => town.views())).map(({ status, timeline }) => [status, timeline.map(({ what }) => what).join(' ')]))}`);
    // the stack's schedule looks after open cases; here it does when nothing else has for a while
    if (!ended && Date.now() > sweepAt) {
      queues.send('rescind-deliveries', { body: JSON.stringify({ kind: 'sweep' }) });
      queues.send('rescind-ends', { body: JSON.stringify({ kind: 'due' }) });
      sweepAt = Date.now() + 5_000;
    }
    if (!ended) await new Promise((resolve) => setTimeout(resolve, 15));
  }
  const views = await withLife((town) => town.views());
  const documents = DynamoDBDocumentClient.from((await current!.town).clientOf(DynamoDBClient));
  const items: Record<string, unknown>[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const page = await documents.send(new ScanCommand({ TableName: 'ledger', ExclusiveStartKey: from }));
    items.push(...((page.Items ?? []) as Record<string, unknown>[]));
    from = page.LastEvaluatedKey;
  } while (from);
  const total = calls;
  const last = await current!.town;
  const wrongs = [...(await last.wrongs()), ...brokenChains(items)];
  return { views, outside, calls: total, killedAfter, published, items, wrongs };
};

/** Cases whose lines do not follow from each other. */
const brokenChains = (items: readonly Record<string, unknown>[]): string[] => {
  const cases = Map.groupBy(items.filter(({ sk }) => String(sk).startsWith('line#')), ({ pk }) => String(pk));
  return [...cases].flatMap(([id, lines]) => {
    let previous = '0'.repeat(64);
    for (const [index, { line }] of lines.sort((a, b) => (String(a.sk) < String(b.sk) ? -1 : 1)).entries()) {
      const { n, previous: told, hash } = line as Line;
      if (n !== index + 1 || told !== previous) return [`the chain of ${id} breaks at line ${index + 1}`];
      previous = hash;
    }
    return [];
  });
};

/** A number from 0 to 1 that is the same for the same seed and turn. */
export const randomOf = (seed: number): (() => number) => {
  let turn = 0;
  return () => createHash('sha256').update(`${seed} ${(turn += 1)}`).digest().readUInt32BE(0) / 2 ** 32;
};

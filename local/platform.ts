import { join } from 'node:path';
import type { Delivered } from '../functions/aws/lambda.ts';
import type { Clock } from './clock.ts';
import type { AwsService } from './fakes/aws/index.ts';
import type { Behaviours } from './fakes/behaviour.ts';
import { poll } from './fakes/platform/event-source-mapping.ts';
import { createEvents } from './fakes/platform/events.ts';
import { objectsInFolder, objectsInMemory } from './fakes/platform/s3-objects.ts';
import { createScheduler } from './fakes/platform/scheduler.ts';
import { createS3 } from './fakes/platform/s3.ts';
import { createSns, type Sns } from './fakes/platform/sns.ts';
import { journalInFile, journalInMemory, type Journal } from './fakes/platform/sqs-journal.ts';
import { createSqs, type Sqs } from './fakes/platform/sqs.ts';
import type { Invoke } from './fakes/platform/states-task.ts';
import { createStates, type States } from './fakes/platform/states.ts';
import { account, region } from './roles.ts';

export const queueNames = { deliveries: 'rescind-deliveries', index: 'rescind-index', ends: 'rescind-ends' } as const;
export const topicArn = `arn:aws:sns:${region}:${account}:rescind-cases`;
export const bodiesBucket = 'rescind-bodies';
export const playbookArnOf = (name: string): string => `arn:aws:states:${region}:${account}:stateMachine:rescind-${name}`;
export const timerGroup = 'rescind-leases';

const deadLetter = (name: string): string => `${name}-dead`;

/** What Rescind runs on: queues, state machines, a topic, a bus, a bucket. All but the executions outlives a crash of what runs on it. */
export interface Platform {
  sqs: Sqs;
  /** The state machines of the life that is going on. */
  readonly states: States;
  sns: Sns;
  services: Record<string, AwsService>;
  /** Timers of leases that have not gone off. */
  timers(): { name: string; at: string }[];
  /** Delivers the queues to the functions until the signal is aborted. */
  deliver(handle: Readers, signal: AbortSignal): Promise<unknown>;
  deadLetters(): { queue: string; body: string }[];
  /** A life begins: its playbooks call these functions, and no execution of an earlier life is known. */
  begin(invoke: Invoke): void;
  /** A life ends as a killed process does: its executions are lost without a word, and what it had in flight comes again. */
  lose(): void;
  close(): Promise<void>;
}

type Reader = (body: unknown, signal: AbortSignal) => Promise<void>;

/** The functions that read the queues: message by message, or a batch at once with a promise for each. */
export interface Readers extends Record<Exclude<keyof typeof queueNames, 'ends'>, Reader> {
  ends: (batch: readonly Delivered[], signal: AbortSignal) => Promise<void>[];
}

export interface PlatformOptions {
  clock: Clock;
  folder?: string;
  definitions: Record<string, object>;
  /** How timers misbehave. */
  behaviours?: Behaviours;
  onEvent: (event: object) => void;
  onPublish?: (message: { subject?: string; message: string }) => void;
  /** Seconds until a failed message comes again, by how often it came. */
  retrySeconds?: (receiveCount: number) => number;
  onFailure?: (queue: string, error: unknown) => void;
}

/** Starts the platform of one machine. */
export const createPlatform = (options: PlatformOptions): Platform => {
  const { clock, folder } = options;
  const journal: Journal = folder ? journalInFile(join(folder, 'queues.jsonl')) : journalInMemory();
  const stopping = new AbortController();
  const sqs = createSqs({
    queues: Object.values(queueNames).flatMap((name) => [{ name, visibilityTimeout: 60, deadLetter: deadLetter(name), maxReceiveCount: 6 }, { name: deadLetter(name) }]),
    account,
    region,
    clock,
    journal,
    signal: stopping.signal,
  });
  const machines = Object.fromEntries(Object.entries(options.definitions).map(([name, definition]) => [name, { arn: playbookArnOf(name), definition }]));
  const begin = (invoke: Invoke): States => createStates({ machines, invoke, clock, account, region, onStatusChange: options.onEvent });
  let states = begin(() => Promise.reject(new Error('no function is there yet')));
  const sns = createSns({ topics: [topicArn], clock, onPublish: options.onPublish });
  const s3 = createS3({ buckets: [bodiesBucket], objects: folder ? objectsInFolder(join(folder, 'bodies')) : objectsInMemory(), clock });
  const events = createEvents({ account, region, clock, onEvent: options.onEvent });
  const scheduler = createScheduler({
    clock,
    behaviours: options.behaviours,
    account,
    region,
    groups: [timerGroup],
    folder,
    onFire: (arn, body) => void sqs.queues.send(arn.split(':').at(-1) ?? '', { body }),
    signal: stopping.signal,
  });
  const retrySeconds = options.retrySeconds ?? ((count) => Math.min(30, 2 ** count));
  return {
    sqs,
    get states() {
      return states;
    },
    sns,
    services: { sqs: sqs.service, states: (request) => states.service(request), sns: sns.service, s3, events, scheduler: scheduler.service },
    timers: () => scheduler.schedules(),
    begin: (invoke) => {
      states = begin(invoke);
    },
    lose: () => {
      void states.close();
      for (const name of Object.values(queueNames)) sqs.queues.queue(name).release();
    },
    deliver: (handle, signal) =>
      Promise.all(
        (['deliveries', 'index', 'ends'] as const).map((name) =>
          poll({
            queues: sqs.queues,
            queue: queueNames[name],
            concurrency: name === 'index' ? 2 : 5,
            clock,
            signal,
            retryAfterSeconds: retrySeconds,
            handle: async (records, stop) => {
              const failures: { itemIdentifier: string }[] = [];
              const batch = records.map((record) => ({ body: bodyOf(record.body), record }));
              const works = name === 'ends' ? handle.ends(batch, stop) : batch.map(({ body }) => handle[name](body, stop));
              await Promise.all(
                records.map(async (record, n) => {
                  try {
                    await works[n];
                  } catch (error) {
                    options.onFailure?.(name, error);
                    failures.push({ itemIdentifier: record.messageId });
                  }
                }),
              );
              return { batchItemFailures: failures };
            },
          }),
        ),
      ),
    deadLetters: () => Object.values(queueNames).flatMap((name) => [...sqs.queues.queue(deadLetter(name)).messages.values()].map(({ body }) => ({ queue: name, body }))),
    close: async () => {
      stopping.abort(new Error('the platform stops'));
      scheduler.close();
      await states.close();
      journal.close();
    },
  };
};

const bodyOf = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as api from '../functions/api.ts';
import { apiOf } from '../functions/aws/composition-api.ts';
import { dispatchOf } from '../functions/aws/composition-dispatch.ts';
import { leaseApiOf, releaseOf } from '../functions/aws/composition-leases.ts';
import { indexOf } from '../functions/aws/composition-index.ts';
import { recordOf } from '../functions/aws/composition-record.ts';
import { stepsOf } from '../functions/aws/composition-steps.ts';
import { receiveOf, type Foundation } from '../functions/aws/composition.ts';
import { clientsOf, type Called, type ClientConfiguration, type ClientOf } from '../functions/aws/clients.ts';
import type { HttpAnswer, HttpRequest } from '../functions/aws/http.ts';
import type { Delivered } from '../functions/aws/lambda.ts';
import { withoutMessage, type Count, type Log } from '../functions/aws/log.ts';
import { notice } from '../functions/aws/notices.ts';
import { sendDue } from '../functions/aws/due-leases.ts';
import { sweep } from '../functions/aws/sweep.ts';
import { tables } from '../functions/aws/tables.ts';
import * as contain from '../functions/contain.ts';
import type { Line } from '../functions/core/case.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import type { LeaseLine } from '../functions/core/lease.ts';
import type { Step } from '../functions/core/step.ts';
import * as dispatch from '../functions/dispatch.ts';
import * as index from '../functions/index.ts';
import * as plan from '../functions/plan.ts';
import * as probe from '../functions/probe.ts';
import * as leases from '../functions/leases.ts';
import * as receive from '../functions/receive.ts';
import * as record from '../functions/record.ts';
import * as release from '../functions/release.ts';
import * as report from '../functions/report.ts';
import * as revoke from '../functions/revoke.ts';
import * as rotate from '../functions/rotate.ts';
import { acceptEvent } from './accept-event.ts';
import { openFrontDoor } from './front-door.ts';
import { startOutside, type Outside, type OutsideOptions } from './outside.ts';
import { bodiesBucket, playbookArnOf, queueNames, timerGroup, topicArn } from './platform.ts';
import { repeats } from './repeat.ts';
import { account, credentialsOf, region, type FunctionName } from './roles.ts';
import { signForSender } from './world/sign.ts';

export interface ServiceOptions extends Omit<OutsideOptions, 'onFailure'> {
  port?: number;
  mode?: Configuration['mode'];
  log?: Log;
  count?: Count;
  onLine?: (caseId: string, line: Line) => void;
  onLease?: (lease: string, line: LeaseLine) => void;
  /** Hears of a delivery that told nothing new, with the cases that it had led to before. */
  onRepeat?: (cases: readonly string[]) => void;
  /** Hears of each call that a function makes, and of what it asked; `after` runs between the act and the use of its answer. */
  hooks?: { onCall?: (name: FunctionName, called: Called, input: unknown) => void; after?: (name: FunctionName, called: Called) => Promise<void> };
  /** Ends this life as a killed process ends: no call goes out any more, and what comes back is never used (nor is this function's promise, if it was still starting). The outside stays as it is. */
  killed?: AbortSignal;
  /** An outside that was there before and stays: of the options above it, only those of the functions count. */
  outside?: Outside;
}

/** Rescind and its world on one machine. */
export interface Service extends Pick<Outside, 'world' | 'providers' | 'behaviours' | 'platform' | 'truth'> {
  url: string;
  /** The foundation of one function, for tests that look at the tables. */
  foundation(name: FunctionName): Foundation;
  /** Stops in peace; takes the outside with it unless that was handed in. */
  close(): Promise<void>;
}

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const daySeconds = 86_400;
const queueArn = (name: string): string => `arn:aws:sqs:${region}:${account}:${name}`;
const sweepSeconds = 60;
const tickSeconds = 15 * 60;

/** Starts everything: providers, tables, queues, playbooks, functions, and the front door. Resolves when the registry is filled. */
export const startService = async (options: ServiceOptions): Promise<Service> => {
  const log = options.log ?? silent;
  const onFailure = (queue: string, error: unknown): void => log.warn('message failed', { queue, error: error instanceof Error ? error.name : 'unknown' });
  const outside = options.outside ?? (await startOutside({ ...options, onFailure }));
  const { clock, world, providers, behaviours, platform, dynamo, queueUrl, enqueue, truth } = outside;
  const configuration: Configuration = { ...world.configuration, mode: options.mode ?? world.configuration.mode };
  const stopping = new AbortController();
  const deps = new Map<FunctionName, unknown>();
  const repeated = repeats();
  // whoever belongs to a killed process never hears of anything again
  const whileAlive = (): Promise<void> => (options.killed?.aborted ? new Promise<never>(() => undefined) : Promise.resolve());

  const foundation = (name: FunctionName): Foundation => {
    const base: ClientConfiguration = { region, endpoint: providers.aws.url, credentials: credentialsOf(name), maxAttempts: 5, forcePathStyle: true } as ClientConfiguration;
    const hooks = {
      onNotice: notice,
      onCall: (called: Called, input: unknown) => options.hooks?.onCall?.(name, called, input),
      before: whileAlive,
      after: async (called: Called) => {
        await options.hooks?.after?.(name, called);
        await whileAlive();
      },
    };
    const aws = clientsOf(base, hooks);
    const tablesOnly = clientsOf({ ...base, endpoint: dynamo.url }, hooks);
    const clientOf: ClientOf = (make) => ((make as unknown) === DynamoDBClient ? tablesOnly(make) : aws(make));
    return {
      environment: {
        REGISTRY_TABLE: tables.registry.name,
        LEDGER_TABLE: tables.ledger.name,
        DELIVERIES_QUEUE: queueUrl('deliveries'),
        INDEX_QUEUE: queueUrl('index'),
        BODIES_BUCKET: bodiesBucket,
        FINGERPRINT_KEYS: 'v1=alias/rescind-fingerprint-v1',
        HOLD_KEY: 'alias/rescind-hold',
        SECRET_LEAKED_PLAYBOOK: playbookArnOf('secret-leaked'),
        JOB_ENDED_PLAYBOOK: playbookArnOf('job-ended'),
        LEASES_TABLE: tables.leases.name,
        ENDS_QUEUE: queueUrl('ends'),
        ENDS_QUEUE_ARN: queueArn(queueNames.ends),
        ENDS_DEAD_QUEUE_ARN: queueArn(`${queueNames.ends}-dead`),
        TIMERS_GROUP: timerGroup,
        TIMERS_ROLE: `arn:aws:iam::${account}:role/Rescind-timers`,
        CASES_TOPIC: topicArn,
        CONFIGURATION: '',
      },
      configuration,
      clientOf,
      clientsWith: (different) => clientsOf({ ...base, ...different }, hooks),
      ownRoles: ['Rescind-*'],
      fetch: async (...parameters) => {
        await whileAlive();
        const response = await fetch(...parameters);
        await whileAlive();
        return response;
      },
      local: true,
      now: () => clock.now(),
      sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
      log,
      count: options.count ?? (() => undefined),
      onLine: (caseId, line) => {
        repeated.line(line);
        options.onLine?.(caseId, line);
      },
      onLease: options.onLease,
    };
  };
  const depsOf = <T>(name: FunctionName, make: (f: Foundation) => T): T => {
    if (!deps.has(name)) deps.set(name, make(foundation(name)));
    return deps.get(name) as T;
  };

  const steps = { plan: plan.handle, contain: contain.handle, rotate: rotate.handle, revoke: revoke.handle, probe: probe.handle };
  const ends = { record: record.handle, report: report.handle };
  const invoke = async (name: string, payload: Step, signal: AbortSignal): Promise<unknown> => {
    if (name in steps) return steps[name as keyof typeof steps](payload, depsOf(name as FunctionName, stepsOf), signal);
    return ends[name as keyof typeof ends](payload, depsOf(name as FunctionName, recordOf), signal);
  };
  platform.begin((arn, payload, signal) =>
    invoke(arn.split(':function:')[1] ?? '', payload as Step, signal).catch((error: unknown) => {
      throw withoutMessage(error);
    }),
  );

  const answer = async (request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> => {
    if (request.path.startsWith('/triggers/')) return receive.handle(request, depsOf('receive', receiveOf), signal);
    if (request.path === '/world/credentials' && request.method === 'GET') return { status: 200, body: { credentials: await truth() } };
    if (/^\/(iam\/)?leases(\/|$)/.test(request.path)) return leases.handle(request, depsOf('leases', leaseApiOf), signal);
    if (request.path.startsWith('/world/sign/')) return signForSender(request, world, clock.now());
    if (request.path === '/aws-events') return acceptEvent(request, enqueue);
    return api.handle(request, depsOf('api', apiOf), signal);
  };
  const tellRepeat = async (delivery: string): Promise<void> => {
    const cases = await depsOf('dispatch', dispatchOf).ledger.pointed('delivery', delivery);
    if (cases.length > 0) options.onRepeat?.(cases);
  };
  let delivering: Promise<unknown> = Promise.resolve();
  let timers: NodeJS.Timeout[] = [];
  const stop = async (): Promise<void> => {
    timers.forEach(clearInterval);
    stopping.abort(new Error('the service stops'));
    await platform.states.close();
    await delivering;
    if (!options.outside) await outside.close();
  };
  options.killed?.addEventListener('abort', () => {
    timers.forEach(clearInterval);
    stopping.abort(new Error('the process was killed'));
    platform.lose();
  });
  const begin = async (): Promise<Awaited<ReturnType<typeof openFrontDoor>>> => {
    // the registry is filled before the first report is let in
    await index.handle({ kind: 'all' }, depsOf('index', indexOf), stopping.signal);
    // open cases of an earlier life begin their next attempt, before messages can begin one of their own
    await sweep(depsOf('dispatch', dispatchOf), -Infinity);
    // and leases that became due while nobody was there
    await sendDue(depsOf('release', releaseOf), false);
    const handles = {
      deliveries: async (body: unknown, signal: AbortSignal) => {
        await dispatch.handle(body, depsOf('dispatch', dispatchOf), signal);
        const delivery = repeated.handled(body);
        if (delivery !== undefined && options.onRepeat) await tellRepeat(delivery).catch(() => undefined);
      },
      index: (body: unknown, signal: AbortSignal) => index.handle(body, depsOf('index', indexOf), signal),
      ends: (batch: readonly Delivered[], signal: AbortSignal) => release.handleAll(batch, depsOf('release', releaseOf), signal),
    };
    const front = await openFrontDoor(answer, options.port ?? 0);
    options.killed?.addEventListener('abort', () => void front.close());
    delivering = platform.deliver(handles, stopping.signal).catch(() => undefined);
    timers = [every(sweepSeconds, () => enqueue('deliveries', { kind: 'sweep' })), every(sweepSeconds, () => enqueue('ends', { kind: 'due' })), every(daySeconds, () => enqueue('ends', { kind: 'day' })), every(tickSeconds, () => enqueue('index', { kind: 'tick' }))];
    return front;
  };
  const door = await begin().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url: door.url,
    world: { ...world, configuration },
    providers,
    behaviours,
    platform,
    truth,
    foundation,
    close: async () => {
      await door.close();
      await stop();
    },
  };

  function every(seconds: number, work: () => Promise<void>): NodeJS.Timeout {
    return setInterval(() => void work().catch(() => undefined), seconds * 1000).unref();
  }
};

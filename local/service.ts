import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as api from '../functions/api.ts';
import { apiOf } from '../functions/aws/composition-api.ts';
import { dispatchOf } from '../functions/aws/composition-dispatch.ts';
import { indexOf } from '../functions/aws/composition-index.ts';
import { recordOf } from '../functions/aws/composition-record.ts';
import { stepsOf } from '../functions/aws/composition-steps.ts';
import { receiveOf, type Foundation } from '../functions/aws/composition.ts';
import { clientsOf, type Called, type ClientConfiguration, type ClientOf } from '../functions/aws/clients.ts';
import { fingerprintOf } from '../functions/aws/fingerprints.ts';
import type { HttpAnswer, HttpRequest } from '../functions/aws/http.ts';
import type { Count, Log } from '../functions/aws/log.ts';
import { notice } from '../functions/aws/notices.ts';
import { sweep } from '../functions/aws/sweep.ts';
import { tables } from '../functions/aws/tables.ts';
import * as contain from '../functions/contain.ts';
import type { Line } from '../functions/core/case.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import { shortFingerprint } from '../functions/core/identify.ts';
import type { Step } from '../functions/core/step.ts';
import * as dispatch from '../functions/dispatch.ts';
import * as index from '../functions/index.ts';
import * as plan from '../functions/plan.ts';
import * as probe from '../functions/probe.ts';
import * as receive from '../functions/receive.ts';
import * as record from '../functions/record.ts';
import * as report from '../functions/report.ts';
import * as revoke from '../functions/revoke.ts';
import * as rotate from '../functions/rotate.ts';
import type { Clock } from './clock.ts';
import { Behaviours } from './fakes/behaviour.ts';
import { startDynamo } from './fakes/platform/dynamo.ts';
import { openFrontDoor } from './front-door.ts';
import { bodiesBucket, createPlatform, playbookArn, queueNames, topicArn, type Platform } from './platform.ts';
import { startProviders, type Providers } from './providers.ts';
import { account, credentialsOf, region, type FunctionName } from './roles.ts';
import { tableInput } from './tables.ts';
import { fill, makeUpAll } from './world/values.ts';
import type { World } from './world/world.ts';

export interface ServiceOptions {
  world: World;
  /** The playbooks as the CDK synthesized them, by name. */
  definitions: Record<string, object>;
  clock: Clock;
  /** Keeps everything in `DIR/world` (what providers know) and `DIR/rescind` (our own state). */
  data?: string;
  port?: number;
  mode?: Configuration['mode'];
  quotas?: boolean;
  log?: Log;
  count?: Count;
  onLine?: (caseId: string, line: Line) => void;
  onPublish?: (message: { subject?: string; message: string }) => void;
  /** Hears of each call that a function makes; `after` may crash it between the act and the answer. */
  hooks?: { onCall?: (name: FunctionName, called: Called) => void; after?: (name: FunctionName, called: Called) => Promise<void> };
  retrySeconds?: (receiveCount: number) => number;
}

/** Rescind and its world on one machine. */
export interface Service {
  url: string;
  world: World;
  providers: Providers;
  /** How providers misbehave from now on. */
  behaviours: Behaviours;
  platform: Platform;
  /** Every credential of the world as its issuer would decide at this moment. */
  truth(): Promise<{ id: string; issuer: string; alive: boolean }[]>;
  /** The foundation of one function, for tests that look at the tables. */
  foundation(name: FunctionName): Foundation;
  close(): Promise<void>;
}

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const sweepSeconds = 60;
const tickSeconds = 15 * 60;

/** Starts everything: providers, tables, queues, playbooks, functions, and the front door. Resolves when the registry is filled. */
export const startService = async (options: ServiceOptions): Promise<Service> => {
  const { clock } = options;
  const folders = options.data ? { world: join(options.data, 'world'), rescind: join(options.data, 'rescind') } : undefined;
  for (const folder of Object.values(folders ?? {})) mkdirSync(folder, { recursive: true });
  const made = kept(folders && join(folders.world, 'values.json'), () => ({ ...makeUpAll(options.world), kms: randomBytes(32).toString('base64') }));
  const { kms = '', ...values } = made;
  const stopping = new AbortController();
  const deps = new Map<FunctionName, unknown>();
  const behaviours = new Behaviours();
  const dynamo = await startDynamo({ path: folders && join(folders.rescind, 'tables'), clock, behaviours });
  await dynamo.createTables(Object.values(tables).map(tableInput));

  let enqueue: (queue: keyof typeof queueNames, body: object) => Promise<void>;
  // EventBridge's rules: what each queue gets
  const onEvent = (event: object): void => {
    const { source } = event as { source?: string };
    const label = source === 'aws.secretsmanager';
    if (label || ['aws.health'].includes(source ?? '') || isEnding(event)) void enqueue('deliveries', event).catch(() => undefined);
    if (label) void enqueue('index', event).catch(() => undefined);
  };
  const platform = createPlatform({
    clock,
    folder: folders?.rescind,
    definitions: options.definitions,
    invoke: (arn, payload, signal) => invoke(arn.split(':function:')[1] ?? '', payload as Step, signal),
    onEvent,
    onPublish: options.onPublish,
    retrySeconds: options.retrySeconds,
    onFailure: (queue, error) => (options.log ?? silent).warn('message failed', { queue, error: error instanceof Error ? error.name : 'unknown' }),
  });
  const vendorUrls: Record<string, string> = {};
  const first = fill({ ...options.world, configuration: undefined, reports: undefined }, values) as unknown as World;
  behaviours.set(first.behaviours ?? []);
  const providers: Providers = await startProviders({ world: first, clock, behaviours, folder: folders?.world, quotas: options.quotas, extraServices: platform.services, onEvent, kmsMaterial: kms });
  for (const [name, vendor] of providers.vendors) vendorUrls[`vendor.${name}.url`] = vendor.url;
  const world = fill({ ...options.world }, { ...values, ...vendorUrls, 'github.url': providers.github?.url ?? '', 'aws.url': providers.aws.url });
  const configuration: Configuration = { ...world.configuration, mode: options.mode ?? world.configuration.mode };

  const foundation = (name: FunctionName): Foundation => {
    const base: ClientConfiguration = { region, endpoint: providers.aws.url, credentials: credentialsOf(name), maxAttempts: 5, forcePathStyle: true } as ClientConfiguration;
    const hooks = {
      onNotice: notice,
      onCall: (called: Called) => options.hooks?.onCall?.(name, called),
      after: async (called: Called) => options.hooks?.after?.(name, called),
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
        SECRET_LEAKED_PLAYBOOK: playbookArn,
        CASES_TOPIC: topicArn,
        CONFIGURATION: '',
      },
      configuration,
      clientOf,
      clientsWith: (different) => clientsOf({ ...base, ...different }, { onCall: hooks.onCall }),
      ownRoles: ['Rescind-*'],
      fetch: (...parameters) => fetch(...parameters),
      local: true,
      now: () => clock.now(),
      sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
      log: options.log ?? silent,
      count: options.count ?? (() => undefined),
      onLine: options.onLine,
    };
  };
  const queueUrl = (name: keyof typeof queueNames): string => `${providers.aws.url}/${account}/${queueNames[name]}`;
  const made2 = <T>(name: FunctionName, make: (f: Foundation) => T): T => {
    if (!deps.has(name)) deps.set(name, make(foundation(name)));
    return deps.get(name) as T;
  };
  const world$ = clientsOf({ region, endpoint: providers.aws.url, credentials: credentialsOf('world') });
  enqueue = async (queue, body) => {
    await world$(SQSClient).send(new SendMessageCommand({ QueueUrl: queueUrl(queue), MessageBody: JSON.stringify(body) }));
  };

  const steps = { plan: plan.handle, contain: contain.handle, rotate: rotate.handle, revoke: revoke.handle, probe: probe.handle };
  const ends = { record: record.handle, report: report.handle };
  const invoke = async (name: string, payload: Step, signal: AbortSignal): Promise<unknown> => {
    if (name in steps) return steps[name as keyof typeof steps](payload, made2(name as FunctionName, stepsOf), signal);
    return ends[name as keyof typeof ends](payload, made2(name as FunctionName, recordOf), signal);
  };

  const fingerprints = new Map<string, string>();
  const shortOf = async (value: string): Promise<string> => {
    let known = fingerprints.get(value);
    if (!known) fingerprints.set(value, (known = shortFingerprint(await fingerprintOf(world$, { version: 'v1', key: 'alias/rescind-fingerprint-v1' }, value))));
    return known;
  };
  const truth = async (): Promise<{ id: string; issuer: string; alive: boolean }[]> => {
    const list = providers.aws.credentials().map(({ id, alive }) => ({ id, issuer: 'aws-iam-key', alive }));
    for (const [name, vendor] of providers.vendors) {
      const door = world.vendors?.[name]?.probe;
      for (const { value, alive } of vendor.credentials()) {
        const short = await shortOf(value);
        list.push({ id: door ? `declared-probe:${door}/${short}` : `unknown:${short}`, issuer: door ? 'declared-probe' : name, alive });
      }
    }
    for (const { id, alive } of providers.github?.credentials() ?? []) list.push({ id: `github:${id}`, issuer: 'github', alive });
    return list;
  };

  const answer = async (request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> => {
    if (request.path.startsWith('/triggers/')) return receive.handle(request, made2('receive', receiveOf), signal);
    if (request.path === '/world/credentials' && request.method === 'GET') return { status: 200, body: { credentials: await truth() } };
    if (request.path === '/aws-events') return acceptEvent(request, enqueue);
    return api.handle(request, made2('api', apiOf), signal);
  };
  // the registry is filled before the first report is let in
  await index.handle({ kind: 'all' }, made2('index', indexOf), stopping.signal);
  const delivering = platform.deliver(
    {
      deliveries: (body, signal) => dispatch.handle(body, made2('dispatch', dispatchOf), signal),
      index: (body, signal) => index.handle(body, made2('index', indexOf), signal),
    },
    stopping.signal,
  ).catch(() => undefined);
  // open cases of an earlier life begin their next attempt
  await sweep(made2('dispatch', dispatchOf), -1);
  const timers = [every(sweepSeconds, () => enqueue('deliveries', { kind: 'sweep' })), every(tickSeconds, () => enqueue('index', { kind: 'tick' }))];
  const door = await openFrontDoor(answer, options.port ?? 0);
  return {
    url: door.url,
    world: { ...world, configuration },
    providers,
    behaviours,
    platform,
    truth,
    foundation,
    close: async () => {
      timers.forEach(clearInterval);
      stopping.abort(new Error('the service stops'));
      await door.close();
      await platform.close();
      await delivering;
      await providers.close();
      await dynamo.close();
    },
  };

  function every(seconds: number, work: () => Promise<void>): NodeJS.Timeout {
    return setInterval(() => void work().catch(() => undefined), seconds * 1000).unref();
  }
};

const isEnding = (event: object): boolean => {
  const { source, detail } = event as { source?: string; detail?: { status?: string } };
  return source === 'aws.states' && ['FAILED', 'TIMED_OUT', 'ABORTED'].includes(detail?.status ?? '');
};

const acceptEvent = async (request: HttpRequest, enqueue: (queue: 'deliveries' | 'index', body: object) => Promise<void>): Promise<HttpAnswer> => {
  if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: { error: 'events are posted' } };
  let event: unknown;
  try {
    event = JSON.parse(Buffer.from(request.body).toString('utf8'));
  } catch {
    return { status: 400, body: { error: 'the body is not JSON' } };
  }
  if (typeof event !== 'object' || event === null || !('detail-type' in event) || !('source' in event)) return { status: 400, body: { error: 'this is not an event in EventBridge\'s envelope: it needs source, detail-type and detail' } };
  await enqueue('deliveries', event);
  if (event.source === 'aws.secretsmanager') await enqueue('index', event);
  const id = (event as { id?: unknown }).id;
  return { status: 202, body: { delivery: typeof id === 'string' ? id : createHash('sha256').update(request.body).digest('hex').slice(0, 20) } };
};


const kept = (path: string | undefined, make: () => Record<string, string>): Record<string, string> => {
  if (path && existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
  const made = make();
  if (path) writeFileSync(path, JSON.stringify(made), { mode: 0o600 });
  return made;
};

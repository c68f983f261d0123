import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { clientsOf } from '../functions/aws/clients.ts';
import { fingerprintOf } from '../functions/aws/fingerprints.ts';
import { tables } from '../functions/aws/tables.ts';
import { shortFingerprint } from '../functions/core/identify.ts';
import type { Clock } from './clock.ts';
import { Behaviours } from './fakes/behaviour.ts';
import { startDynamo, type Dynamo } from './fakes/platform/dynamo.ts';
import { awsSourceOf } from '../events/index.ts';
import { createPlatform, playbookArnOf, queueNames, type Platform, type PlatformOptions } from './platform.ts';
import { startProviders, type Providers } from './providers.ts';
import { account, credentialsOf, region } from './roles.ts';
import { tableInput } from './tables.ts';
import { fill, makeUpAll } from './world/values.ts';
import type { World } from './world/world.ts';

export type QueueName = keyof typeof queueNames;

export interface OutsideOptions extends Pick<PlatformOptions, 'definitions' | 'onPublish' | 'retrySeconds' | 'onFailure'> {
  world: World;
  clock: Clock;
  /** Keeps everything in `DIR/world` (what providers know) and `DIR/rescind` (our own state). */
  data?: string;
  quotas?: boolean;
}

/** One credential as its issuer would decide at this moment. */
export interface Truth {
  id: string;
  issuer: string;
  alive: boolean;
}

/** What is there whether Rescind runs or not: the providers of a world, its tables, queues, bucket and bus. */
export interface Outside {
  clock: Clock;
  /** The world with its values filled in. */
  world: World;
  providers: Providers;
  /** How providers misbehave from now on. */
  behaviours: Behaviours;
  platform: Platform;
  dynamo: Dynamo;
  queueUrl(name: QueueName): string;
  enqueue(queue: QueueName, body: object): Promise<void>;
  truth(): Promise<Truth[]>;
  close(): Promise<void>;
}

/** Starts the outside: on loopback, in memory or in a folder. Nothing in it acts by itself but the providers. */
export const startOutside = async (options: OutsideOptions): Promise<Outside> => {
  const { clock } = options;
  const folders = options.data ? { world: join(options.data, 'world'), rescind: join(options.data, 'rescind') } : undefined;
  for (const folder of Object.values(folders ?? {})) mkdirSync(folder, { recursive: true });
  const made = kept(folders && join(folders.world, 'values.json'), () => ({ ...makeUpAll(options.world), kms: randomBytes(32).toString('base64') }));
  const { kms = '', ...values } = made;
  const behaviours = new Behaviours();
  const dynamo = await startDynamo({ path: folders && join(folders.rescind, 'tables'), clock, behaviours });
  await dynamo.createTables(Object.values(tables).map(tableInput));

  // EventBridge's rules: what each queue gets
  const onEvent = (event: object): void => {
    for (const queue of queuesFor(event)) void enqueue(queue, event).catch(() => undefined);
  };
  const platform = createPlatform({ ...options, folder: folders?.rescind, behaviours, onEvent });
  const first = fill({ ...options.world, configuration: undefined, reports: undefined, expect: undefined }, values) as unknown as World;
  behaviours.set(first.behaviours ?? []);
  const providers: Providers = await startProviders({ world: first, clock, behaviours, folder: folders?.world, quotas: options.quotas, extraServices: platform.services, onEvent, kmsMaterial: kms });
  const vendorUrls = Object.fromEntries([...providers.vendors].map(([name, vendor]) => [`vendor.${name}.url`, vendor.url]));
  const issuerUrls = Object.fromEntries((options.world.oidc ?? []).map((name) => [`oidc.${name}.url`, providers.oidc?.issuer(name) ?? '']));
  const world = fill({ ...options.world }, { ...values, ...vendorUrls, ...issuerUrls, 'github.url': providers.github?.url ?? '', 'vault.url': providers.vault?.url ?? '', 'aws.url': providers.aws.url, now: '${now}' });

  const clientOf = clientsOf({ region, endpoint: providers.aws.url, credentials: credentialsOf('world') });
  const queueUrl = (name: QueueName): string => `${providers.aws.url}/${account}/${queueNames[name]}`;
  const enqueue = async (queue: QueueName, body: object): Promise<void> => {
    await clientOf(SQSClient).send(new SendMessageCommand({ QueueUrl: queueUrl(queue), MessageBody: JSON.stringify(body) }));
  };

  const shorts = new Map<string, string>();
  const shortOf = async (value: string): Promise<string> => {
    let known = shorts.get(value);
    if (!known) shorts.set(value, (known = shortFingerprint(await fingerprintOf(clientOf, { version: 'v1', key: 'alias/rescind-fingerprint-v1' }, value))));
    return known;
  };
  const truth = async (): Promise<Truth[]> => {
    const list: Truth[] = providers.aws.credentials().map(({ id, alive }) => ({ id, issuer: 'aws-iam-key', alive }));
    for (const [name, vendor] of providers.vendors) {
      const door = world.vendors?.[name]?.probe;
      for (const { value, alive } of vendor.credentials()) {
        const short = await shortOf(value);
        list.push({ id: door ? `declared-probe:${door}/${short}` : `unknown:${short}`, issuer: door ? 'declared-probe' : name, alive });
      }
    }
    for (const { id, alive } of providers.github?.credentials() ?? []) list.push({ id: `github:${id}`, issuer: 'github', alive });
    for (const { id, alive } of providers.vault?.credentials() ?? []) list.push({ id: `vault:${id}`, issuer: 'vault', alive });
    list.push(...providers.aws.lent());
    return list;
  };

  return {
    clock,
    world,
    providers,
    behaviours,
    platform,
    dynamo,
    queueUrl,
    enqueue,
    truth,
    close: async () => {
      await platform.close();
      await providers.close();
      await dynamo.close();
    },
  };
};

/** Which queues EventBridge's rules send an event to, as the stack has them (`infra/events.ts`). */
export const queuesFor = (event: object): QueueName[] => {
  const { source, detail } = event as { source?: unknown; detail?: { status?: string; stateMachineArn?: string } };
  if (source === 'aws.secretsmanager') return ['deliveries', 'index'];
  const isOurs = source === 'aws.states' && playbookArns.includes(detail?.stateMachineArn ?? '');
  if (isOurs) return ['FAILED', 'TIMED_OUT', 'ABORTED'].includes(detail?.status ?? '') ? ['deliveries'] : [];
  const told = awsSourceOf(event);
  return told ? [told.tells === 'run' ? 'ends' : 'deliveries'] : [];
};

const playbookArns = ['secret-leaked', 'job-ended'].map(playbookArnOf);

const kept = (path: string | undefined, make: () => Record<string, string>): Record<string, string> => {
  if (path && existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
  const made = make();
  if (path) {
    // replaced as a whole: a kill in between must not leave half a file behind
    writeFileSync(`${path}.new`, JSON.stringify(made), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return made;
};

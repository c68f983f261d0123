import { createHmac, randomUUID } from 'node:crypto';
import { ListObjectsV2Command, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Webhook } from 'standardwebhooks';
import type { ClientOf } from '../functions/aws/clients.ts';
import type { CaseView } from '../functions/core/case-view.ts';
import { sentenceOf as leaseSentenceOf } from '../functions/core/lease-view.ts';
import { sentenceOf, whatOf } from '../functions/core/story.ts';
import { isAwsKeyId } from '../functions/core/shape.ts';
import type { FunctionName } from '../infra/grants.ts';
import { synthesizedPlaybooks } from '../infra/playbooks/print.ts';
import { clockOf, type Clock } from '../local/clock.ts';
import { bodiesBucket } from '../local/platform.ts';
import { startService, type Service, type ServiceOptions } from '../local/service.ts';
import type { World } from '../local/world/world.ts';
import { leaksIn, valuesAt } from './hygiene.ts';
import { notGranted, recordCalls } from './role-calls.ts';
import { account, valuesReport } from './world-of.ts';

let playbooks: ReturnType<typeof synthesizedPlaybooks> | undefined;

/** The playbooks, synthesized once a process. */
export const definitionsOnce = (): ReturnType<typeof synthesizedPlaybooks> => (playbooks ??= synthesizedPlaybooks());

export interface Delivery {
  status: number;
  body: { delivery?: string; error?: string };
}

/** A running world with its senders, and ears for everything that is said in it. */
export interface Town extends Service {
  clock: Clock;
  /** A made-up value by its name in the world. */
  value(name: string): string;
  /** Counted metrics by name. */
  counted: Map<string, number>;
  /** Every text that was logged, printed, queued or answered, with where. */
  said: [place: string, text: string][];
  /** Log entries as `message`. */
  logged: string[];
  post(source: string, body: string | Buffer, headers: Record<string, string>): Promise<Delivery>;
  /** GitHub's webhook for one alert, signed over its bytes. */
  github(alert: number, more?: { action?: string; headers?: Record<string, string>; at?: string }): Promise<Delivery>;
  /** A report as CI posts it, signed. */
  gitleaks(findings: readonly object[]): Promise<Delivery>;
  trufflehog(findings: readonly object[]): Promise<Delivery>;
  signed(source: 'gitleaks' | 'trufflehog', body: string | Buffer): Record<string, string>;
  /** AWS Health naming key ids. */
  health(ids: readonly string[], in_?: string): Promise<Delivery>;
  get<T = unknown>(path: string): Promise<T>;
  ask(method: string, path: string, body?: unknown, caller?: string | null): Promise<{ status: number; body: Record<string, unknown> }>;
  view(id: string): Promise<CaseView>;
  views(): Promise<CaseView[]>;
  /** Waits until a delivery has cases and none of them is being worked on (waiting for a person counts as that); then all of them. */
  ended(delivery: Delivery | undefined, seconds?: number): Promise<CaseView[]>;
  /** Waits until `holds` gives something. */
  until<T>(holds: () => Promise<T | undefined | false> | T | undefined | false, what: string, seconds?: number): Promise<T>;
  /** Everything that was said and everything that is kept, each with its place. */
  texts(): Promise<[place: string, text: string][]>;
  /** Everything that is kept at this moment: items of a table, messages of all queues, objects. */
  kept(): Promise<string[]>;
  /** What is wrong at this moment: something green that is alive, a call that its function's role does not allow, or a value where none may be. */
  wrongs(): Promise<string[]>;
  /** Clients of the test's own. */
  clientOf: ClientOf;
  close(): Promise<void>;
}

/** Starts a world with time running `speed` times as fast, and listens. */
export const openTown = async (world: World, options: Partial<ServiceOptions> & { speed?: number } = {}): Promise<Town> => {
  const clock = options.outside?.clock ?? options.clock ?? clockOf(options.speed ?? 50);
  const counted = new Map<string, number>();
  const said: [string, string][] = [];
  const logged: string[] = [];
  const log = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    logged.push(message);
    // an error would be empty as JSON, and a logger shows all of it
    said.push([`log ${level}`, `${message} ${JSON.stringify(fields ?? {}, (_, inner: unknown) => (inner instanceof Error ? `${inner.stack} ${JSON.stringify(inner)}` : inner))}`]);
  };
  const record = recordCalls();
  const service = await startService({
    ...options,
    hooks: {
      ...options.hooks,
      onCall: (by, called, input) => {
        record.onCall(by, called, input);
        options.hooks?.onCall?.(by, called, input);
      },
    },
    world,
    definitions: await definitionsOnce(),
    clock,
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    count: (metric, by = 1) => void counted.set(metric, (counted.get(metric) ?? 0) + by),
    onLease: (id, line) => {
      said.push(['printed lease', `${id} ${JSON.stringify(line)} ${leaseSentenceOf(line)}`]);
      options.onLease?.(id, line);
    },
    onLine: (id, line) => {
      said.push(['printed timeline', `${id} ${whatOf(line)} ${sentenceOf(line)}`]);
      options.onLine?.(id, line);
    },
    onPublish: (message) => {
      said.push(['topic', `${message.subject} ${message.message}`]);
      options.onPublish?.(message);
    },
    retrySeconds: options.retrySeconds ?? (() => 2),
  });
  const { queues } = service.platform.sqs;
  const send = queues.send.bind(queues);
  queues.send = (name, sent) => {
    said.push([`queue ${name}`, sent.body]);
    return send(name, sent);
  };
  // what a test looks at is no call of ours
  const { clientOf } = service.foundation('world' as FunctionName);
  const made = service.world.reports?.find(({ name }) => name === valuesReport)?.body as Record<string, string> | undefined;
  const value = (name: string): string => {
    const found = made?.[name];
    if (found === undefined) throw new Error(`the world has no value ${name}`);
    return found;
  };

  const ask: Town['ask'] = async (method, path, body, caller = 'tester') => {
    const response = await fetch(`${service.url}${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body), headers: { 'content-type': 'application/json', ...(caller === null ? {} : { 'x-rescind-caller': caller }) } });
    const text = await response.text();
    said.push([`answer to ${method} ${path}`, text]);
    return { status: response.status, body: JSON.parse(text) as Record<string, unknown> };
  };
  const get = async <T>(path: string): Promise<T> => (await ask('GET', path)).body as T;
  const post: Town['post'] = async (source, body, headers) => {
    const response = await fetch(`${service.url}/triggers/${source}`, { method: 'POST', body: typeof body === 'string' ? body : new Uint8Array(body), headers });
    const text = await response.text();
    said.push([`answer to ${source}`, `${text} ${JSON.stringify([...response.headers])}`]);
    return { status: response.status, body: JSON.parse(text) as Delivery['body'] };
  };
  const signed: Town['signed'] = (source, body) => {
    const id = `msg_${randomUUID().replaceAll('-', '')}`;
    const now = clock.now();
    return { 'content-type': source === 'gitleaks' ? 'application/json' : 'application/x-ndjson', 'webhook-id': id, 'webhook-timestamp': String(Math.floor(now.getTime() / 1000)), 'webhook-signature': new Webhook(value(source)).sign(id, now, body.toString()) };
  };
  const report = (source: 'gitleaks' | 'trufflehog', body: string) => post(source, body, signed(source, body));
  const view = (id: string): Promise<CaseView> => get(`/cases/${id}`);
  const until: Town['until'] = async (holds, what, seconds = 15) => {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 15))) {
      const found = await holds();
      if (found !== undefined && found !== false) return found;
    }
    throw new Error(`it did not come true within ${seconds} seconds that ${what}`);
  };
  const casesOf = async (query: string): Promise<{ id: string; status: string; endedAt?: string; closed?: object }[]> => (await get<{ cases: never[] }>(`/cases?limit=200${query}`)).cases;

  const stored = async (): Promise<[string, string][]> => {
    const found: [string, string][] = [];
    for (const table of ['registry', 'ledger', 'leases']) {
      let from: Record<string, never> | undefined;
      do {
        const page = await clientOf(DynamoDBClient).send(new ScanCommand({ TableName: table, ExclusiveStartKey: from }));
        found.push([`table ${table}`, JSON.stringify(page.Items, (_, inner: unknown) => (inner instanceof Uint8Array ? Buffer.from(inner).toString('base64') : inner))]);
        from = page.LastEvaluatedKey as typeof from;
      } while (from);
    }
    for (const name of queues.names()) for (const message of queues.queue(name).messages.values()) found.push([`queue ${name}`, JSON.stringify(message)]);
    const { Contents = [] } = await clientOf(S3Client).send(new ListObjectsV2Command({ Bucket: bodiesBucket }));
    for (const { Key } of Contents) found.push([`bucket ${Key}`, (await (await clientOf(S3Client).send(new GetObjectCommand({ Bucket: bodiesBucket, Key }))).Body?.transformToString()) ?? '']);
    return found;
  };
  const texts = async (): Promise<[string, string][]> => [
    ...said,
    ...(await stored()),
    ...service.platform.states.executions().map((execution): [string, string] => [`execution ${execution.name}`, JSON.stringify(execution)]),
  ];

  return {
    ...service,
    clientOf,
    kept: async () => (await stored()).map(([place, text]) => `${place} ${text}`),
    clock,
    value,
    counted,
    said,
    logged,
    post,
    signed,
    github: (alert, { action = 'created', headers = {}, at = '2026-05-01T10:00:00Z' } = {}) => {
      const body = JSON.stringify({ action, alert: { number: alert, created_at: at, updated_at: at, secret_type: 'some_secret', validity: 'active', html_url: `https://github.com/acme/app/security/secret-scanning/${alert}` }, repository: { id: 7, full_name: 'acme/app', name: 'app', owner: { login: 'acme' } } });
      return post('github-secret-scanning', body, { 'content-type': 'application/json', 'x-github-event': 'secret_scanning_alert', 'x-github-delivery': randomUUID(), 'x-hub-signature-256': `sha256=${createHmac('sha256', value('githubHook')).update(body).digest('hex')}`, ...headers });
    },
    gitleaks: (findings) => report('gitleaks', JSON.stringify(findings)),
    trufflehog: (findings) => report('trufflehog', findings.map((finding) => JSON.stringify(finding)).join('\n')),
    health: async (ids, affectedAccount = account) => {
      const response = await fetch(`${service.url}/aws-events`, { method: 'POST', body: JSON.stringify(healthEvent(ids, affectedAccount)) });
      return { status: response.status, body: (await response.json()) as Delivery['body'] };
    },
    get,
    ask,
    view,
    views: async () => Promise.all((await casesOf('')).map(({ id }) => view(id))),
    ended: async (delivery, seconds) => {
      const query = delivery === undefined ? '' : `&delivery=${delivery.body.delivery ?? ''}`;
      const what = `the cases of ${delivery?.body.delivery ?? 'all deliveries'} ended`;
      const isOver = ({ status, closed, endedAt }: { status: string; closed?: unknown; endedAt?: string }): boolean => Boolean(closed) || endedAt !== undefined || status === 'waiting' || status === 'unmatched';
      // the list is read twice: a case may open while others are being looked at
      const found = async (): Promise<CaseView[] | undefined> => {
        const heads = await casesOf(query);
        if (heads.length === 0 || !heads.every(isOver)) return undefined;
        const views = await Promise.all((await casesOf(query)).map(({ id }) => view(id)));
        return views.every(isOver) ? views : undefined;
      };
      await until(found, what, seconds);
      // what follows the last line of a case: its claim is released, its held value forgotten, people are told
      await until(() => service.platform.states.executions().every(({ status }) => status !== 'RUNNING') || undefined, 'no playbook runs', 0.5).catch(() => undefined);
      return until(found, what, seconds);
    },
    until,
    texts,
    wrongs: async () => {
      const truth = new Map((await service.truth()).map(({ id, alive }) => [id, alive]));
      const lies: string[] = [];
      for (let cursor: string | undefined, first = true; first || cursor; first = false) {
        const page = await get<{ cases: { id: string }[]; cursor?: string }>(`/cases?limit=200${cursor ? `&cursor=${cursor}` : ''}`);
        for (const { id } of page.cases) {
          const { outcomes, status } = await view(id);
          for (const { credential, outcome, green } of outcomes) {
            if ((outcome === 'confirmed' || outcome === 'attested') && truth.get(credential) === true) lies.push(`${credential} is ${outcome} and alive`);
            if (status === 'contained' && !green) lies.push(`${id} is contained by an outcome that is not green`);
          }
        }
        cursor = page.cursor;
      }
      for (let cursor: string | undefined, first = true; first || cursor; first = false) {
        const page = await get<{ leases: { id: string; credential: string; status: string }[]; cursor?: string }>(`/leases?limit=200${cursor ? `&cursor=${cursor}` : ''}`);
        for (const { id, credential, status } of page.leases) if (status === 'released' && truth.get(credential) === true) lies.push(`${id} is released and ${credential} is alive`);
        cursor = page.cursor;
      }
      const secrets = [...valuesAt(service.providers), ...Object.values(made ?? {}).filter((text) => !isAwsKeyId(text))];
      const forbidden = notGranted(record.calls(), service.world.configuration).map((call) => `no role allows ${call}`);
      return [...lies, ...forbidden, ...leaksIn(await texts(), secrets)];
    },
  };
};

/** AWS Health's event that names exposed keys. */
export const healthEvent = (ids: readonly string[], affectedAccount: string = account): object => ({
  version: '0', id: randomUUID(), 'detail-type': 'AWS Health Event', source: 'aws.health', account, time: '2026-05-01T10:00:00Z', region: 'us-east-1', resources: ids,
  detail: {
    eventArn: `arn:aws:health:us-east-1::event/RISK/AWS_RISK_CREDENTIALS_EXPOSED/${ids[0] ?? 'none'}`, service: 'RISK', eventTypeCode: 'AWS_RISK_CREDENTIALS_EXPOSED', eventTypeCategory: 'issue', statusCode: 'open',
    startTime: 'Fri, 1 May 2026 10:00:00 GMT', affectedAccount, affectedEntities: ids.map((entityValue) => ({ entityValue })),
  },
});

/** One finding as Gitleaks writes it. */
export const gitleaksFinding = (secret: string, file = 'config.env', rule = 'generic-api-key'): object => ({
  RuleID: rule, Description: rule, StartLine: 3, EndLine: 3, StartColumn: 10, EndColumn: 40, Match: `x=${secret}`, Secret: secret, File: file, SymlinkFile: '', Commit: '', Entropy: 4,
  Author: '', Email: '', Date: '', Message: '', Tags: [], Fingerprint: `${file}:${rule}:3`,
});

/** One finding as TruffleHog writes it. */
export const trufflehogFinding = (raw: string, more: object = {}, file = 'config.env'): object => ({
  SourceMetadata: { Data: { Github: { link: `https://github.com/acme/app/blob/abc/${file}#L7`, repository: 'https://github.com/acme/app.git', commit: 'abc', file, line: 7 } } },
  DetectorName: 'AcmePay', DetectorType: 900, Verified: false, Raw: raw, RawV2: '', Redacted: '', ...more,
});

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../clock.ts';
import type { Behaviour, Behaviours } from '../behaviour.ts';
import { AwsError, errorAnswer, named, type Protocol } from './errors.ts';
import { claimOf, type Claim } from './sigv4.ts';

/** Who signed a request, after the signature was found right. */
export interface Caller {
  accessKeyId: string;
  arn: string;
  account: string;
  /** `AIDA...`, or `AROA...:session` for a role. */
  userId: string;
  userName?: string;
  roleName?: string;
  sessionName?: string;
  /** When the session was issued (ISO 8601). Absent for a long-lived key, which has no such time. */
  issuedAt?: string;
  userAgent: string;
}

/** A request as it came in, before anybody knows whether its signature is right. */
export interface UnprovenRequest {
  /** The service's name in the credential scope: `secretsmanager`, `iam`, `states`, ... */
  service: string;
  protocol: Protocol;
  operation: string;
  region: string;
  /** Parsed JSON for a JSON protocol; URLSearchParams for the query protocol; undefined for REST. */
  body: unknown;
  raw: Buffer;
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  /** What the request is about, space separated: names, ids and ARNs that it names. */
  resource: string;
  requestId: string;
  /** The behaviours that hold for this call; `lag`, `stale`, `later` and `lie` are the service's to honour. */
  effects: Behaviour[];
  claim: Claim | undefined;
}

export interface AwsRequest extends UnprovenRequest {
  caller: Caller;
}

export interface AwsAnswer {
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON, a string as XML unless the headers say otherwise. */
  body: string | Buffer | object;
}

/** Answers one service's requests. Throws `AwsError` for what AWS answers as an error. */
export interface AwsService {
  (request: AwsRequest): Promise<AwsAnswer>;
  /** The names of all that it can be asked, where it has a list of them. */
  operations?: readonly string[];
  /** How it speaks, where the request does not show it: REST is taken for REST with XML unless this says `json`. */
  protocol?: Protocol;
  /** The operation's name, where the protocol does not say it (REST). */
  operationOf?(request: Pick<UnprovenRequest, 'method' | 'path' | 'query' | 'headers'>): string;
  /** More names of what the request is about, for behaviours to match. */
  resourceOf?(request: Omit<UnprovenRequest, 'resource' | 'effects'>): string;
}

export interface ServerOptions {
  services: Record<string, AwsService>;
  /** Throws `AwsError` when the door stays shut. */
  authenticate(request: UnprovenRequest): Caller;
  behaviours: Behaviours;
  clock: Clock;
  /** 0 or absent: any free port. */
  port?: number;
  onCall?(call: { service: string; operation: string; resource: string; caller: string }): void;
}

const MAX_BODY_BYTES = 32 * 1024 * 1024;

const bytesOf = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new AwsError('RequestEntityTooLarge', 'the body is too large', 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const NAMES_SOMETHING = /(name|id|arn|url|key|bucket|alias|attributevalue)s?(\.|$)/i;

/** Every string that the parameters give as a name, an id, an ARN or a URL, at any depth. */
const namesIn = (value: unknown, name = '', depth = 0): string[] => {
  if (typeof value === 'string') return NAMES_SOMETHING.test(name) && value.length <= 2048 ? [value] : [];
  if (typeof value !== 'object' || value === null || depth > 4) return [];
  const entries = value instanceof URLSearchParams ? [...value] : Object.entries(value);
  return entries.flatMap(([key, inner]) => namesIn(inner, Array.isArray(value) ? name : key, depth + 1));
};

const jsonOf = (raw: Buffer): unknown => {
  if (raw.length === 0) return {};
  try {
    return JSON.parse(raw.toString('utf8'));
  } catch {
    throw new AwsError('SerializationException', 'the body is not JSON');
  }
};

/** Starts one server on 127.0.0.1 that speaks for all the given services, told apart by the credential scope. */
export const startAws = async (options: ServerOptions): Promise<{ url: string; close(): Promise<void> }> => {
  const { services, behaviours, clock } = options;

  const read = (message: IncomingMessage, raw: Buffer, requestId: string): UnprovenRequest => {
    const url = message.url ?? '/';
    const [path = '/', search = ''] = url.includes('?') ? [url.slice(0, url.indexOf('?')), url.slice(url.indexOf('?') + 1)] : [url];
    const query = new URLSearchParams(search);
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')]));
    const claim = claimOf({ headers, query });
    const target = headers['x-amz-target'];
    const isForm = (headers['content-type'] ?? '').includes('x-www-form-urlencoded');
    const form = isForm ? new URLSearchParams(raw.toString('utf8')) : query;
    const action = form.get('Action') ?? undefined;
    const scope = claim !== undefined && claim !== 'incomplete' ? claim : undefined;
    const service = scope?.service ?? guessed(target, action);
    const method = message.method ?? 'GET';
    const found = services[service];
    const protocol: Protocol = found?.protocol ?? (target !== undefined ? 'json' : action !== undefined ? 'query' : 'rest');
    const operation = found?.operationOf?.({ method, path, query, headers }) ?? target?.split('.').at(-1) ?? action ?? `${method} ${path}`;
    const partial = {
      service, protocol, operation, raw, method, path, query, headers, requestId,
      region: scope?.region ?? 'us-east-1',
      body: protocol === 'json' ? jsonOf(raw) : protocol === 'query' ? form : undefined,
      claim: scope,
    };
    if (claim === 'incomplete') throw named.incomplete(protocol, 'the Authorization header or query lacks a part of the signature');
    const names = [...namesIn(partial.body), ...(protocol === 'rest' ? [path] : []), found?.resourceOf?.(partial) ?? ''];
    const resource = [...new Set(names.filter((name) => name !== ''))].join(' ');
    return { ...partial, resource, effects: behaviours.of({ service, operation, resource }) };
  };

  const answer = async (request: UnprovenRequest): Promise<AwsAnswer | 'dropped'> => {
    const { service, operation, protocol, resource, effects } = request;
    for (const { effect, seconds } of effects) if (effect === 'delay') await clock.sleep((seconds ?? 1) * 1000);
    const down = effects.find(({ effect }) => effect === 'down');
    if (down && down.status === undefined) return 'dropped';
    if (down?.status !== undefined) throw new AwsError(down.code ?? 'ServiceUnavailable', down.message ?? 'Service Unavailable', down.status);
    const handle = services[service];
    if (!handle) throw new AwsError('UnknownOperationException', `no service ${service} here`, 404);
    const door = attempt(() => options.authenticate(request));
    if (door.ok) options.onCall?.({ service, operation, resource, caller: door.value.arn });
    if (effects.some(({ effect }) => effect === 'throttle')) throw named.throttled(protocol);
    const refused = effects.find(({ effect }) => effect === 'refuse');
    if (refused) throw new AwsError(refused.code ?? 'AccessDenied', refused.message ?? 'the provider refuses', refused.status ?? 400);
    if (!door.ok) throw door.error;
    return handle({ ...request, caller: door.value });
  };

  const send = (response: ServerResponse, request: UnprovenRequest | undefined, requestId: string, { status, headers, body }: AwsAnswer) => {
    const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(isJson ? JSON.stringify(body) : body);
    const jsonType = request?.headers['content-type']?.startsWith('application/x-amz-json') ? request.headers['content-type'] : 'application/x-amz-json-1.1';
    response.writeHead(status, {
      'x-amzn-requestid': requestId,
      'content-type': isJson ? jsonType : 'text/xml',
      date: new Date().toUTCString(),
      ...headers,
      ...(request?.method === 'HEAD' || status === 204 || status === 304 ? {} : { 'content-length': String(bytes.length) }),
    });
    response.end(request?.method === 'HEAD' ? undefined : bytes);
  };

  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 60_000 }, (message, response) => {
    const requestId = randomUUID();
    let request: UnprovenRequest | undefined;
    const serve = async (): Promise<AwsAnswer | 'dropped'> => {
      request = read(message, await bytesOf(message), requestId);
      return answer(request);
    };
    const protocolOf = () => request?.protocol ?? (message.headers['x-amz-target'] === undefined ? 'query' : 'json');
    serve()
      .catch((error: unknown): AwsAnswer => {
        const known = error instanceof AwsError ? error : new AwsError('InternalFailure', 'the fake failed', 500);
        // Only where it failed: the message of an unforeseen error may quote what it choked on.
        const frames = error instanceof Error ? error.stack?.split('\n').filter((line) => /^\s+at /.test(line)).slice(0, 4) : [];
        if (known !== error) console.error(`aws fake failed: ${request?.service} ${request?.operation}\n${frames?.join('\n')}`);
        return errorAnswer(protocolOf(), request?.service ?? '', known, requestId);
      })
      .then((result) => {
        const dropped = result === 'dropped' || request?.effects.some(({ effect }) => effect === 'drop');
        if (dropped || response.destroyed) message.socket.destroy();
        else send(response, request, requestId, result as AwsAnswer);
      })
      .catch(() => message.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const attempt = <T>(run: () => T): { ok: true; value: T } | { ok: false; error: unknown } => {
  try {
    return { ok: true, value: run() };
  } catch (error) {
    return { ok: false, error };
  }
};

const TARGETS: Record<string, string> = { TrentService: 'kms', AmazonSQS: 'sqs', AWSStepFunctions: 'states', AWSEvents: 'events', AWSScheduler: 'scheduler' };
const STS_ACTIONS = /^(GetCallerIdentity|GetSessionToken|GetFederationToken|AssumeRole.*|GetAccessKeyInfo|DecodeAuthorizationMessage)$/;

/** The service of an unsigned request, as far as its target or action tells. */
const guessed = (target: string | undefined, action: string | undefined): string => {
  if (target !== undefined) {
    const prefix = target.split('.')[0] ?? '';
    return TARGETS[prefix] ?? (target.includes('CloudTrail') ? 'cloudtrail' : prefix.toLowerCase());
  }
  if (action === undefined) return 's3';
  return STS_ACTIONS.test(action) ? 'sts' : 'iam';
};

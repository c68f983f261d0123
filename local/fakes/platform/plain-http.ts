import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../clock.ts';
import type { Behaviour, Behaviours } from '../behaviour.ts';

/** A request to a provider that speaks plain HTTP and JSON. Header names in lower case. */
export interface PlainRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: Buffer;
  /** The address it came from. */
  from: string;
  /** Where this server answers. */
  origin: string;
  /** The behaviours that the provider itself honours: `lag`, `stale`, `later` and `lie`. */
  effects: Behaviour[];
}

/** An answer; a body that is no text is sent as JSON. */
export interface PlainAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface PlainOptions {
  service: string;
  behaviours: Behaviours;
  clock: Clock;
  port?: number;
  answer(request: PlainRequest): PlainAnswer | Promise<PlainAnswer>;
  /** What a request is about, for behaviours that name it; absent: its path. */
  subject?: (path: string, body: Buffer) => string;
  /** Sees the server before it listens, for what Node's own does not take. */
  tune?: (server: Server) => void;
  /** How this provider says that it is asked too often. */
  throttled(request: PlainRequest): PlainAnswer;
  /** How this provider words a refusal that a world asks for. */
  refused(status: number, code: string, message: string): PlainAnswer;
  onCall?: (call: { service: string; operation: string; status: number }) => void;
}

export interface PlainServer {
  url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 8 * 1024 * 1024;

const bytesOf = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** The JSON object in a body, or undefined where it is none. */
export const jsonObject = (body: Buffer): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

const send = (response: ServerResponse, { status, headers = {}, body }: PlainAnswer): void => {
  const hasBody = body !== undefined && status !== 204 && status !== 304;
  const bytes = Buffer.from(!hasBody ? '' : typeof body === 'string' ? body : JSON.stringify(body));
  response.writeHead(status, { ...(hasBody ? { 'content-type': 'application/json; charset=utf-8' } : {}), ...headers, ...(status === 204 ? {} : { 'content-length': String(bytes.length) }) });
  response.end(bytes);
};

/** Starts a provider on 127.0.0.1. It delays, throttles, refuses, goes down and drops as the behaviours say; the rest is the provider's. */
export const startPlain = async (options: PlainOptions): Promise<PlainServer> => {
  const { service, behaviours, clock } = options;
  let origin = '';

  const serve = async (message: IncomingMessage): Promise<PlainAnswer | 'dropped'> => {
    const url = new URL(message.url ?? '/', 'http://localhost');
    const method = message.method ?? 'GET';
    const operation = `${method} ${url.pathname}`;
    const body = await bytesOf(message);
    const effects = behaviours.of({ service, operation, resource: options.subject?.(url.pathname, body) ?? url.pathname });
    const has = (name: Behaviour['effect']) => effects.find(({ effect }) => effect === name);
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')]));
    const request: PlainRequest = { method, path: url.pathname, query: url.searchParams, headers, body, from: message.socket.remoteAddress ?? '', origin, effects };
    for (const { effect, seconds } of effects) if (effect === 'delay') await clock.sleep((seconds ?? 1) * 1000);
    const answered = async (): Promise<PlainAnswer | 'dropped'> => {
      const down = has('down');
      if (down !== undefined) return down.status === undefined ? 'dropped' : options.refused(down.status, down.code ?? 'unavailable', down.message ?? 'the service is unavailable');
      if (has('throttle') !== undefined) return options.throttled(request);
      const refuse = has('refuse');
      if (refuse !== undefined) return options.refused(refuse.status ?? 403, refuse.code ?? 'refused', refuse.message ?? 'the provider refuses');
      return options.answer(request);
    };
    const result = await answered();
    options.onCall?.({ service, operation, status: result === 'dropped' ? 0 : result.status });
    return has('drop') === undefined ? result : 'dropped';
  };

  const server = createServer({ keepAliveTimeout: 65_000 }, (message, response) => {
    serve(message)
      .catch((): PlainAnswer => ({ status: 500, body: { error: 'the fake failed' } }))
      .then((result) => {
        if (result === 'dropped' || response.destroyed) message.socket.destroy();
        else send(response, result);
      })
      .catch(() => message.socket.destroy());
  });
  options.tune?.(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: origin,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

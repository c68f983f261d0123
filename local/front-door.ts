import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resultOf, type HttpAnswer, type HttpRequest } from '../functions/aws/http.ts';

const mostBytes = 10 * 1024 * 1024;

/** Listens on loopback and hands each request on as the deployed front door would. */
export const openFrontDoor = async (answer: (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>, port: number): Promise<{ url: string; close(): Promise<void> }> => {
  const server = createServer((request, response) => {
    void reply(request, response, answer);
  });
  await listen(server, port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} is taken: choose another with --port, or stop what listens there`) : error),
    );
    server.listen(port, '127.0.0.1', () => resolve());
  });

const reply = async (request: IncomingMessage, response: ServerResponse, answer: (request: HttpRequest, signal: AbortSignal) => Promise<HttpAnswer>): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  let result: HttpAnswer;
  try {
    const body = await bodyOf(request);
    if (!body) result = { status: 413, body: { error: 'the body is larger than 10 MiB' } };
    else {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]));
      result = await answer({ method: request.method ?? 'GET', path: url.pathname, headers, query: Object.fromEntries(url.searchParams), body, caller: headers['x-rescind-caller'], address: request.socket.remoteAddress }, AbortSignal.timeout(30_000));
    }
  } catch {
    result = { status: 500, body: { error: 'something went wrong on our side: try again' } };
  }
  const { statusCode, headers, body } = resultOf(result);
  response.writeHead(statusCode ?? 500, headers as Record<string, string>).end(request.method === 'HEAD' ? '' : body);
};

const bodyOf = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  // what is too much is read to its end and dropped: a sender whose connection is cut never hears why
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size <= mostBytes) chunks.push(chunk as Buffer);
  }
  return size > mostBytes ? undefined : Buffer.concat(chunks);
};

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { wrongSignature } from './signature.ts';

/** What was asked of the API. */
export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  headers: IncomingMessage['headers'];
}

/** An answer; a text is sent as it is. `hangs`: none ever comes. `cut`: the connection breaks. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  hangs?: boolean;
  cut?: boolean;
}

/** What the server knows its callers by: the local header, or SigV4 with a key of its own. */
export type Door = { caller: string } | { key: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }; region: string };

/** A lease's API that answers what the test says, and keeps what was asked. */
export interface Api {
  url: string;
  asked: Asked[];
  /** What no client of this API may do. */
  wrongs: string[];
  close: () => Promise<void>;
}

const paths: [method: string, path: RegExp, query: string[]][] = [
  ['GET', /^\/leases$/, ['status', 'limit', 'cursor']],
  ['GET', /^\/leases\/[^/]+$/, []],
  ['POST', /^\/leases\/[^/]+\/revoke$/, []],
];

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
};

/** What is wrong with a request. */
const wrongsIn = ({ method, path, query, headers }: Asked, text: string, door: Door, port: number): string[] => {
  const wrongs: string[] = [];
  const known = paths.find(([verb, shape]) => verb === method && shape.test(path));
  if (!known) wrongs.push(`${method} ${path} is nothing that there is`);
  for (const name of Object.keys(query)) if (!known?.[2].includes(name)) wrongs.push(`${name} is no parameter of ${method} ${path}`);
  if (headers.host !== `127.0.0.1:${port}`) wrongs.push(`host is ${headers.host}`);
  if (method === 'POST' && headers['content-type'] !== 'application/json') wrongs.push(`the body's type is ${headers['content-type']}`);
  if (method === 'GET' && text !== '') wrongs.push('a GET has a body');
  if (method === 'POST') {
    const body = JSON.parse(text) as object;
    if (Object.keys(body).join() !== 'reason') wrongs.push(`the body has ${Object.keys(body).join()}`);
  }
  if ('caller' in door) {
    if (headers['x-rescind-caller'] !== door.caller) wrongs.push(`x-rescind-caller is ${headers['x-rescind-caller']}`);
    if (headers.authorization !== undefined) wrongs.push('the local service is sent an authorization');
    return wrongs;
  }
  if (headers['x-rescind-caller'] !== undefined) wrongs.push('an installation is sent x-rescind-caller');
  const signature = wrongSignature({ method, path, query, headers, body: text }, door.key, door.region);
  return signature === undefined ? wrongs : [...wrongs, signature];
};

/** Opens the API; below `prefix` where there is one (a stage). Each request is answered by `answer`. */
export const openApi = async (answer: (asked: Asked, nth: number) => Reply, { door = { caller: 'tester' }, prefix = '' }: { door?: Door; prefix?: string } = {}): Promise<Api> => {
  const asked: Asked[] = [];
  const wrongs: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const text = await bodyOf(request);
      const one: Asked = { method: request.method ?? '', path: url.pathname, query: Object.fromEntries(url.searchParams), body: text === '' ? undefined : JSON.parse(text), headers: request.headers };
      const { port } = server.address() as AddressInfo;
      if (!one.path.startsWith(prefix)) wrongs.push(`${one.path} is not below ${prefix}`);
      const inner = { ...one, path: one.path.slice(prefix.length) };
      // the whole path is what is signed
      const signed = 'key' in door && prefix !== '' ? wrongSignature({ ...one, body: text }, door.key, door.region) : undefined;
      const found = prefix === '' || 'caller' in door ? wrongsIn(inner, text, door, port) : signed === undefined ? [] : [signed];
      wrongs.push(...found);
      asked.push(inner);
      const { status = 200, headers = {}, body, hangs, cut } = found.length > 0 ? { status: 400, body: { error: found.join('; ') } } : answer(inner, asked.length);
      if (hangs) return;
      if (cut) return void request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    asked,
    wrongs,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

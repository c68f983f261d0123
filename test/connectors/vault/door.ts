import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { takeList } from '../../../local/fakes/vault/list-method.ts';
import { newId } from './subject.ts';

/** What something at the vault's address does with a request, of which `text` is the body. */
export type Reply = (request: IncomingMessage & { text: string }, response: ServerResponse) => void;

const doors: (() => Promise<void>)[] = [];

/** Closes all that was served. */
export const closeDoors = async (): Promise<void> => {
  for (const close of doors.splice(0)) await close();
};

/** Something at the vault's address that answers as told. `asked`: method and path of each request. */
export const serve = async (reply: Reply): Promise<{ url: string; asked: string[] }> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url}`);
      reply(Object.assign(request, { text }), response);
    });
  });
  takeList(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  doors.push(() => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  }));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
};

/** Answers with JSON. */
export const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** The cluster that such a door is of. */
export const clusterId = randomUUID();

/** The accessor of our own token at such a door. */
export const ourAccessor = newId();

/** A vault that says who it is, knows our own token under this accessor, and answers `door` for anything else. */
export const oneDoor = (door: Reply, health: object = {}): Reply => (request, response) => {
  if (request.url?.startsWith('/v1/sys/health')) return json(response, 200, { initialized: true, sealed: false, standby: false, version: '2.7.2', cluster_id: clusterId, ...health });
  if (request.url?.endsWith('lookup-self')) return json(response, 200, { data: { accessor: ourAccessor, path: 'auth/token/create', entity_id: '' } });
  if (request.text.includes(ourAccessor)) return json(response, 200, { data: { accessor: ourAccessor } });
  return door(request, response);
};

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message broker as far as OpenBao's engine for RabbitMQ manages it: who may log in to it at this moment. */
export interface Broker {
  url: string;
  /** Users that it lets in. */
  users: Set<string>;
  /** What it does when a user is to be deleted: it does so, answers 500, or never answers. */
  deletion: 'works' | 'fails' | 'hangs';
  /** It comes back: it works, and whoever it left without an answer is told that nobody is there any more. */
  restart(): void;
  close(): Promise<void>;
}

/** Starts one on loopback. */
export const startBroker = async (): Promise<Broker> => {
  const broker: Broker = { url: '', users: new Set(), deletion: 'works', restart: () => undefined, close: async () => undefined };
  const server = createServer((request, response) => {
    request.resume();
    const user = /^\/api\/users\/([^/]+)$/.exec(decodeURIComponent(new URL(request.url ?? '/', 'http://broker').pathname))?.[1];
    const say = (status: number): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(status === 200 ? '[]' : '');
    if (request.method !== 'DELETE') {
      if (user !== undefined && request.method === 'PUT') broker.users.add(user);
      return say(request.method === 'PUT' ? 201 : 200);
    }
    if (broker.deletion === 'hangs') return;
    if (broker.deletion === 'fails') return say(500);
    if (user !== undefined) broker.users.delete(user);
    say(204);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  broker.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  broker.restart = () => {
    broker.deletion = 'works';
    server.closeAllConnections();
  };
  broker.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return broker;
};

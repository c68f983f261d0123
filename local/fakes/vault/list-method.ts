import type { Server } from 'node:http';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

const HEAD = /^LIST (\S+) HTTP\/1\.[01]\r\n([\s\S]*?\r\n)?\r\n/;

/** Makes a server take the method LIST, which Vault's clients use and Node's parser refuses; such an answer closes its connection. */
export const takeList = (server: Server): void => {
  server.on('clientError', (error: Error & { rawPacket?: Buffer }, socket) => {
    const packet = error.rawPacket?.toString('latin1') ?? '';
    const head = HEAD.exec(packet);
    if (head === null || !(socket instanceof Socket)) {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      return;
    }
    const message = new IncomingMessage(socket);
    message.method = 'LIST';
    message.url = head[1] ?? '/';
    message.httpVersionMajor = 1;
    message.httpVersionMinor = 1;
    message.headers = Object.fromEntries((head[2] ?? '').split('\r\n').filter((line) => line.includes(':')).map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    message.complete = true;
    message.push(Buffer.from(packet.slice(head[0].length), 'latin1'));
    message.push(null);
    const response = new ServerResponse(message);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => {
      response.detachSocket(socket);
      socket.end();
    });
    server.emit('request', message, response);
  });
};

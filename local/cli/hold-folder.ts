import { createHash } from 'node:crypto';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A socket whose name follows from the folder: short enough for every system, and gone with its process however that ends. */
const socketOf = (folder: string): string => {
  const name = `rescind-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 24)}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
};

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });

/** Keeps a data folder that is there for this process until it ends or lets go. Rejects where another process has it: two would spoil it. */
export const holdFolder = async (folder: string): Promise<() => void> => {
  const path = socketOf(folder);
  if (await isAnswered(path)) throw new Error(`${folder} is in use by another process: stop that one, or name another folder with --data`);
  rmSync(path, { force: true });
  const server = createServer((socket) => socket.destroy()).unref();
  await new Promise<void>((resolve) => {
    // where no socket can be made the folder is used without one
    server.once('error', () => resolve()).listen(path, () => resolve());
  });
  return () => server.close();
};

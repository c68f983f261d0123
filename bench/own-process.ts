import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process that was given one order, with its reply; it runs until it is ended. */
export interface OwnProcess<Reply> {
  reply: Reply;
  end(): Promise<void>;
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
};

/** Starts a file of this folder as a process of its own, gives it one order and resolves with its reply. Rejects where it ends before that. */
export const ordered = <Order extends object, Reply>(file: string, order: Order): Promise<OwnProcess<Reply>> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)));
    child.once('message', (reply: Reply) => resolve({ reply, end: () => ended(child) }));
    child.once('exit', (code) => reject(new Error(`the process of ${file} ended with code ${code ?? 'none'}`)));
    child.send(order);
  });

/** In such a process: does what it is ordered, replies, and stays. A failure ends it. */
export const obey = <Order, Reply>(work: (order: Order) => Promise<Reply>): void => {
  process.once('SIGTERM', () => process.exit(0));
  // whoever gave the order is gone
  process.once('disconnect', () => process.exit(0));
  process.on('message', (order: Order) => {
    work(order).then(
      (reply) => process.send?.(reply),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
};

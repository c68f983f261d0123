import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Message } from './sqs-queue.ts';

/** One change of a queue; replayed in order they give the queues again. */
export type JournalEntry =
  | { op: 'send'; queue: string; message: Message }
  | { op: 'receive'; queue: string; ids: string[] }
  | { op: 'delete'; queue: string; ids: string[] };

/** Where queues keep their changes. `append` has reached the file before a call is answered, so a killed process forgets nothing. */
export interface Journal {
  load(): JournalEntry[];
  append(entry: JournalEntry): void;
  /** Replaces all that was written by these entries. */
  compact(entries: readonly JournalEntry[]): void;
  close(): void;
}

/** Keeps nothing: for tests and for runs without a data folder. */
export const journalInMemory = (): Journal => ({ load: () => [], append: () => undefined, compact: () => undefined, close: () => undefined });

/** Kept in one file of JSON lines that only grows while the process runs. A last line that a crash cut off is ignored. */
export const journalInFile = (path: string): Journal => {
  mkdirSync(dirname(path), { recursive: true });
  let descriptor: number | undefined;
  const open = () => (descriptor ??= openSync(path, 'a'));
  return {
    load: () => {
      if (!existsSync(path)) return [];
      const entries: JournalEntry[] = [];
      for (const line of readFileSync(path, 'utf8').split('\n')) {
        if (line === '') continue;
        try {
          entries.push(JSON.parse(line) as JournalEntry);
        } catch {
          // Half a line: its writer was killed before it could answer, so nobody was promised anything.
        }
      }
      return entries;
    },
    append: (entry) => void writeSync(open(), `${JSON.stringify(entry)}\n`),
    compact: (entries) => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
      writeFileSync(`${path}.new`, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      renameSync(`${path}.new`, path);
    },
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
};

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RunName } from '../../events/trigger.ts';

/** One report of a world as it was sent: what we answered to it. */
export interface Sent {
  name: string;
  source: string;
  /** Where it was sent, if not to `/triggers/{source}`. */
  path?: string;
  /** Our answer's HTTP status. */
  status: number;
  /** Under which delivery it was accepted. */
  delivery?: string;
  /** The lease that it registered, or that was ended at once instead. */
  lease?: string;
  /** The runs that it said began, and those that it said are over; absent: none. */
  began?: RunName[];
  ended?: RunName[];
  /** Why it was not. */
  error?: string;
}

/** Whether it was taken: stored as a delivery, or answered with a lease. */
export const isAccepted = ({ delivery, lease, status }: Sent): boolean => delivery !== undefined || (lease !== undefined && status < 300);

/** Which reports were accepted, so that a restart does not send them again. Sending again would be harmless; it would only be noise. */
export interface SentBook {
  of(name: string): Sent | undefined;
  add(sent: Sent): void;
}

/** Remembers for as long as the process lives. */
export const sentInMemory = (): SentBook => {
  const kept = new Map<string, Sent>();
  return { of: (name) => kept.get(name), add: (sent) => void kept.set(sent.name, sent) };
};

/** Remembers in one file, replaced as a whole. The folder belongs to one world: another one is refused with an error. */
export const sentInFile = (path: string, world: string): SentBook => {
  const kept = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { world: string; sent: Sent[] }) : { world, sent: [] };
  if (kept.world !== world) throw new Error(`this folder holds the world ${kept.world}, and not ${world}: name another with --data`);
  const memory = new Map(kept.sent.map((sent) => [sent.name, sent]));
  const save = () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, JSON.stringify({ world, sent: [...memory.values()] }, null, 2));
    renameSync(`${path}.new`, path);
  };
  save();
  return {
    of: (name) => memory.get(name),
    add: (sent) => {
      memory.set(sent.name, sent);
      save();
    },
  };
};

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** What was asked for on the command line. */
export interface Options {
  help: boolean;
  once: boolean;
  json: boolean;
  /** 0: any free one. */
  port: number;
  data?: string;
  world: string;
  /** Absent: as the world says. */
  mode?: 'observe' | 'enforce';
}

/** A command line that cannot be followed; the message says why. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export const defaultPort = 8750;
export const defaultWorld = fileURLToPath(new URL('../world/acme.json', import.meta.url));

const known = {
  help: { type: 'boolean', short: 'h', default: false },
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  port: { type: 'string' },
  data: { type: 'string' },
  world: { type: 'string' },
  mode: { type: 'string' },
} as const;

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: known, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error));
  }
};

const portOf = (text: string | undefined): number => {
  if (text === undefined) return defaultPort;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError(`--port is a number from 0 (any free port) to 65535, not "${text}"`);
  return port;
};

const named = (option: string, text: string | undefined): string | undefined => {
  if (text === '') throw new UsageError(`--${option} names nothing`);
  return text;
};

const modeOf = (text: string | undefined): Options['mode'] => {
  if (text === undefined || text === 'observe' || text === 'enforce') return text;
  throw new UsageError(`--mode is observe or enforce, not "${text}"`);
};

/** Reads the command line (without node and script). Throws a `UsageError` for what it does not know. */
export const optionsOf = (args: readonly string[]): Options => {
  const { help, once, json, port, data, world, mode } = parsed(args);
  return { help, once, json, port: portOf(port), data: named('data', data), world: named('world', world) ?? defaultWorld, mode: modeOf(mode) };
};

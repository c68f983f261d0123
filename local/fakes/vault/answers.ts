import { randomBytes, randomUUID } from 'node:crypto';
import type { PlainAnswer } from '../platform/plain-http.ts';
import type { VaultWorld } from './world.ts';
import type { StoredLease, StoredToken, VaultChange, VaultState } from './state.ts';

/** How a backend took the order to take a credential back. */
export type BackendAnswer = 'done' | 'lied' | { error: string };

/** One request as a route sees it. `path` is without `v1`, namespace and slashes at its ends. */
export interface VaultCall {
  operation: 'read' | 'list' | 'update' | 'delete';
  path: string;
  /** What the route's pattern caught. */
  parts: string[];
  body: Record<string, unknown>;
  query: URLSearchParams;
  /** '' or ending in a slash. */
  namespace: string;
  /** Whose token came with it; absent where the route asks for none. */
  caller?: StoredToken;
  /** The server's own records, and what its doors and readers see. */
  control: VaultState;
  seen: VaultState;
  now: number;
  world: VaultWorld;
  backend(lease: StoredLease): BackendAnswer;
}

/** What is answered and what changes by it. */
export interface Answered {
  answer: PlainAnswer;
  changes: VaultChange[];
}

export type Route = (call: VaultCall) => Answered;

/** Base62, as the server makes ids. */
export const randomId = (length = 24): string => {
  const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  return Array.from(randomBytes(length), (byte) => letters[byte % 62]).join('');
};

interface Wrapped {
  data?: object | null;
  auth?: object;
  warnings?: string[];
  lease?: { id: string; renewable: boolean; ttl: number };
}

/** A 200 in the envelope that every logical answer has. */
export const say = ({ data = null, auth, warnings = [], lease }: Wrapped, changes: VaultChange[] = []): Answered => ({
  answer: {
    status: 200,
    body: {
      request_id: randomUUID(),
      lease_id: lease?.id ?? '',
      renewable: lease?.renewable ?? false,
      lease_duration: lease?.ttl ?? 0,
      data,
      wrap_info: null,
      warnings: warnings.length === 0 ? null : warnings,
      auth: auth ?? null,
    },
  },
  changes,
});

/** A 204: done, nothing to tell. */
export const done = (...changes: VaultChange[]): Answered => ({ answer: { status: 204 }, changes });

/** A 202: queued, nothing to tell. */
export const queuedUp = (...changes: VaultChange[]): Answered => ({ answer: { status: 202 }, changes });

/** An error with its texts. */
export const refuse = (status: number, ...errors: string[]): Answered => ({ answer: { status, body: { errors } }, changes: [] });

/** An error as the server wraps those that its inner parts return. */
export const refuseWrapped = (status: number, error: string): Answered => refuse(status, wrapped(error));

export const wrapped = (error: string): string => `1 error occurred:\n\t* ${error}\n\n`;

/** Keys, or the 404 that an empty list is. */
export const listed = (keys: string[]): Answered => (keys.length === 0 ? refuse(404) : say({ data: { keys } }));

/** A field as text; '' where it is none. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A field as a list of texts: an array, or one text with commas. */
export const listOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : []).filter((one): one is string => typeof one === 'string').map((one) => one.trim()).filter((one) => one !== '');

/** A field as a map of texts. */
export const mapOf = (value: unknown): Record<string, string> | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, String(one)])) : null;

export const isTrue = (value: unknown): boolean => value === true || value === 'true' || value === '1';

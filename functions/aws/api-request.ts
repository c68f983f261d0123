import type { Configuration } from '../core/configuration.ts';
import type { ClientOf } from './clients.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { cursorKey, type Ledger } from './ledger.ts';
import { errorName, type Log } from './log.ts';
import type { Registry } from './registry.ts';

export interface ApiDeps {
  configuration: Configuration;
  ledger: Ledger;
  registry: Registry;
  clientOf: ClientOf;
  log: Log;
}

/** A request with the id that its path holds ('' where it holds none). */
export type Asked = HttpRequest & { id: string };

/** What one method of one path does. */
export type Act = (request: Asked, deps: ApiDeps) => Promise<HttpAnswer>;

const defaultPage = 50;
const largestPage = 200;

/** A reason has so many characters at most. */
export const mostReason = 500;

/** An answer that says why not. */
export const refuse = (status: number, error: string): HttpAnswer => ({ status, body: { error } });

/** Which part of a list is asked for; a refusal where that makes no sense. */
export type Slice = { limit: number; cursor: string | undefined } | { refusal: HttpAnswer };

/** Reads `limit` and `cursor`. */
export const sliceOf = ({ query: { limit, cursor } }: HttpRequest): Slice => {
  const asked = limit === undefined ? defaultPage : /^\d{1,9}$/.test(limit) ? Number(limit) : 0;
  if (asked < 1 || asked > largestPage) return { refusal: refuse(400, `limit is a whole number from 1 to ${largestPage}`) };
  if (cursor && !cursorKey(cursor)) return { refusal: strangeCursor };
  return { limit: asked, cursor };
};

const strangeCursor = refuse(400, 'cursor is the one of the page before, as it was given');

/** Answers with a page as `read` gives it; with a refusal where its cursor is another list's. */
export const answerPage = async ({ query: { cursor } }: HttpRequest, read: () => Promise<object>): Promise<HttpAnswer> => {
  try {
    return { status: 200, body: await read() };
  } catch (error) {
    // DynamoDB says no more than that the key does not fit
    if (cursor && errorName(error) === 'ValidationException') return strangeCursor;
    throw error;
  }
};

/** The body as an object; undefined where it is anything else. */
export const fieldsOf = ({ body }: HttpRequest): Record<string, unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

/** The reason that a body gives; undefined where it gives none that can be kept. */
export const reasonOf = (fields: Record<string, unknown> | undefined): string | undefined =>
  typeof fields?.reason === 'string' && fields.reason.trim() !== '' && fields.reason.length <= mostReason ? fields.reason.trim() : undefined;

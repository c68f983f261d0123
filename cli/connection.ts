import { Failure } from './failure.ts';
import type { Identity } from './identity.ts';
import { disconnected, isPassing, notJson, refused, silent, strangeAnswer } from './refusal.ts';
import type { Surroundings } from './surroundings.ts';
import type { Target } from './target.ts';

/** What is asked of the API. */
export interface Question {
  method: 'GET' | 'POST';
  /** Begins with a slash; its parts are plain. */
  path: string;
  query?: Record<string, string>;
  body?: object;
}

/** Asks the API. Gives the object that it answered with; throws a `Failure` that says what to do. */
export type Connection = (question: Question) => Promise<Record<string, unknown>>;

interface Answer {
  status: number;
  retryAfter: string | null;
  text: string;
}

const tries = 3;
const patience = 10_000;
const mostWaitMilliseconds = 10_000;

/** A connection to an installation: retries what passes twice, waits ten seconds for each answer, follows no redirect. */
export const connectionTo = (target: Target, identity: Identity, around: Surroundings): Connection => {
  const { signal, sleep, random } = around;
  const send = async ({ method, path, query, body }: Question): Promise<Answer> => {
    const url = new URL(`${target.base}${path}`);
    url.search = new URLSearchParams(query).toString();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = { accept: 'application/json', 'user-agent': 'rescind-cli', ...(text === undefined ? {} : { 'content-type': 'application/json' }) };
    // each try has a signature of its own, which is good for minutes only
    const signed = await identity.headersFor({ method, url, headers, body: text });
    signal.throwIfAborted();
    const response = await fetch(url, { method, headers: signed, body: text, redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(around.patienceMilliseconds ?? patience)]) });
    return { status: response.status, retryAfter: response.headers.get('retry-after'), text: await response.text() };
  };

  return async (question) => {
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt === tries;
      let answer: Answer | undefined;
      try {
        answer = await send(question);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Failure) throw error;
        if (error instanceof Error && error.name === 'TimeoutError') throw silent(target, around.patienceMilliseconds ?? patience);
        if (isLast || !isPassing(error)) throw disconnected(target, error);
      }
      if (answer && (isLast || (answer.status !== 429 && answer.status < 500))) return understood(answer, question, target, identity);
      await sleep(waitBefore(attempt, answer?.retryAfter, random), signal);
    }
  };
};

const waitBefore = (attempt: number, retryAfter: string | null | undefined, random: () => number): number => {
  const asked = retryAfter && /^\d{1,5}$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0;
  return Math.min(mostWaitMilliseconds, asked + (0.5 + random() / 2) * 500 * 2 ** (attempt - 1));
};

const understood = ({ status, text }: Answer, question: Question, target: Target, identity: Identity): Record<string, unknown> => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const isOk = status >= 200 && status < 300;
  const fields = typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : undefined;
  if (!isOk) throw refused(status, fields, question, target, identity);
  if (body === undefined) throw notJson(target, status);
  if (!fields) throw strangeAnswer(target);
  return fields;
};


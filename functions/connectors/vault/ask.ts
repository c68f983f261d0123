import type { Context } from '../../core/connector.ts';
import { answerOf, isForeseen, VaultFailed, type Answer } from './answer.ts';

/** One request. `path` is behind `/v1/`, its segments encoded. */
export interface Asked {
  method: 'GET' | 'POST' | 'LIST';
  path: string;
  namespace: string;
  body?: Record<string, unknown>;
  /** Its answer may take as long as what is behind the vault: it is waited for while the visit lasts, and not sent again where none comes. */
  isWaitedFor?: boolean;
}

/** How a request is sent, by whom, and until when (`performance.now()`). */
export interface Sending {
  fetch: typeof fetch;
  base: string;
  token: string;
  /** Further headers. */
  headers: Record<string, string>;
  sleep: Context['sleep'];
  signal: AbortSignal;
  until: number;
}

const tries = 3;
const timeoutMilliseconds = 5_000;
const longestPauseMilliseconds = 3_000;

const isPassing = (status: number): boolean => status === 408 || status === 412 || status === 429 || status >= 500;

const pauseOf = (response: Response | undefined, tried: number): number => {
  const header = response?.headers.get('retry-after') ?? '';
  const asked = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Math.max(Number.isFinite(asked) ? asked : 0, 150 * 2 ** tried * (0.5 + Math.random()));
};

const send = (asked: Asked, { fetch: go, base, token, headers, signal, until }: Sending): Promise<Response> =>
  go(`${base}/v1/${asked.path}`, {
    method: asked.method,
    headers: {
      ...headers,
      accept: 'application/json',
      'user-agent': 'rescind',
      'x-vault-request': 'true',
      'x-vault-token': token,
      ...(asked.namespace === '' ? {} : { 'x-vault-namespace': asked.namespace }),
      ...(asked.body ? { 'content-type': 'application/json' } : {}),
    },
    body: asked.body && JSON.stringify(asked.body),
    // a token goes to the address that was configured and to no other
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.ceil(Math.min(asked.isWaitedFor ? Infinity : timeoutMilliseconds, until - performance.now()))))]),
  });

/** What a connection ended with, such as `ECONNREFUSED` or `UNABLE_TO_VERIFY_LEAF_SIGNATURE`. */
const codeOf = (error: unknown): string | undefined => {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : undefined;
};

const untrusted = /CERT|SIGNATURE|ISSUER|ALTNAME/;

const whyFailed = (response: Response | undefined, failed: { isLate: boolean; code?: string }, isWaitedFor: boolean): string => {
  if (!response) {
    if (failed.isLate) return `no answer within ${isWaitedFor ? 'the time that there was' : '5 seconds'}`;
    if (failed.code === undefined) return 'no answer';
    return untrusted.test(failed.code) ? `its certificate is not trusted (${failed.code}): see the address, and put the authority that signed it into vault.ca of the configuration` : `no answer (${failed.code})`;
  }
  if (response.status === 429) return 'status 429: too many requests';
  if (response.status === 503) return 'status 503: the vault is sealed or not ready';
  return `status ${response.status}: a fault of the vault`;
};

/**
 * Sends one request: five seconds each unless it is waited for, three tries where the vault is throttling, failing or silent, no redirect followed.
 * Throws `VaultFailed` where it stays so, where the time is over, and for an answer that no vault gives.
 */
export const ask = async (asked: Asked, sending: Sending): Promise<Answer> => {
  const { signal } = sending;
  for (let tried = 1; ; tried += 1) {
    signal.throwIfAborted();
    let response: Response | undefined;
    let failed: { isLate: boolean; code?: string } = { isLate: false };
    try {
      response = await send(asked, sending);
      const { status } = response;
      if (status >= 300 && status < 400) {
        await response.body?.cancel();
        throw new VaultFailed(`status ${status}: a redirect, which is not followed: put the address of the active node into the configuration`, status);
      }
      const answer = await answerOf(response);
      if (!isPassing(status) || isForeseen(answer)) return answer;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof VaultFailed) throw error;
      failed = { isLate: error instanceof Error && error.name === 'TimeoutError', code: codeOf(error) };
      response = undefined;
    }
    const wait = pauseOf(response, tried);
    const isOver = tried >= tries || (asked.isWaitedFor === true && failed.isLate);
    if (isOver || wait > longestPauseMilliseconds || performance.now() + wait > sending.until) {
      throw new VaultFailed(`the vault did not answer the question: ${whyFailed(response, failed, asked.isWaitedFor === true)}`, response?.status, { isUnanswered: response === undefined });
    }
    await sending.sleep(wait, signal);
  }
};

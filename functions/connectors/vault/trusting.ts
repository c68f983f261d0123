import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';

const headersOf = (raw: Record<string, string | string[] | undefined>): [string, string][] => Object.entries(raw).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value].flat().join(', ')] as [string, string]]));

/**
 * `fetch` as this connector uses it (a text as the body, no redirect followed) to a server whose certificate these authorities
 * signed, as PEM: they are trusted here and nowhere else, and no others are.
 */
export const fetchTrusting = (ca: string): typeof fetch => {
  const agent = new Agent({ keepAlive: true, ca });
  return (input, { method, headers, body, signal } = {}) =>
    new Promise((resolve, reject) => {
      const asked = request(input as string | URL, { agent, method, headers: headers as Record<string, string>, signal: signal ?? undefined }, (answer) => {
        const status = answer.statusCode ?? 0;
        const isEmpty = [204, 205, 304].includes(status);
        if (isEmpty) answer.resume();
        resolve(new Response(isEmpty ? null : (Readable.toWeb(answer) as ConstructorParameters<typeof Response>[0]), { status, headers: headersOf(answer.headers) }));
      });
      asked.once('error', (error) => reject(signal?.aborted ? (signal.reason as Error) : new TypeError('fetch failed', { cause: error })));
      asked.end(body);
    });
};

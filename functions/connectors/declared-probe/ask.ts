import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { checkedAddresses, type Address, type Resolve } from './address.ts';
import type { FilledRequest } from './request.ts';

/** What came back: a status, or why none did. A body is never read. */
export type Answer = { status: number } | { none: string };

const timeoutMilliseconds = 5_000;

/** Hands the connection the addresses that were checked, so that no second resolution can give others. */
const only = (addresses: readonly Address[]): RequestOptions['lookup'] => (_host, options, done) => {
  const [first] = addresses;
  if (options.all) done(null, [...addresses]);
  else if (first) done(null, first.address, first.family);
};

/** Sends one request to checked addresses only. Follows no redirect, waits five seconds in all, throws for nothing but an abort. */
export const ask = async (filled: FilledRequest, isLocal: boolean, resolve: Resolve, signal: AbortSignal): Promise<Answer> => {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]);
  try {
    const checked = await raced(checkedAddresses(filled.url.hostname, isLocal, resolve), deadline);
    if ('refused' in checked) return { none: checked.refused };
    return { status: await statusOf(filled, checked.addresses, deadline) };
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) return { none: 'no answer within 5 seconds' };
    return { none: `no answer: ${error instanceof Error && 'code' in error ? String(error.code) : 'the connection failed'}` };
  }
};

const raced = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });

const statusOf = (filled: FilledRequest, addresses: readonly Address[], signal: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    const send = filled.url.protocol === 'https:' ? httpsRequest : httpRequest;
    const bytes = filled.body === undefined ? undefined : Buffer.from(filled.body);
    const headers = { 'user-agent': 'rescind-probe', ...filled.headers, ...(bytes ? { 'content-length': String(bytes.length) } : {}) };
    const request = send(filled.url, { method: filled.method, headers, agent: false, lookup: only(addresses), signal }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    // also hears the errors of a connection that we ourselves cut
    request.on('error', reject);
    request.end(bytes);
  });

import { request } from 'node:https';
import type { Certificate } from './tls.ts';

export interface Answer {
  status: number;
  text: string;
}

export interface Question {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/**
 * Sends one HTTPS request to a server on this machine. The name in the URL need not resolve: it goes to 127.0.0.1 and
 * into the Host header, by which the emulator knows the API.
 */
export const ask = (url: string, { pem }: Pick<Certificate, 'pem'>, { method = 'GET', headers = {}, body }: Question = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { host, hostname, port, pathname, search } = new URL(url);
    const sent = request({ host: '127.0.0.1', port, path: `${pathname}${search}`, method, headers: { host, ...headers }, ca: pem, servername: /^[\d.]+$/.test(hostname) ? '' : hostname, timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text })).once('error', reject);
    });
    sent.once('timeout', () => sent.destroy(new Error(`${method} ${url}: no answer within 30 seconds`)));
    sent.once('error', reject);
    sent.end(body);
  });

import { isIPv4 } from 'node:net';
import { defaultPort } from '../local/cli/options.ts';
import { wrongUsage } from './failure.ts';

/** Where the local service listens unless told otherwise. */
export const localUrl = `http://127.0.0.1:${defaultPort}`;

/** Where a command connects to. */
export interface Target {
  /** Without a slash at its end. */
  base: string;
  isLoopback: boolean;
}

const isLoopback = (host: string): boolean => {
  const name = host.replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'));
};

/** Reads an installation's address. Throws a `Failure` that says what is wrong with it, without quoting it where it may hold a password. */
export const targetOf = (text: string): Target => {
  if (!URL.canParse(text)) throw wrongUsage(`--url (or RESCIND_URL) is no URL; expected something like ${localUrl} or https://abc123.execute-api.eu-west-1.amazonaws.com`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrongUsage(`--url begins with https:// (or with http:// for a service on this machine), not with ${url.protocol}`);
  if (url.username !== '' || url.password !== '') throw wrongUsage('--url holds a user name or a password: leave it out, AWS credentials come from the default chain');
  if (url.search !== '' || url.hash !== '') throw wrongUsage('--url ends before "?" and "#": it is the address under which /leases is found');
  const loopback = isLoopback(url.hostname);
  if (url.protocol === 'http:' && !loopback) throw wrongUsage(`http:// is for this machine only: what goes to ${url.host} must be encrypted, use https://`);
  return { base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, isLoopback: loopback };
};

/** The region in the host name that API Gateway gives an API; undefined for a custom domain. */
export const regionOfHost = (host: string): string | undefined => /\.execute-api\.([a-z]{2,}(?:-[a-z]+)+-\d+)\./.exec(host)?.[1];

import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** One address that a name resolved to. */
export interface Address {
  address: string;
  family: 4 | 6;
}

// two lists: a list that has IPv6 ranges takes IPv4 addresses for mapped ones
const closed4 = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) closed4.addSubnet(net, prefix, 'ipv4');

// everything of IPv6 that is not global unicast (2000::/3), and of that what carries IPv4 or is for documents
const closed6 = new BlockList();
for (const [net, prefix] of [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) closed6.addSubnet(net, prefix, 'ipv6');

/** Whether the address is private, loopback, link-local (instance metadata), carrier-grade NAT, unique-local or reserved. What is no address counts as such. */
export const isPrivateAddress = (address: string): boolean => {
  const family = isIP(address);
  return family === 0 || (family === 6 ? closed6.check(address, 'ipv6') : closed4.check(address, 'ipv4'));
};

/** How a name becomes addresses; node's own resolver unless a test brings another. */
export type Resolve = (host: string) => Promise<Address[]>;

/** Node's resolver: every address, in the order given. */
export const resolveAll: Resolve = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));

/** The addresses of a host, every one of them checked: one private among them refuses all. */
export const checkedAddresses = async (host: string, isLocal: boolean, resolve: Resolve): Promise<{ addresses: Address[] } | { refused: string }> => {
  const bare = host.replace(/^\[|\]$/g, '');
  const family = isIP(bare);
  const addresses: Address[] = family === 0 ? await resolve(bare) : [{ address: bare, family: family === 6 ? 6 : 4 }];
  if (addresses.length === 0) return { refused: 'its host has no address' };
  if (!isLocal && addresses.some(({ address }) => isPrivateAddress(address))) return { refused: 'its host has a private address: not asked' };
  return { addresses };
};

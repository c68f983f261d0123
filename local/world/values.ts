import { randomBytes } from 'node:crypto';
import type { MadeUp, World } from './world.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const idLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const random = (length: number, alphabet: string): string => [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('');

/** Makes up one value of a kind. */
export const makeUp = ({ kind, prefix = '', length }: MadeUp): string => {
  switch (kind) {
    case 'aws-key-id':
      return `AKIA${random(16, idLetters)}`;
    case 'aws-secret':
      // lower and upper case letters and digits, as real ones have
      return `${random(36, `${letters}+/`)}aZ7q`;
    case 'token':
      return `${prefix}${random(length ?? 32, letters)}`;
    case 'password':
      return random(length ?? 24, letters);
    case 'webhook-secret':
      return `whsec_${randomBytes(32).toString('base64')}`;
    case 'hex':
      return randomBytes((length ?? 32) / 2).toString('hex');
  }
};

/** Makes up all values of a world. */
export const makeUpAll = (world: World): Record<string, string> => Object.fromEntries(Object.entries(world.values ?? {}).map(([name, value]) => [name, makeUp(value)]));

const placeholder = /\$\{([A-Za-z0-9_.-]+)\}/g;

/** Puts values in wherever a text says `${name}`; says which name nobody knows. */
export const fill = <T>(node: T, values: Record<string, string>, path = ''): T => {
  if (typeof node === 'string') {
    return node.replace(placeholder, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`${path || 'the world'} names \${${name}}, which is in none of the values`);
      return whole === undefined ? '' : value;
    }) as T;
  }
  if (Array.isArray(node)) return node.map((item, i) => fill(item as unknown, values, `${path}[${i}]`)) as T;
  if (typeof node === 'object' && node !== null) return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, fill(value as unknown, values, path ? `${path}.${key}` : key)])) as T;
  return node;
};

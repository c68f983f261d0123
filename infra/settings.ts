import { administratorsByDefault } from './boundary.ts';
import { functionNames } from './grants.ts';
import type { FunctionName } from './grants.ts';

/** What `cdk deploy -c name=value` may choose. */
export interface Settings {
  /** Path of the installation's configuration (`-c installation=FILE`). */
  installation: string;
  /** Whether the code is bundled; `-c bundling=false` puts placeholders, for looking at the template only. */
  bundle: boolean;
  /** The index reads only secrets with this tag (`-c indexTag=key=value`). Absent: every secret. */
  indexTag?: { key: string; value: string };
  /** Patterns of names of users and roles that no function may change (`-c administrators=a*,b`). */
  administrators: string[];
  /** Concurrent runs of their own (`-c reserved=receive=20,contain=10`; `-c reserved=none`, where an account has few). */
  reserved: Partial<Record<FunctionName, number>>;
}

/** Made of this, receiving and containing go on while everything else is busy. */
const reservedByDefault: Settings['reserved'] = { receive: 20, contain: 10 };

const reservedOf = (text: string): Settings['reserved'] => {
  if (text === 'none') return {};
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name = '', runs = ''] = pair.split('=');
      if (!functionNames.includes(name as FunctionName) || !/^[1-9]\d*$/.test(runs)) {
        throw new Error(`the context "reserved" must read none or function=runs, comma separated (for instance receive=20,contain=10), not "${text}"`);
      }
      return [name, Number(runs)];
    }),
  );
};

const tagOf = (text: string): Settings['indexTag'] => {
  const [, key, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (!key || !value) throw new Error(`the context "indexTag" must read key=value, not "${text}"`);
  return { key, value };
};

/** Reads the settings from the context, given as a look-up by name; says what is wrong with one. */
export const settingsOf = (context: (name: string) => unknown): Settings => {
  const text = (name: string): string | undefined => {
    const value = context(name);
    return value === undefined || value === null || value === '' ? undefined : String(value);
  };
  const tag = text('indexTag');
  const reserved = text('reserved');
  return {
    installation: text('installation') ?? 'infra/installation/example.json',
    bundle: text('bundling') !== 'false',
    administrators: text('administrators')?.split(',').map((name) => name.trim()) ?? administratorsByDefault,
    reserved: reserved === undefined ? reservedByDefault : reservedOf(reserved),
    ...(tag === undefined ? {} : { indexTag: tagOf(tag) }),
  };
};

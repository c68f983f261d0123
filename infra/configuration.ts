import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { Configuration } from '../functions/core/configuration.ts';
import { problemsOf } from './configuration-checks.ts';
import type { CheckOptions, Problem } from './configuration-checks.ts';
import { configurationSchema } from './configuration-schema.ts';

/** What is wrong with a configuration, all of it: one line each with the file and the place in it. */
export class ConfigurationError extends Error {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map(({ path, says }) => `${file}: ${path === '' ? 'the file' : path} ${says}`).join('\n'));
    this.name = 'ConfigurationError';
    this.file = file;
    this.problems = problems;
  }
}

/** `['secrets', 2, 'owner']` as `secrets[2].owner`. */
export const pathOf = (path: readonly PropertyKey[]): string => path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('').replace(/^\./, '');

const at = (value: unknown, path: readonly PropertyKey[]): unknown => path.reduce<unknown>((found, part) => (found as Record<PropertyKey, unknown> | undefined)?.[part], value);

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`);

/** What a schema's issue says to a person. Never quotes what was found: somebody may have put a value there. */
export const saysOf = (issue: z.core.$ZodIssue, whole: unknown): string => {
  const found = at(whole, issue.path);
  if (issue.code === 'invalid_type') return found === undefined ? `is missing; expected ${issue.expected}` : `is ${kindOf(found)}; expected ${issue.expected}`;
  if (issue.code === 'invalid_value') return `${found === undefined ? 'is missing' : 'is something else'}; expected one of ${issue.values.map((value) => `"${String(value)}"`).join(', ')}`;
  return issue.message;
};

const parsedJson = (text: string, file: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = /\((line \d+ column \d+)\)/.exec(error instanceof Error ? error.message : '')?.[1];
    throw new ConfigurationError(file, [{ path: '', says: `is not JSON${place ? ` at ${place}` : ''}; expected an object with "installation", "owners" and "fallbackOwner"` }]);
  }
};

/** Checks a configuration that is read already (a part of a world's file, for instance) and fills in what was left out. */
export const checkedConfiguration = (value: unknown, file: string, options: CheckOptions = {}): Configuration => {
  const parsed = configurationSchema.safeParse(value);
  if (!parsed.success) throw new ConfigurationError(file, parsed.error.issues.map((issue) => ({ path: pathOf(issue.path), says: saysOf(issue, value) })));
  const problems = problemsOf(parsed.data, options);
  if (problems.length > 0) throw new ConfigurationError(file, problems);
  return parsed.data;
};

/** Reads a configuration from its text. Throws a `ConfigurationError` that says where it is wrong: file, place, what is there, what was expected. */
export const parseConfiguration = (text: string, file: string, options: CheckOptions = {}): Configuration => checkedConfiguration(parsedJson(text, file), file, options);

/** Reads a configuration from its file, and says so where there is none. */
export const readConfiguration = (file: string, options: CheckOptions = {}): Configuration => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new ConfigurationError(file, [{ path: '', says: 'cannot be read; expected an installation\'s configuration (see infra/installation/example.json)' }]);
  }
  return parseConfiguration(text, file, options);
};

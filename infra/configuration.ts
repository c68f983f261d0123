import type { z } from 'zod';
import type { Configuration } from '../functions/core/configuration.ts';
import { problemsOf } from './configuration-checks.ts';
import type { CheckOptions, Problem } from './configuration-checks.ts';
import { configurationSchema } from './configuration-schema.ts';
import { FileError, parseJson, readText, type Refuse } from './json-file.ts';

/** What is wrong with a configuration. */
export class ConfigurationError extends FileError {
  constructor(file: string, problems: readonly Problem[]) {
    super(file, problems);
    this.name = 'ConfigurationError';
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

const refusing = (file: string): Refuse => (problems) => new ConfigurationError(file, problems);

/** Checks a configuration that is read already (a part of a world's file, for instance) and fills in what was left out. */
export const checkedConfiguration = (value: unknown, file: string, options: CheckOptions = {}): Configuration => {
  const parsed = configurationSchema.safeParse(value);
  if (!parsed.success) throw new ConfigurationError(file, parsed.error.issues.map((issue) => ({ path: pathOf(issue.path), says: saysOf(issue, value) })));
  const problems = problemsOf(parsed.data, options);
  if (problems.length > 0) throw new ConfigurationError(file, problems);
  return parsed.data;
};

/** Reads a configuration from its text. Throws a `ConfigurationError` that says where it is wrong: file, place, what is there, what was expected. */
export const parseConfiguration = (text: string, file: string, options: CheckOptions = {}): Configuration =>
  checkedConfiguration(parseJson(text, 'an object with "installation", "owners" and "fallbackOwner"', refusing(file)), file, options);

/** Reads a configuration from its file, and says so where there is none. */
export const readConfiguration = (file: string, options: CheckOptions = {}): Configuration =>
  parseConfiguration(readText(file, "an installation's configuration (see infra/installation/example.json)", refusing(file)), file, options);

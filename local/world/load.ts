import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Problem } from '../../infra/configuration-checks.ts';
import { checkedConfiguration, ConfigurationError, pathOf, saysOf } from '../../infra/configuration.ts';
import { FileError, parseJson, readText, type Refuse } from '../../infra/json-file.ts';
import type { Configuration } from '../../functions/core/configuration.ts';
import { problemsOfWorld } from './checks.ts';
import { worldSchema } from './schema.ts';
import type { World } from './world.ts';

/** What is wrong with a world's file. */
export class WorldError extends FileError {
  constructor(file: string, problems: readonly Problem[]) {
    super(file, problems);
    this.name = 'WorldError';
  }
}

const placeholder = /\$\{([A-Za-z0-9_.-]+)\}/g;
const standIn = /http:\/\/x-([0-9a-f]+)\.placeholder/g;

const mapTexts = <T>(node: T, change: (text: string) => string): T => {
  if (typeof node === 'string') return change(node) as T;
  if (Array.isArray(node)) return node.map((item) => mapTexts(item as unknown, change)) as T;
  if (typeof node === 'object' && node !== null) return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, mapTexts(value as unknown, change)])) as T;
  return node;
};

/** Placeholders pass the configuration's schema as addresses, which is what the only ones that it minds stand for. */
const configurationOf = (value: unknown, file: string): Configuration => {
  const passable = mapTexts(value, (text) => text.replace(placeholder, (_, name: string) => `http://x-${Buffer.from(name).toString('hex')}.placeholder`));
  const checked = checkedConfiguration(passable, file, { local: true });
  return mapTexts(checked, (text) => text.replace(standIn, (_, name: string) => `\${${Buffer.from(name, 'hex').toString()}}`));
};

/** Checks what a world's file says and fills in what was left out. Throws a `WorldError` that says where it is wrong. */
export const checkedWorld = (value: unknown, file: string): World => {
  const parsed = worldSchema.safeParse(value);
  if (!parsed.success) throw new WorldError(file, parsed.error.issues.map((issue) => ({ path: pathOf(issue.path), says: saysOf(issue, value) })));
  let configuration: Configuration;
  try {
    configuration = configurationOf(parsed.data.configuration, file);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new WorldError(file, error.problems.map(({ path, says }) => ({ path: path === '' ? 'configuration' : `configuration.${path}`, says })));
  }
  const world: World = { ...parsed.data, configuration };
  const problems = problemsOfWorld(world);
  if (problems.length > 0) throw new WorldError(file, problems);
  return world;
};

/** Reads a world's file. Throws a `WorldError` that says where it is wrong: file, place, what is there, what was expected. */
export const loadWorld = (file: string): World => {
  const refuse: Refuse = (problems) => new WorldError(file, problems);
  const text = readText(file, "a world's file (see local/world/acme.json)", refuse);
  const world = checkedWorld(parseJson(text, 'an object with "name", "configuration" and "aws"', refuse), file);
  const samples = world.samples?.map((sample) => ({ ...sample, file: resolve(dirname(file), sample.file) }));
  const missing = (samples ?? []).flatMap(({ file: path }, n) => (existsSync(path) ? [] : [{ path: `samples[${n}].file`, says: "names a file that is not there; expected one beside the world's file" }]));
  if (missing.length > 0) throw new WorldError(file, missing);
  return { ...world, samples };
};

/**
 * What of an event may go into a queue: the fields that its source declares to read, as text. Job platforms put environments,
 * arguments and outputs into their events in clear, and what nobody reads must not lie in a queue or among its dead letters.
 */
import { isRecord } from './fields.ts';

/** Fields of every event's envelope, none of which its sender can write freely. */
export const envelope: readonly string[] = ['source', 'detail-type', 'id', 'time', 'account', 'region'];

type Step = string | number;
type Holder = Record<Step, unknown>;

/** `detail.phases[0].start-time` as its steps. */
const stepsOf = (path: string): Step[] =>
  path.split('.').flatMap((part) => {
    const [name = '', ...indices] = part.split(/[[\]]+/).filter((piece) => piece !== '');
    return [name, ...indices.map(Number)];
  });

const inside = (value: unknown, step: Step): unknown => {
  if (typeof step === 'number') return Array.isArray(value) ? (value as unknown[])[step] : undefined;
  return isRecord(value) && Object.hasOwn(value, step) ? value[step] : undefined;
};

/** As EventBridge puts it between quotes; an object or a list, which no source reads as a whole, is left out. */
const asText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
};

const put = (into: Holder, [step = '', ...rest]: Step[], text: string): void => {
  if (rest.length === 0) into[step] = text;
  else put((into[step] ??= typeof rest[0] === 'number' ? [] : {}) as Holder, rest, text);
};

const made = (paths: readonly string[], textOf: (path: string) => string): Record<string, unknown> => {
  const whole: Holder = {};
  for (const path of paths) put(whole, stepsOf(path), textOf(path));
  return whole;
};

/** The event with these paths and nothing else: numbers and booleans as text, what is missing as ''. Total, and doing it twice changes nothing. */
export const cutEvent = (event: unknown, paths: readonly string[]): Record<string, unknown> =>
  made(paths, (path) => asText(stepsOf(path).reduce(inside, event)));

const variableOf = (path: string): string => path.replace(/[^\w-]+/g, '-');

/**
 * The same in the words of EventBridge's input transformer: a path for each variable, and a JSON object whose texts are the variables.
 * They stand in quotes, so that a number is text there and what is missing is ''. Nothing is escaped: a value with a quote,
 * a backslash or a line break makes a message that cannot be read, so no path may lead to a text that anybody can write freely.
 */
export const transformerOf = (paths: readonly string[]): { inputPathsMap: Record<string, string>; inputTemplate: string } => ({
  inputPathsMap: Object.fromEntries(paths.map((path) => [variableOf(path), `$.${path}`])),
  inputTemplate: JSON.stringify(made(paths, (path) => `<${variableOf(path)}>`)),
});

/** `path(0)` to `path(count - 1)`: of a list only so many are read as the platform has at most. */
export const eachOf = (count: number, path: (n: number) => string): string[] => Array.from({ length: count }, (_, n) => path(n));

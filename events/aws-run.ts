import { awsTime } from './aws-time.ts';
import { cutEvent, envelope } from './cut.ts';
import { at, clean, rawText } from './fields.ts';
import type { AwsEventSource, EventRule, Parsed, RunName } from './trigger.ts';

/** Which values the fields of `detail` have, in the words of EventBridge: each field has one of those in its list. */
export type Filter = Record<string, string[]>;

/** What one event says about its run, read from `detail`. */
export interface ToldRun {
  /** Empty where the event lacks its id: such an event is malformed. */
  run: string;
  job?: string;
  /** `1` where it is not given. */
  attempt?: string;
  name: string;
  role?: string;
  /** The platform's own times, as they came. */
  startedAt?: unknown;
  endedAt?: unknown;
  /** It ended without having worked, or only its parts did. */
  neverWorked?: boolean;
  /** Set where one run under one id can end again: what tells this end from the others; the time of the event where it is ''. */
  which?: string;
}

/** One kind of event: which states are ends, which say that the run began to work, and how it is read. */
export interface RunEvent {
  detailType: string;
  /** The field of `detail` that holds the state. */
  state: string;
  ends?: Filter;
  starts?: Filter;
  /** The field of the id, for the reason of a refusal. */
  id: string;
  /**
   * Paths below `detail` of what `read` takes, besides the state and the fields of the filters; what is not listed is not there.
   * Ids, ARNs, states, times and names that the platform restricts: a quote or a backslash in one of them makes a message that nobody can read.
   * IAM would take a quote in the path of a role; such a role is none that `roleAt` knows, and the end of its run is a dead letter, with its alarm.
   */
  reads: readonly string[];
  /** Every value is a text, numbers too, and '' where it is missing. */
  read(detail: unknown): ToldRun;
}

/** The text at the path if it can be an id as it stands (of that shape, nothing unprintable, not too long), else ''. */
export const idAt = (value: unknown, shape: RegExp, ...path: string[]): string => {
  const text = rawText(value, ...path);
  return text === clean(text) && shape.test(text) ? text : '';
};

/** The ARN of the service at the path, or ''. */
export const arnAt = (value: unknown, service: string, ...path: string[]): string =>
  idAt(value, new RegExp(`^arn:[\\w-]+:${service}:[\\w-]*:\\d*:\\S+$`), ...path);

/** The full ARN of an IAM role at the path; undefined for a short name, for anything else and for nothing. */
export const roleAt = (value: unknown, ...path: string[]): string | undefined =>
  idAt(value, /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/, ...path) || undefined;

/** The one role that all of them are; undefined where there is none or they differ, since naming one of several would be a guess. */
export const oneRole = (roles: (string | undefined)[]): string | undefined => {
  const [first, ...others] = new Set(roles.filter((role) => role !== undefined));
  return others.length === 0 ? first : undefined;
};

const malformed = (reason: string): Parsed => ({ kind: 'malformed', reason });
const ignored = (reason: string): Parsed => ({ kind: 'ignored', reason });

const passes = (filter: Filter | undefined, detail: unknown): boolean =>
  filter !== undefined && Object.entries(filter).every(([field, values]) => values.includes(rawText(detail, field)));

const fieldsOf = (filter: Filter): string => Object.keys(filter).sort().join();

/** Filters on the same field become one list; kinds that keep their state in different fields need the `$or` of EventBridge. */
const oneOf = (filters: Filter[]): Record<string, unknown> => {
  const [first = {}] = filters;
  if (filters.length === 1) return first;
  const [field = ''] = Object.keys(first);
  const isOneField = filters.every((filter) => fieldsOf(filter) === field);
  return isOneField ? { [field]: [...new Set(filters.flatMap((filter) => filter[field] ?? []))] } : { $or: filters };
};

const ruleOf = (source: string, events: RunEvent[], which: 'ends' | 'starts'): EventRule => {
  const told = events.flatMap(({ detailType, [which]: filter }) => (filter ? [{ detailType, filter }] : []));
  return { source: [source], detailType: told.map(({ detailType }) => detailType), detail: oneOf(told.map(({ filter }) => filter)) };
};

const readsOf = (events: RunEvent[]): string[] => {
  const ofDetail = events.flatMap(({ state, ends = {}, starts = {}, reads }) => [state, ...Object.keys(ends), ...Object.keys(starts), ...reads]);
  return [...envelope, ...new Set(ofDetail.map((path) => `detail.${path}`))];
};

const parseAs = (name: string, source: string, events: RunEvent[], event: unknown): Parsed => {
  if (rawText(event, 'source') !== source) return malformed(`the event is not from ${source}`);
  const kind = events.find(({ detailType }) => detailType === rawText(event, 'detail-type'));
  if (!kind) return ignored('no event about a run');
  const detail = at(event, 'detail');
  const { run, job, attempt = '1', name: what, role, startedAt, endedAt, which, neverWorked } = kind.read(detail);
  if (run === '' || job === '') return malformed(`detail.${kind.id} is missing or no id`);
  const state = rawText(detail, kind.state);
  if (state === '') return malformed(`detail.${kind.state} is missing`);
  const runName: RunName = { platform: name, run, attempt, ...(job === undefined ? {} : { job }) };
  const sentAt = awsTime(at(event, 'time'));
  const told = { source: name, run: runName, state, name: what, ...(role === undefined ? {} : { role }) };
  if (passes(kind.ends, detail)) {
    const end = [run, job, attempt, state, which === '' ? sentAt : which].filter(Boolean).join(' ');
    return { kind: 'triggers', triggers: [{ trigger: 'JobEnded', ...told, at: awsTime(endedAt) || sentAt, end, ...(neverWorked ? { neverWorked } : {}) }] };
  }
  if (passes(kind.starts, detail)) return { kind: 'triggers', triggers: [{ trigger: 'JobStarted', ...told, at: awsTime(startedAt) || sentAt }] };
  return ignored('neither an end nor a beginning of work');
};

/** A source that tells of a platform's runs; what its rules let through is what its parser takes for an end or a start, and of an event it sees only what it declares to read. */
export const runSource = (name: string, source: string, events: RunEvent[]): AwsEventSource => {
  const reads = readsOf(events);
  return {
    transport: 'aws-event',
    name,
    tells: 'run',
    pattern: ruleOf(source, events, 'ends'),
    ...(events.some(({ starts }) => starts) ? { starts: ruleOf(source, events, 'starts') } : {}),
    reads,
    parse: (event) => parseAs(name, source, events, cutEvent(event, reads)),
  };
};

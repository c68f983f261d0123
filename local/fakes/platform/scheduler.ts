import type { Clock } from '../../clock.ts';
import { Behaviours } from '../behaviour.ts';
import type { AwsAnswer, AwsRequest, AwsService } from './aws-service.ts';
import { AwsFault } from './aws-service.ts';
import { pretending } from './pretend.ts';
import { clientTokenOf, fieldsOf, nameOf } from './scheduler-fields.ts';
import { groupOperations } from './scheduler-groups.ts';
import type { Schedule } from './scheduler-journal.ts';
import { keptSchedules, keyOf } from './scheduler-journal.ts';
import { pageOf } from './scheduler-pages.ts';
import { atTime } from './scheduler-time.ts';
import { startTimer } from './scheduler-timer.ts';

export interface SchedulerOptions {
  clock: Clock;
  /** Asked for the operation `Invoke` when a schedule fires; those of its calls come with the requests. */
  behaviours?: Behaviours;
  account: string;
  region: string;
  /** Schedule groups that are there beside `default`. */
  groups: readonly string[];
  /** Where it keeps its schedules; absent: in memory. */
  folder?: string;
  /** Puts the input on the queue that the target names; a rejection is a failed attempt and comes again. */
  onFire: (targetArn: string, input: string) => void | Promise<void>;
  signal?: AbortSignal;
}

export interface Scheduler {
  service: AwsService;
  /** Those that are still to fire, soonest first; `at` in ISO 8601. */
  schedules(): { name: string; group: string; at: string; input: string }[];
  /** Fires nothing more. What has not fired is there again after a restart on the same folder. */
  close(): void;
}

/** How long the same client token means the same call. AWS does not say; after that a name that exists is a conflict. */
const IDEMPOTENCY_MILLISECONDS = 10 * 60_000;

const VERBS: Record<string, string> = { POST: 'Create', GET: 'Get', PUT: 'Update', DELETE: 'Delete' };

/** The operation's name, which Scheduler tells only by method and path. */
export const schedulerOperationOf = ({ method, path }: Pick<AwsRequest, 'method' | 'path'>): string => {
  const [kind, name] = path.slice(1).split('/');
  const noun = kind === 'schedules' ? 'Schedule' : kind === 'schedule-groups' ? 'ScheduleGroup' : undefined;
  if (noun === undefined) return `${method} ${path}`;
  if (name === undefined || name === '') return method === 'GET' ? `List${noun}s` : `${method} ${path}`;
  return VERBS[method] === undefined ? `${method} ${path}` : `${VERBS[method]}${noun}`;
};

const nameInPath = (path: string): string => {
  try {
    return decodeURIComponent(path.split('/')[2] ?? '');
  } catch {
    return '';
  }
};

const bodyOf = (request: AwsRequest): Record<string, unknown> => {
  try {
    const body: unknown = JSON.parse(request.raw.toString('utf8') || '{}');
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } catch {
    // said below, as for JSON that is no object
  }
  throw new AwsFault('SerializationException', 'the body is not a JSON object');
};

const seconds = (milliseconds: number): number => milliseconds / 1000;

/**
 * EventBridge Scheduler on one machine: one-time schedules that put their input on an SQS queue. It fires at the time itself
 * (AWS: within the minute after it). A time that has passed is taken and fires at once; a world where AWS refuses it says so
 * with the behaviour `refuse` on `CreateSchedule`.
 */
export const createScheduler = (options: SchedulerOptions): Scheduler => {
  const { clock, account, region } = options;
  const stopping = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal;
  const kept = keptSchedules(options.folder);
  const arnOf = ({ group, name }: Pick<Schedule, 'group' | 'name'>) => `arn:aws:scheduler:${region}:${account}:schedule/${group}/${name}`;
  const groups = groupOperations({ kept, clock, account, region, given: ['default', ...options.groups] });
  const timer = startTimer({ kept, clock, behaviours: options.behaviours ?? new Behaviours(), arnOf, account, region, onFire: options.onFire, signal });

  const groupIn = (value: unknown): string => {
    const group = value === undefined || value === null ? 'default' : nameOf(value, 'groupName');
    groups.require(group);
    return group;
  };
  const existing = (group: string, name: string): Schedule => {
    const found = kept.schedules.get(keyOf(group, name));
    if (found === undefined) throw new AwsFault('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
    return found;
  };
  const put = (schedule: Schedule): object => {
    kept.change({ op: 'put', schedule });
    timer.changed(schedule.at);
    return { ScheduleArn: arnOf(schedule) };
  };
  const create = (name: string, request: AwsRequest): object => {
    const body = bodyOf(request);
    const fields = fieldsOf(body);
    const clientToken = clientTokenOf(body.ClientToken);
    const group = groupIn(body.GroupName);
    const now = clock.now().getTime();
    const there = kept.schedules.get(keyOf(group, name));
    if (there !== undefined) {
      const isSameCall = clientToken !== undefined && there.clientToken === clientToken && now - there.createdAt < IDEMPOTENCY_MILLISECONDS && JSON.stringify(there.fields) === JSON.stringify(fields);
      if (isSameCall) return { ScheduleArn: arnOf(there) };
      throw new AwsFault('ConflictException', `Schedule ${name} already exists.`, 409);
    }
    return put({ name, group, fields, at: atTime(fields.ScheduleExpression, fields.ScheduleExpressionTimezone) ?? now, createdAt: now, modifiedAt: now, clientToken });
  };
  const update = (name: string, request: AwsRequest): object => {
    const body = bodyOf(request);
    const fields = fieldsOf(body);
    clientTokenOf(body.ClientToken);
    const { group, createdAt, clientToken } = existing(groupIn(body.GroupName), name);
    const now = clock.now().getTime();
    return put({ name, group, fields, at: atTime(fields.ScheduleExpression, fields.ScheduleExpressionTimezone) ?? now, createdAt, modifiedAt: now, clientToken });
  };
  const shown = (schedule: Schedule) => ({ Arn: arnOf(schedule), GroupName: schedule.group, Name: schedule.name, State: schedule.fields.State, CreationDate: seconds(schedule.createdAt), LastModificationDate: seconds(schedule.modifiedAt) });
  const list = ({ query }: AwsRequest): object => {
    const group = query.has('ScheduleGroup') ? groupIn(query.get('ScheduleGroup')) : undefined;
    const state = query.get('State');
    if (state !== null && state !== 'ENABLED' && state !== 'DISABLED') throw new AwsFault('ValidationException', "1 validation error detected: Value at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED]");
    const found = [...kept.schedules.values()].filter((one) => (group === undefined || one.group === group) && (state === null || one.fields.State === state));
    const { items, NextToken } = pageOf(found, query, ({ group, name }) => keyOf(group, name));
    return { Schedules: items.map((one) => ({ ...shown(one), Target: { Arn: one.fields.Target.Arn } })), NextToken };
  };

  const answerTo = (request: AwsRequest): object => {
    const { operation, query } = request;
    if (operation === 'ListSchedules') return list(request);
    if (operation === 'ListScheduleGroups') return groups.list(query);
    const name = nameOf(nameInPath(request.path), 'name');
    switch (operation) {
      case 'CreateSchedule':
        return create(name, request);
      case 'UpdateSchedule':
        return update(name, request);
      case 'GetSchedule': {
        const schedule = existing(groupIn(query.get('groupName')), name);
        return { ...shown(schedule), ...schedule.fields };
      }
      case 'DeleteSchedule': {
        clientTokenOf(query.get('clientToken'));
        const { group } = existing(groupIn(query.get('groupName')), name);
        kept.change({ op: 'delete', group, name });
        return {};
      }
      case 'CreateScheduleGroup':
        return groups.create(name);
      case 'GetScheduleGroup':
        return groups.get(name);
      case 'DeleteScheduleGroup':
        return groups.delete(name);
      default:
        throw new AwsFault('UnknownOperationException', `the local Scheduler does not know ${operation}`, 404);
    }
  };
  const headers = { 'content-type': 'application/json' };
  const service = async (request: AwsRequest): Promise<AwsAnswer> => {
    try {
      return { status: 200, headers, body: answerTo(request) };
    } catch (error) {
      const fault = error instanceof AwsFault ? error : new AwsFault('InternalServerException', `the local Scheduler could not answer: ${error instanceof Error ? error.name : 'unknown error'}`, 500);
      return { status: fault.status, headers: { ...headers, 'x-amzn-errortype': fault.code }, body: { Message: fault.message } };
    }
  };
  const pretended = (request: AwsRequest): AwsAnswer => {
    const name = nameInPath(request.path);
    const isPut = request.operation === 'CreateSchedule' || request.operation === 'UpdateSchedule';
    const group = isPut ? String(bodyOf(request).GroupName ?? 'default') : '';
    return { status: 200, headers, body: isPut ? { ScheduleArn: arnOf({ group, name }) } : request.operation === 'CreateScheduleGroup' ? { ScheduleGroupArn: groups.arnOf(name) } : {} };
  };
  return {
    service: Object.assign(pretending({ clock, changes: ({ method }) => method !== 'GET', pretended }, service), {
      protocol: 'json' as const,
      operationOf: schedulerOperationOf,
      resourceOf: ({ path, query }: Pick<AwsRequest, 'path' | 'query'>) => [nameInPath(path), query.get('groupName') ?? query.get('ScheduleGroup') ?? ''].join(' ').trim(),
    }),
    schedules: () =>
      [...kept.schedules.values()]
        .filter(({ fields, isCompleted }) => fields.State === 'ENABLED' && isCompleted !== true)
        .sort((a, b) => a.at - b.at)
        .map(({ name, group, at, fields }) => ({ name, group, at: new Date(at).toISOString(), input: fields.Target.Input ?? '' })),
    close: () => stopping.abort(new Error('the scheduler stops')),
  };
};

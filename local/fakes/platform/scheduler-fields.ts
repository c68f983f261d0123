import { AwsFault } from './aws-service.ts';
import { atTime, isZone } from './scheduler-time.ts';

type Fields = Record<string, unknown>;

/** What a schedule sends and where to. */
export interface ScheduleTarget extends Fields {
  Arn: string;
  RoleArn: string;
  Input?: string;
  RetryPolicy?: { MaximumRetryAttempts?: number; MaximumEventAgeInSeconds?: number };
  DeadLetterConfig?: { Arn?: string };
}

/** What a caller says about a schedule, checked, with Scheduler's own defaults where he says nothing. */
export interface ScheduleFields {
  ScheduleExpression: string;
  ScheduleExpressionTimezone: string;
  State: 'ENABLED' | 'DISABLED';
  ActionAfterCompletion: 'NONE' | 'DELETE';
  FlexibleTimeWindow: { Mode: 'OFF' | 'FLEXIBLE'; MaximumWindowInMinutes?: number };
  Target: ScheduleTarget;
  Description?: string;
  KmsKeyArn?: string;
  /** Seconds since 1970; means nothing for a one-time schedule. */
  StartDate?: number;
  EndDate?: number;
}

const QUEUE_ARN = /^arn:aws[a-zA-Z-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}$/;
const ROLE_ARN = /^arn:aws[a-zA-Z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;
const MAX_INPUT_BYTES = 262_144;

const invalid = (message: string): AwsFault => new AwsFault('ValidationException', message);
const unfit = (member: string, constraint: string): AwsFault => invalid(`1 validation error detected: Value at '${member}' failed to satisfy constraint: ${constraint}`);

const object = (value: unknown, member: string): Fields => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw unfit(member, 'Member must not be null');
};

const text = (value: unknown, member: string, most: number): string => {
  if (typeof value === 'string' && value.length >= 1 && value.length <= most) return value;
  throw unfit(member, value === undefined ? 'Member must not be null' : `Member must have length between 1 and ${most}`);
};

const optional = <T>(value: unknown, read: (value: unknown) => T): T | undefined => (value === undefined || value === null ? undefined : read(value));

const number = (value: unknown, member: string, least: number, most: number): number => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw unfit(member, `Member must be an integer between ${least} and ${most}`);
};

const oneOf = <T extends string>(value: unknown, member: string, known: readonly T[]): T => {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw unfit(member, `Member must satisfy enum value set: [${known.join(', ')}]`);
};

const matching = (value: unknown, member: string, pattern: RegExp): string => {
  const given = text(value, member, 1600);
  if (pattern.test(given)) return given;
  throw unfit(member, `Member must satisfy regular expression pattern: ${pattern.source}`);
};

/** A name of a schedule or a group; faults where Scheduler would not take it. */
export const nameOf = (value: unknown, member: 'name' | 'groupName' | 'namePrefix'): string => {
  const given = text(value, member, 64);
  if (/^[0-9a-zA-Z\-_.]+$/.test(given)) return given;
  throw unfit(member, 'Member must satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$');
};

/** The caller's idempotency token, where there is one. */
export const clientTokenOf = (value: unknown): string | undefined =>
  optional(value, (given) => {
    if (text(given, 'clientToken', 64).match(/^[a-zA-Z0-9\-_]+$/)) return given as string;
    throw unfit('clientToken', 'Member must satisfy regular expression pattern: ^[a-zA-Z0-9-_]+$');
  });

const inputOf = (value: unknown): string => {
  if (typeof value !== 'string' || value === '' || Buffer.byteLength(value) > MAX_INPUT_BYTES) throw unfit('target.input', `Member must have length between 1 and ${MAX_INPUT_BYTES}`);
  return value;
};

const retryPolicyOf = (value: unknown) => {
  const policy = object(value, 'target.retryPolicy');
  return {
    MaximumEventAgeInSeconds: optional(policy.MaximumEventAgeInSeconds, (given) => number(given, 'target.retryPolicy.maximumEventAgeInSeconds', 60, 86_400)) ?? 86_400,
    MaximumRetryAttempts: optional(policy.MaximumRetryAttempts, (given) => number(given, 'target.retryPolicy.maximumRetryAttempts', 0, 185)) ?? 185,
  };
};

const targetOf = (value: unknown): ScheduleTarget => {
  const target = object(value, 'target');
  const Arn = text(target.Arn, 'target.arn', 1600);
  if (!QUEUE_ARN.test(Arn)) throw invalid(`Provided Arn is not in correct format. The local Scheduler sends to standard SQS queues only.`);
  return {
    Arn,
    RoleArn: matching(target.RoleArn, 'target.roleArn', ROLE_ARN),
    Input: optional(target.Input, inputOf),
    RetryPolicy: optional(target.RetryPolicy, retryPolicyOf) ?? { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
    DeadLetterConfig: optional(target.DeadLetterConfig, (given) => ({ Arn: optional(object(given, 'target.deadLetterConfig').Arn, (arn) => matching(arn, 'target.deadLetterConfig.arn', QUEUE_ARN)) })),
  };
};

const windowOf = (value: unknown): ScheduleFields['FlexibleTimeWindow'] => {
  const window = object(value, 'flexibleTimeWindow');
  const Mode = oneOf(window.Mode, 'flexibleTimeWindow.mode', ['OFF', 'FLEXIBLE']);
  const MaximumWindowInMinutes = optional(window.MaximumWindowInMinutes, (given) => number(given, 'flexibleTimeWindow.maximumWindowInMinutes', 1, 1440));
  if ((Mode === 'FLEXIBLE') !== (MaximumWindowInMinutes !== undefined)) throw invalid('MaximumWindowInMinutes must be set when the flexible time window is FLEXIBLE, and only then.');
  return { Mode, MaximumWindowInMinutes };
};

/** What the body of a create or an update says; faults where Scheduler would, and where a schedule is not one-time. */
export const fieldsOf = (body: Fields): ScheduleFields => {
  const ScheduleExpression = text(body.ScheduleExpression, 'scheduleExpression', 256);
  const ScheduleExpressionTimezone = optional(body.ScheduleExpressionTimezone, (given) => text(given, 'scheduleExpressionTimezone', 50)) ?? 'UTC';
  if (!isZone(ScheduleExpressionTimezone)) throw invalid('Invalid ScheduleExpressionTimezone.');
  if (/^(rate|cron)\(/.test(ScheduleExpression)) throw invalid('The local Scheduler knows one-time schedules only: at(yyyy-mm-ddThh:mm:ss).');
  if (atTime(ScheduleExpression, ScheduleExpressionTimezone) === undefined) throw invalid(`Invalid Schedule Expression ${ScheduleExpression}.`);
  const date = (value: unknown, member: string) =>
    optional(value, (given) => {
      if (typeof given === 'number' && Number.isFinite(given)) return given;
      throw unfit(member, 'Member must be a number of seconds');
    });
  const Target = targetOf(body.Target);
  return {
    ScheduleExpression,
    ScheduleExpressionTimezone,
    State: optional(body.State, (given) => oneOf(given, 'state', ['ENABLED', 'DISABLED'])) ?? 'ENABLED',
    ActionAfterCompletion: optional(body.ActionAfterCompletion, (given) => oneOf(given, 'actionAfterCompletion', ['NONE', 'DELETE'])) ?? 'NONE',
    FlexibleTimeWindow: windowOf(body.FlexibleTimeWindow),
    Target,
    Description: optional(body.Description, (given) => (given === '' ? '' : text(given, 'description', 512))),
    KmsKeyArn: optional(body.KmsKeyArn, (given) => text(given, 'kmsKeyArn', 2048)),
    StartDate: date(body.StartDate, 'startDate'),
    EndDate: date(body.EndDate, 'endDate'),
  };
};

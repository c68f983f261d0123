import { ExecutionError, StateMachine } from 'aws-local-stepfunctions';
import type { Retrier } from './states-definition.ts';

/** A failed task as Step Functions knows it: the error's name is what Retry and Catch match, the message is the cause. */
export class TaskError extends Error {
  /** Read by the interpreter: these two cannot be caught or retried, as on AWS. */
  readonly isRetryable: boolean;
  readonly isCatchable: boolean;
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
    this.isCatchable = this.isRetryable = !UNCATCHABLE.includes(name);
  }
}

const UNCATCHABLE = ['States.Runtime', 'States.DataLimitExceeded'];

/** What a function threw, as Lambda reports it to a state machine: name, and a cause that is JSON. The stack stays here. */
export const fromFunction = (error: unknown): TaskError => {
  if (error instanceof TaskError) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return new TaskError(name, JSON.stringify({ errorType: name, errorMessage: message, trace: [] }));
};

// The interpreter's States.TaskFailed leaves out timeouts by their class, which it does not export: one that times out shows it.
const captureTimeoutClass = async (): Promise<new () => Error> => {
  const definition = { StartAt: 'Late', States: { Late: { Type: 'Task' as const, Resource: 'late', TimeoutSeconds: 0.001, End: true as const } } };
  const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
  try {
    await machine.run({}, { overrides: { taskResourceLocalHandlers: { Late: () => new Promise(() => undefined) } } }).result;
  } catch (error) {
    const cause = error instanceof ExecutionError ? error.cause : undefined;
    if (cause instanceof Error && cause.name === 'States.Timeout') return cause.constructor as new () => Error;
  }
  throw new Error('the interpreter of state machines no longer times out as expected: look at its release notes');
};

let timeoutClass: Promise<new () => Error> | undefined;

/** The interpreter's own timeout, under the name of the timer that ran out. */
export const timeoutError = async (name: 'States.Timeout' | 'States.HeartbeatTimeout'): Promise<Error> => {
  const error = new (await (timeoutClass ??= captureTimeoutClass()))();
  error.name = name;
  error.message = name === 'States.Timeout' ? 'the task ran longer than its TimeoutSeconds' : 'the task sent no heartbeat for its HeartbeatSeconds';
  return error;
};

const matches = (pattern: string, name: string): boolean => {
  if (pattern === name) return true;
  if (UNCATCHABLE.includes(name)) return false;
  if (pattern === 'States.Timeout') return name === 'States.HeartbeatTimeout';
  return pattern === 'States.ALL' || (pattern === 'States.TaskFailed' && name !== 'States.Timeout' && name !== 'States.HeartbeatTimeout');
};

/** Seconds until the next attempt after this error, or undefined for none. `counts` (one per retrier) is counted up. */
export const retryDelay = (retriers: readonly Retrier[], counts: number[], name: string, random: () => number = Math.random): number | undefined => {
  const index = retriers.findIndex(({ ErrorEquals }) => ErrorEquals.some((pattern) => matches(pattern, name)));
  const retrier = retriers[index];
  if (retrier === undefined) return undefined;
  const count = counts[index] ?? 0;
  if (count >= (retrier.MaxAttempts ?? 3)) return undefined;
  counts[index] = count + 1;
  const delay = Math.min((retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** count, retrier.MaxDelaySeconds ?? Infinity);
  return retrier.JitterStrategy === 'FULL' ? random() * delay : delay;
};

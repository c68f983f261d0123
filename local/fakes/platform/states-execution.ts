import { randomUUID } from 'node:crypto';
import type { RunOptions } from 'aws-local-stepfunctions';
import { ExecutionError, StateMachine } from 'aws-local-stepfunctions';
import type { Clock } from '../../clock.ts';
import { pause } from './pause.ts';
import type { Prepared } from './states-definition.ts';
import { withFasterBlocks } from './states-definition.ts';
import type { Invoke, TaskWorld } from './states-task.ts';
import { runState } from './states-task.ts';
import type { TaskTokens } from './states-tokens.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** One event of an execution's history, as `GetExecutionHistory` gives it; the timestamp is in seconds. */
export interface HistoryEvent {
  id: number;
  previousEventId: number;
  timestamp: number;
  type: string;
  [details: string]: unknown;
}

/** One execution as it stands. Input and output are JSON texts. */
export interface Execution {
  arn: string;
  name: string;
  machine: { arn: string; name: string };
  status: ExecutionStatus;
  input: string;
  output?: string;
  error?: string;
  cause?: string;
  startedAt: Date;
  stoppedAt?: Date;
  history: HistoryEvent[];
}

export interface ExecutionWorld {
  invoke: Invoke;
  tokens: TaskTokens;
  clock: Clock;
  /** How many times as fast as the wall's the clock runs. */
  speed: number;
  /** Called once when the execution starts and once when it ends. */
  onStatus(execution: Execution): void;
}

export interface Running {
  execution: Execution;
  /** Ends it at once with that status; nothing happens where it has ended. */
  end(status: ExecutionStatus, error?: string, cause?: string): void;
  ended: Promise<void>;
}

const MAX_EVENTS = 25_000;

type Log = { type: string; state?: { name: string; type: string; input: unknown; output?: unknown }; parentState?: { name: string }; index?: number };

const text = (value: unknown): string => JSON.stringify(value ?? null);

const eventOf = (log: Log, waits: (name: string) => boolean): { type: string; details: Record<string, unknown> } | undefined => {
  const { state } = log;
  if (state !== undefined && (log.type === 'StateEntered' || log.type === 'StateExited')) {
    const type = waits(state.name) ? 'Wait' : state.type;
    return log.type === 'StateEntered'
      ? { type: `${type}StateEntered`, details: { stateEnteredEventDetails: { name: state.name, input: text(state.input) } } }
      : { type: `${type}StateExited`, details: { stateExitedEventDetails: { name: state.name, output: text(state.output) } } };
  }
  if (log.type.startsWith('MapIteration')) {
    const key = `${log.type[0]?.toLowerCase() ?? ''}${log.type.slice(1)}EventDetails`;
    return { type: log.type, details: { [key]: { name: log.parentState?.name, index: log.index } } };
  }
  return undefined;
};

/** Starts one execution of a prepared machine. Its failures are its status: the promise `ended` never rejects. */
export const startExecution = (prepared: Prepared, execution: Execution, world: ExecutionWorld): Running => {
  const stop = new AbortController();
  const { clock } = world;
  const record = (type: string, details: Record<string, unknown> = {}): void => {
    const id = execution.history.length + 1;
    execution.history.push({ id, previousEventId: id - 1, timestamp: clock.now().getTime() / 1000, type, ...details });
  };
  let abort: () => void = () => undefined;
  const end = (status: ExecutionStatus, error?: string, cause?: string, output?: string): void => {
    if (execution.status !== 'RUNNING') return;
    execution.status = status;
    execution.stoppedAt = clock.now();
    if (error !== undefined) execution.error = error;
    if (cause !== undefined) execution.cause = cause;
    if (output !== undefined) execution.output = output;
    const type = { SUCCEEDED: 'Succeeded', FAILED: 'Failed', TIMED_OUT: 'TimedOut', ABORTED: 'Aborted', RUNNING: 'Started' }[status];
    record(`Execution${type}`, { [`execution${type}EventDetails`]: status === 'SUCCEEDED' ? { output } : { error, cause } });
    stop.abort(new Error('the execution has ended'));
    abort();
    world.onStatus(execution);
  };
  const standIns = { token: randomUUID(), stateName: randomUUID(), enteredTime: randomUUID(), retryCount: randomUUID() };
  const taskWorld: TaskWorld = {
    invoke: world.invoke,
    tokens: world.tokens,
    clock,
    signal: stop.signal,
    standIns,
    record: (type, details) => {
      if (execution.status === 'RUNNING') record(type, { [`${type[0]?.toLowerCase() ?? ''}${type.slice(1)}EventDetails`]: details });
    },
  };
  const handlers: Record<string, (input: unknown) => Promise<unknown>> = {};
  for (const [name, plan] of prepared.plans) {
    handlers[name] = (input) => {
      const result = runState(plan, input, taskWorld);
      result.catch(() => undefined);
      return result;
    };
  }
  const input: unknown = JSON.parse(execution.input);
  const StartTime = execution.startedAt.toISOString();
  const context = {
    Execution: { Id: execution.arn, Name: execution.name, RoleArn: '', RedriveCount: 0 },
    StateMachine: { Id: execution.machine.arn, Name: execution.machine.name },
    Root: { Input: input, StartTime },
    State: { Name: standIns.stateName, EnteredTime: standIns.enteredTime, RetryCount: standIns.retryCount },
    Task: { Token: standIns.token },
  };
  const definition = prepared.retriesBlocks && world.speed !== 1 ? withFasterBlocks(prepared.definition, world.speed) : prepared.definition;

  const run = async (): Promise<void> => {
    const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
    const options = { overrides: { taskResourceLocalHandlers: handlers }, context, noThrowOnAbort: true } as RunOptions;
    const running = machine.run(input as Parameters<StateMachine['run']>[0], options);
    abort = running.abort;
    running.result.catch(() => undefined);
    for await (const log of running.eventLogs) {
      const event = eventOf(log as Log, (name) => prepared.plans.get(name)?.kind === 'wait');
      if (event !== undefined && execution.status === 'RUNNING') record(event.type, event.details);
      if (execution.history.length >= MAX_EVENTS) end('FAILED', 'States.Runtime', `the execution reached the maximum number of history events (${MAX_EVENTS})`);
    }
    try {
      const output = await running.result;
      end('SUCCEEDED', undefined, undefined, text(output));
    } catch (error) {
      const cause = error instanceof ExecutionError ? error.cause : error;
      end('FAILED', cause instanceof Error ? cause.name : 'States.Runtime', cause instanceof Error ? cause.message : 'the execution failed');
    }
  };
  const timeout = async (): Promise<void> => {
    if (prepared.timeoutSeconds === undefined) return;
    await pause(clock, prepared.timeoutSeconds * 1000, stop.signal);
    end('TIMED_OUT', 'States.Timeout', 'the execution ran longer than its TimeoutSeconds');
  };
  record('ExecutionStarted', { executionStartedEventDetails: { input: execution.input } });
  world.onStatus(execution);
  timeout().catch(() => undefined);
  const ended = run().catch((error: unknown) => end('FAILED', 'States.Runtime', error instanceof Error ? error.name : 'the interpreter failed'));
  return { execution, end, ended };
};

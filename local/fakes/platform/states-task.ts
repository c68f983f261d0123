import type { Clock } from '../../clock.ts';
import { pause } from './pause.ts';
import type { StatePlan } from './states-definition.ts';
import { CARRIED } from './states-definition.ts';
import { fromFunction, retryDelay, TaskError, timeoutError } from './states-errors.ts';
import type { TaskTokens } from './states-tokens.ts';

/** Calls a function by its ARN; what it throws is the task's error. */
export type Invoke = (functionArn: string, payload: unknown, signal: AbortSignal) => Promise<unknown>;

/** Stand-ins in the context object for what differs from task to task; each is replaced before a function sees it. */
export interface StandIns {
  token: string;
  stateName: string;
  enteredTime: string;
  retryCount: string;
}

/** What the tasks of one execution need. */
export interface TaskWorld {
  invoke: Invoke;
  tokens: TaskTokens;
  clock: Clock;
  /** Aborted when the execution ends, however it ends. */
  signal: AbortSignal;
  standIns: StandIns;
  record(type: string, details: object): void;
}

const MAX_BYTES = 262_144;

const replaced = (value: unknown, values: ReadonlyMap<string, unknown>): unknown => {
  if (typeof value === 'string') {
    if (values.has(value)) return values.get(value);
    let text = value;
    for (const [standIn, actual] of values) if (text.includes(standIn)) text = text.replaceAll(standIn, () => String(actual));
    return text;
  }
  if (Array.isArray(value)) return value.map((one) => replaced(one, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one, values)]));
};

const asJson = (value: unknown): unknown => {
  const text = JSON.stringify(value ?? null);
  if (Buffer.byteLength(text) > MAX_BYTES) throw new TaskError('States.DataLimitExceeded', `a task's result is over the limit of ${MAX_BYTES} bytes`);
  return JSON.parse(text) as unknown;
};

/** Rejects when the timer runs out; `restart` sets it back, `stop` ends it without a word. */
const timer = (world: TaskWorld, seconds: number | undefined, name: 'States.Timeout' | 'States.HeartbeatTimeout') => {
  let running = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const start = () => {
    if (seconds === undefined) return;
    const { signal } = (running = new AbortController());
    pause(world.clock, seconds * 1000, signal)
      .then(async () => reject(await timeoutError(name)))
      .catch(() => undefined);
  };
  const stop = () => running.abort(new Error('the timer is stopped'));
  start();
  return { ranOut: promise, stop, restart: () => (stop(), start()) };
};

const attempt = async (plan: StatePlan, input: unknown, timeoutSeconds: number | undefined, retryCount: number, enteredTime: string, world: TaskWorld): Promise<unknown> => {
  const { standIns, tokens, invoke } = world;
  const heartbeat = timer(world, plan.heartbeatSeconds, 'States.HeartbeatTimeout');
  const timeout = timer(world, timeoutSeconds, 'States.Timeout');
  const issued = plan.kind === 'lambda-with-token' ? tokens.issue(heartbeat.restart) : undefined;
  const ended = new AbortController();
  const signal = AbortSignal.any([world.signal, ended.signal]);
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const stop = () => aborted.reject(new TaskError('States.Aborted', 'the execution has ended'));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const values = new Map<string, unknown>([
    [standIns.stateName, plan.name],
    [standIns.enteredTime, enteredTime],
    [standIns.retryCount, retryCount],
    ...(issued === undefined ? [] : [[standIns.token, issued.token] as [string, unknown]]),
  ]);
  const work = async (): Promise<unknown> => {
    signal.throwIfAborted();
    const parameters = replaced(input, values);
    if (plan.kind === 'function') return asJson(await invoke(plan.resource, parameters, signal).catch((error: unknown) => Promise.reject(fromFunction(error))));
    const { FunctionName, Payload } = parameters as { FunctionName?: unknown; Payload?: unknown };
    if (typeof FunctionName !== 'string') throw new TaskError('States.Runtime', `state "${plan.name}" names no function`);
    if (plan.kind === 'lambda' && JSON.stringify(Payload ?? null).includes(standIns.token)) throw new TaskError('States.ParameterPathFailure', `state "${plan.name}" reads $$.Task.Token without waiting for it`);
    const invoked = invoke(FunctionName, Payload ?? {}, signal).then(asJson, (error: unknown) => Promise.reject(fromFunction(error)));
    if (issued === undefined) return { ExecutedVersion: '$LATEST', Payload: await invoked, StatusCode: 200 };
    // An answer may come before the function that asked for it has returned.
    return asJson(await Promise.race([issued.output, invoked.then(() => issued.output)]));
  };
  try {
    const working = work();
    working.catch(() => undefined);
    return await Promise.race([working, timeout.ranOut, heartbeat.ranOut, aborted.promise]);
  } finally {
    issued?.end();
    timeout.stop();
    heartbeat.stop();
    signal.removeEventListener('abort', stop);
    ended.abort(new Error('the task has ended'));
  }
};

const wait = async (plan: StatePlan, input: unknown, world: TaskWorld): Promise<unknown> => {
  const carried = (input ?? {}) as Record<string, unknown>;
  const seconds = plan.wait?.seconds ?? carried[CARRIED.seconds];
  const timestamp = plan.wait?.timestamp ?? carried[CARRIED.timestamp];
  const until = typeof timestamp === 'string' ? Date.parse(timestamp) - world.clock.now().getTime() : Number(seconds) * 1000;
  if (Number.isNaN(until) || (typeof seconds === 'number' && seconds < 0)) throw new TaskError('States.Runtime', `state "${plan.name}" waits for something that is no time`);
  await pause(world.clock, until, world.signal);
  return null;
};

/** Runs one task state with its retries, timeouts and token, or one wait; all on the clock. Rejects with what the task failed of. */
export const runState = async (plan: StatePlan, input: unknown, world: TaskWorld): Promise<unknown> => {
  if (plan.kind === 'wait') return wait(plan, input, world);
  // Lets the interpreter's own event of entering the state be recorded first.
  await new Promise((resolve) => setImmediate(resolve));
  let timeoutSeconds = plan.timeoutSeconds;
  let parameters = input;
  if (typeof input === 'object' && input !== null && CARRIED.timeout in input) {
    const { [CARRIED.timeout]: carried, ...rest } = input as Record<string, unknown>;
    timeoutSeconds = Number(carried);
    parameters = CARRIED.input in rest ? rest[CARRIED.input] : rest;
  }
  const enteredTime = world.clock.now().toISOString();
  const counts: number[] = [];
  for (let retries = 0; ; retries += 1) {
    world.record('TaskScheduled', { resourceType: 'lambda', resource: plan.kind === 'lambda-with-token' ? 'invoke.waitForTaskToken' : 'invoke', state: plan.name });
    try {
      const output = await attempt(plan, parameters, timeoutSeconds, retries, enteredTime, world);
      world.record('TaskSucceeded', { resourceType: 'lambda', resource: 'invoke', output: JSON.stringify(output) });
      return output;
    } catch (error) {
      const { name, message } = error as Error;
      if (world.signal.aborted) throw error;
      world.record(/^States\.(Heartbeat)?Timeout$/.test(name) ? 'TaskTimedOut' : 'TaskFailed', { resourceType: 'lambda', resource: 'invoke', error: name, cause: message });
      const delay = retryDelay(plan.retry, counts, name);
      if (delay === undefined) throw error;
      await pause(world.clock, delay * 1000, world.signal);
    }
  }
};

import type { StateMachineDefinition } from 'aws-local-stepfunctions';

/** One entry of a Retry list, as in the Amazon States Language. */
export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  MaxAttempts?: number;
  BackoffRate?: number;
  MaxDelaySeconds?: number;
  JitterStrategy?: 'NONE' | 'FULL';
}

/** What one state does, taken out of the definition so that it can be done on the installation's clock. */
export interface StatePlan {
  name: string;
  kind: 'lambda' | 'lambda-with-token' | 'function' | 'wait';
  /** The function's ARN where the state's resource is one. */
  resource: string;
  retry: Retrier[];
  timeoutSeconds?: number;
  heartbeatSeconds?: number;
  /** A wait's fixed end or length; absent where a path tells it. */
  wait?: { seconds?: number; timestamp?: string };
}

/** A definition that the interpreter runs, and what its tasks and waits do. */
export interface Prepared {
  definition: StateMachineDefinition;
  plans: Map<string, StatePlan>;
  /** Of the whole machine, where it has one. */
  timeoutSeconds?: number;
  /** Whether a Map or Parallel state retries, which the interpreter does on the wall's clock. */
  retriesBlocks: boolean;
}

/** Parameters under these names carry what a path of the state says to its handler. */
export const CARRIED = { timeout: 'local:timeout', seconds: 'local:seconds', timestamp: 'local:timestamp', input: 'local:input' } as const;

type Json = Record<string, unknown>;

// A timer of Node's holds at most 2^31 milliseconds; the real timeouts are kept by the clock.
const LONGEST_SECONDS = 2_000_000;
const NOT_ON_ONE_MACHINE = ['ItemReader', 'ItemBatcher', 'ResultWriter', 'ToleratedFailurePercentage', 'ToleratedFailureCount'];

/** The interpreter gives a Map's iterations their item as the execution's input; what AWS gives is kept beside it. */
const withRootPaths = (value: unknown, key = ''): unknown => {
  if (Array.isArray(value)) return value.map((one) => withRootPaths(one));
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withRootPaths(one, name)]));
  if (typeof value !== 'string' || !(key.endsWith('.$') || key.endsWith('Path') || key === 'Variable')) return value;
  return value.replaceAll('$$.Execution.Input', '$$$$.Root.Input').replaceAll('$$.Execution.StartTime', '$$$$.Root.StartTime');
};

const seconds = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const kindOf = (name: string, resource: string): StatePlan['kind'] => {
  if (/^arn:[\w-]+:states:::lambda:invoke$/.test(resource)) return 'lambda';
  if (/^arn:[\w-]+:states:::lambda:invoke\.waitForTaskToken$/.test(resource)) return 'lambda-with-token';
  if (/^arn:[\w-]+:lambda:/.test(resource)) return 'function';
  throw new Error(`state "${name}": the resource ${resource} cannot be run on one machine; use a function`);
};

const preparedTask = (name: string, state: Json, plans: Map<string, StatePlan>): Json => {
  const { Retry, TimeoutSeconds, TimeoutSecondsPath, HeartbeatSeconds, ...rest } = state;
  const resource = String(state.Resource);
  plans.set(name, {
    name,
    kind: kindOf(name, resource),
    resource,
    retry: (Retry ?? []) as Retrier[],
    timeoutSeconds: seconds(TimeoutSeconds),
    heartbeatSeconds: seconds(HeartbeatSeconds),
  });
  const carried = typeof TimeoutSecondsPath === 'string' ? { [`${CARRIED.timeout}.$`]: TimeoutSecondsPath } : undefined;
  const Parameters = carried === undefined ? rest.Parameters : { ...((rest.Parameters as Json | undefined) ?? { [`${CARRIED.input}.$`]: '$' }), ...carried };
  return { ...rest, ...(Parameters === undefined ? {} : { Parameters }), TimeoutSeconds: LONGEST_SECONDS };
};

/** A wait becomes a task that sleeps on the clock and gives its input back. */
const preparedWait = (name: string, state: Json, plans: Map<string, StatePlan>): Json => {
  const { Seconds, Timestamp, SecondsPath, TimestampPath, ...rest } = state;
  plans.set(name, { name, kind: 'wait', resource: '', retry: [], wait: { seconds: seconds(Seconds), timestamp: typeof Timestamp === 'string' ? Timestamp : undefined } });
  const Parameters = {
    ...(typeof SecondsPath === 'string' ? { [`${CARRIED.seconds}.$`]: SecondsPath } : {}),
    ...(typeof TimestampPath === 'string' ? { [`${CARRIED.timestamp}.$`]: TimestampPath } : {}),
  };
  return { ...rest, Type: 'Task', Resource: 'arn:aws:states:::wait', Parameters, ResultPath: null, TimeoutSeconds: LONGEST_SECONDS };
};

/** Reads a definition as the CDK synthesized it (JSONPath) for the interpreter; throws where it says what one machine cannot do. */
export const prepare = (definition: object): Prepared => {
  const plans = new Map<string, StatePlan>();
  let retriesBlocks = false;
  const states = (inner: Json): Json => ({
    ...inner,
    States: Object.fromEntries(Object.entries(inner.States as Record<string, Json>).map(([name, state]) => [name, prepareState(name, state)])),
  });
  const prepareState = (name: string, state: Json): Json => {
    if (state.QueryLanguage === 'JSONata') throw new Error(`state "${name}" is written in JSONata, which the local interpreter does not know: write it in JSONPath`);
    if (plans.has(name)) throw new Error(`two states are called "${name}": a state's name must be unique in its machine`);
    if (state.Type === 'Task') return preparedTask(name, state, plans);
    if (state.Type === 'Wait') return preparedWait(name, state, plans);
    if (state.Type !== 'Map' && state.Type !== 'Parallel') return state;
    const unsupported = NOT_ON_ONE_MACHINE.find((field) => field in state);
    if (unsupported !== undefined) throw new Error(`state "${name}": ${unsupported} of a distributed map is not run on one machine`);
    if (state.Retry !== undefined) retriesBlocks = true;
    return {
      ...state,
      ...(state.Branches === undefined ? {} : { Branches: (state.Branches as Json[]).map(states) }),
      ...(state.ItemProcessor === undefined ? {} : { ItemProcessor: states(state.ItemProcessor as Json) }),
      ...(state.Iterator === undefined ? {} : { Iterator: states(state.Iterator as Json) }),
    };
  };
  const { TimeoutSeconds, QueryLanguage, ...rest } = withRootPaths(definition) as Json;
  if (QueryLanguage === 'JSONata') throw new Error('the machine is written in JSONata, which the local interpreter does not know: write it in JSONPath');
  const prepared = states(rest) as unknown as StateMachineDefinition;
  return { definition: prepared, plans, timeoutSeconds: seconds(TimeoutSeconds), retriesBlocks };
};

/** The same definition with the intervals of its Map and Parallel states' retries divided by how fast the clock runs. */
export const withFasterBlocks = (definition: StateMachineDefinition, speed: number): StateMachineDefinition => {
  const faster = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(faster);
    if (typeof value !== 'object' || value === null) return value;
    const { Retry, ...rest } = value as Json;
    const inner = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, faster(one)]));
    if (!Array.isArray(Retry)) return Retry === undefined ? inner : { ...inner, Retry };
    const scaled = (Retry as Retrier[]).map((retrier) => ({
      ...retrier,
      IntervalSeconds: (retrier.IntervalSeconds ?? 1) / speed,
      ...(retrier.MaxDelaySeconds === undefined ? {} : { MaxDelaySeconds: retrier.MaxDelaySeconds / speed }),
    }));
    return { ...inner, Retry: scaled };
  };
  return faster(definition) as StateMachineDefinition;
};

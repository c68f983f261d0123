import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { AwsRequest, AwsService } from './aws-service.ts';
import { AwsFault, answering, objectBody, requiredText } from './aws-service.ts';
import type { EventEnvelope } from './events.ts';
import { envelopeTime } from './events.ts';
import { pretending } from './pretend.ts';
import { prepare } from './states-definition.ts';
import type { Execution, Running } from './states-execution.ts';
import { startExecution } from './states-execution.ts';
import type { Invoke } from './states-task.ts';
import { TaskTokens } from './states-tokens.ts';

export type { Execution, ExecutionStatus, HistoryEvent } from './states-execution.ts';

export interface StatesOptions {
  /** By name; the definition is the Amazon States Language as the CDK synthesized it, with its references resolved. */
  machines: Record<string, { arn: string; definition: object }>;
  invoke: Invoke;
  clock: Clock;
  account: string;
  region: string;
  /** Hears of every start and every end as EventBridge would tell it. */
  onStatusChange?: (event: EventEnvelope) => void;
  /** How many finished executions keep their history, 1,000 unless told. */
  keep?: number;
}

export interface States {
  service: AwsService;
  /** Starts an execution, or answers the running one of the same name and input. Faults as `StartExecution` does. */
  start(machineArn: string, input: string, name?: string): Execution;
  stop(executionArn: string, error?: string, cause?: string): Execution;
  executions(): Execution[];
  /** Resolves when none is running any more. */
  idle(): Promise<void>;
  /** Aborts what still runs, without telling anybody. */
  close(): Promise<void>;
}

const MAX_INPUT = 262_144;
const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]{1,80}$/;
const CHANGES = new Set(['StartExecution', 'StopExecution', 'SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat']);

const epoch = (at: Date): number => at.getTime() / 1000;

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const statusEvent = (execution: Execution, account: string, region: string, at: Date): EventEnvelope => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Step Functions Execution Status Change',
  source: 'aws.states',
  account,
  time: envelopeTime(at),
  region,
  resources: [execution.arn],
  detail: {
    executionArn: execution.arn,
    stateMachineArn: execution.machine.arn,
    name: execution.name,
    status: execution.status,
    startDate: execution.startedAt.getTime(),
    stopDate: execution.stoppedAt?.getTime() ?? null,
    input: execution.input,
    output: execution.output ?? null,
    inputDetails: { included: true },
    outputDetails: execution.output === undefined ? null : { included: true },
    error: execution.error ?? null,
    cause: execution.cause ?? null,
    redriveCount: 0,
    redriveDate: null,
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason: null,
  },
});

const listed = (execution: Execution) => ({
  executionArn: execution.arn,
  stateMachineArn: execution.machine.arn,
  name: execution.name,
  status: execution.status,
  startDate: epoch(execution.startedAt),
  ...(execution.stoppedAt === undefined ? {} : { stopDate: epoch(execution.stoppedAt) }),
});

const page = <One>(all: readonly One[], body: Record<string, unknown>): { items: One[]; nextToken?: string } => {
  const from = Number(body.nextToken ?? 0);
  if (!Number.isInteger(from) || from < 0) throw new AwsFault('InvalidToken', "Invalid Token: 'Invalid token'");
  const size = Number(body.maxResults ?? 0) || 100;
  return { items: all.slice(from, from + size), ...(from + size < all.length ? { nextToken: String(from + size) } : {}) };
};

/** Step Functions on one machine: runs synthesized JSONPath definitions with an existing interpreter. Nothing survives the process. */
export const createStates = (options: StatesOptions): States => {
  const { clock, account, region, keep = 1000 } = options;
  const machines = new Map(Object.entries(options.machines).map(([name, { arn, definition }]) => [arn, { name, arn, definition, prepared: prepare(definition) }]));
  const tokens = new TaskTokens();
  const running = new Map<string, Running>();
  const kept = new Map<string, Execution>();
  const forgotten = new Set<string>();
  const began = { wall: performance.now(), clock: clock.now().getTime() };
  let closed = false;

  const speed = (): number => {
    const wall = performance.now() - began.wall;
    return wall < 5 ? 1 : Math.max(1, (clock.now().getTime() - began.clock) / wall);
  };
  const forget = (): void => {
    for (const [arn, execution] of kept) {
      if (kept.size - running.size <= keep) return;
      if (execution.status === 'RUNNING') continue;
      kept.delete(arn);
      forgotten.add(createHash('sha256').update(arn).digest('base64url').slice(0, 16));
    }
  };
  const onStatus = (execution: Execution): void => {
    if (closed) return;
    try {
      options.onStatusChange?.(statusEvent(execution, account, region, clock.now()));
    } catch {
      // A listener's failure is not the execution's.
    }
  };
  const find = (arn: string): Execution => {
    const execution = kept.get(arn);
    if (execution === undefined) throw new AwsFault('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return execution;
  };

  const start = (machineArn: string, input: string, name: string = randomUUID()): Execution => {
    const machine = machines.get(machineArn);
    if (machine === undefined) throw new AwsFault('StateMachineDoesNotExist', `State Machine Does Not Exist: '${machineArn}'`);
    if (!NAME.test(name)) throw new AwsFault('InvalidName', `Invalid Name: '${name}'`);
    if (!isJson(input) || Buffer.byteLength(input) > MAX_INPUT) throw new AwsFault('InvalidExecutionInput', 'Invalid State Machine Execution Input');
    const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const existing = kept.get(arn);
    if (existing?.status === 'RUNNING' && existing.input === input) return existing;
    if (existing !== undefined || forgotten.has(createHash('sha256').update(arn).digest('base64url').slice(0, 16))) throw new AwsFault('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    const execution: Execution = { arn, name, machine: { arn: machine.arn, name: machine.name }, status: 'RUNNING', input, startedAt: clock.now(), history: [] };
    kept.set(arn, execution);
    const one = startExecution(machine.prepared, execution, { invoke: options.invoke, tokens, clock, speed: speed(), onStatus });
    running.set(arn, one);
    void one.ended.then(() => {
      running.delete(arn);
      forget();
    });
    return execution;
  };
  const stop = (arn: string, error?: string, cause?: string): Execution => {
    const execution = find(arn);
    running.get(arn)?.end('ABORTED', error, cause);
    return execution;
  };

  const token = (body: Record<string, unknown>): string => requiredText(body, 'taskToken', 'InvalidToken');
  const answer = (request: AwsRequest): object => {
    const body = objectBody(request);
    const optional = (name: string): string | undefined => (typeof body[name] === 'string' ? body[name] : undefined);
    switch (request.operation) {
      case 'StartExecution': {
        const { arn, startedAt } = start(requiredText(body, 'stateMachineArn'), optional('input') ?? '{}', optional('name'));
        return { executionArn: arn, startDate: epoch(startedAt) };
      }
      case 'StopExecution':
        return { stopDate: epoch(stop(requiredText(body, 'executionArn'), optional('error'), optional('cause')).stoppedAt ?? clock.now()) };
      case 'DescribeExecution': {
        const execution = find(requiredText(body, 'executionArn'));
        const { input, output, error, cause } = execution;
        return { ...listed(execution), input, inputDetails: { included: true }, output, ...(output === undefined ? {} : { outputDetails: { included: true } }), error, cause };
      }
      case 'ListExecutions': {
        const arn = requiredText(body, 'stateMachineArn');
        if (!machines.has(arn)) throw new AwsFault('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
        const found = [...kept.values()].filter((execution) => execution.machine.arn === arn && (body.statusFilter === undefined || execution.status === body.statusFilter)).reverse();
        const { items, nextToken } = page(found, body);
        return { executions: items.map(listed), nextToken };
      }
      case 'GetExecutionHistory': {
        const { history } = find(requiredText(body, 'executionArn'));
        const { items, nextToken } = page(body.reverseOrder === true ? [...history].reverse() : history, body);
        return { events: items, nextToken };
      }
      case 'ListStateMachines':
        return { stateMachines: [...machines.values()].map(({ arn, name }) => ({ stateMachineArn: arn, name, type: 'STANDARD', creationDate: 0 })) };
      case 'DescribeStateMachine': {
        const machine = machines.get(requiredText(body, 'stateMachineArn'));
        if (machine === undefined) throw new AwsFault('StateMachineDoesNotExist', 'State Machine Does Not Exist');
        return { stateMachineArn: machine.arn, name: machine.name, status: 'ACTIVE', type: 'STANDARD', creationDate: 0, roleArn: '', definition: JSON.stringify(machine.definition) };
      }
      case 'SendTaskSuccess': {
        const output = requiredText(body, 'output', 'InvalidOutput');
        if (!isJson(output) || Buffer.byteLength(output) > MAX_INPUT) throw new AwsFault('InvalidOutput', "Invalid Output: 'the output is not JSON'");
        tokens.succeed(token(body), JSON.parse(output));
        return {};
      }
      case 'SendTaskFailure':
        tokens.fail(token(body), optional('error') ?? '', optional('cause') ?? '');
        return {};
      case 'SendTaskHeartbeat':
        tokens.heartbeat(token(body));
        return {};
      default:
        throw new AwsFault('UnknownOperationException', `the local Step Functions does not know the operation ${request.operation}`);
    }
  };
  const pretended = (request: AwsRequest) => {
    const body = objectBody(request);
    const now = epoch(clock.now());
    if (request.operation === 'StartExecution') return { status: 200, body: { executionArn: `${String(body.stateMachineArn).replace(':stateMachine:', ':execution:')}:${String(body.name ?? randomUUID())}`, startDate: now } };
    return { status: 200, body: request.operation === 'StopExecution' ? { stopDate: now } : {} };
  };
  const service = answering(async (request) => ({ status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: answer(request) }));
  const idle = async (): Promise<void> => {
    while (running.size > 0) await Promise.all([...running.values()].map(({ ended }) => ended));
  };
  return {
    service: pretending({ clock, changes: (request) => CHANGES.has(request.operation), pretended }, service),
    start,
    stop,
    executions: () => [...kept.values()],
    idle,
    close: async () => {
      closed = true;
      for (const one of running.values()) one.end('ABORTED', 'States.Aborted', 'the local service stopped');
      await idle();
    },
  };
};

import { DescribeExecutionCommand, GetExecutionHistoryCommand, ListExecutionsCommand, SendTaskFailureCommand, SendTaskHeartbeatCommand, SendTaskSuccessCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, expect, test } from 'vitest';
import { clockOf } from '../../../../local/clock.ts';
import type { EventEnvelope } from '../../../../local/fakes/platform/events.ts';
import { createStates } from '../../../../local/fakes/platform/states.ts';
import { ACCOUNT, REGION, served } from './server.ts';

type Payload = Record<string, unknown>;
type Functions = Record<string, (payload: Payload, signal: AbortSignal) => unknown>;

const fn = (name: string) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
const stateMachineArn = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:machine`;
const task = (name: string, more: object = {}) => ({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Parameters: { FunctionName: fn(name), 'Payload.$': '$' }, OutputPath: '$.Payload', ...more });
const waiting = (more: object = {}) => ({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken', Parameters: { FunctionName: fn('ask'), Payload: { 'token.$': '$$.Task.Token', 'input.$': '$' } }, ...more });

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const clock = clockOf(50);
const start = async (definition: object, functions: Functions = {}, keep?: number) => {
  const events: EventEnvelope[] = [];
  const states = createStates({
    machines: { machine: { arn: stateMachineArn, definition } },
    invoke: async (arn, payload, signal) => functions[arn.split(':').at(-1) ?? '']?.(payload as Payload, signal),
    clock, account: ACCOUNT, region: REGION, onStatusChange: (event) => events.push(event), keep,
  });
  const { close, config } = await served({ states: states.service });
  ends.push(close, () => states.close());
  const client = new SFNClient(config);
  const run = async (input: unknown, name?: string) => {
    const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input), name }));
    return executionArn as string;
  };
  const finished = async (input: unknown) => {
    const executionArn = await run(input);
    await states.idle();
    return client.send(new DescribeExecutionCommand({ executionArn }));
  };
  return { states, client, run, finished, events };
};
const named = (name: string, message = 'because') => Object.assign(new Error(message), { name });

test('functions run in order with the context object, and the history and the events tell of it', async () => {
  const { client, finished, events } = await start({ StartAt: 'One', States: { One: task('one', { Parameters: { FunctionName: fn('one'), Payload: { 'in.$': '$$.Execution.Input.a', 'name.$': '$$.Execution.Name', 'state.$': '$$.State.Name', 'again.$': '$$.State.RetryCount' } }, Next: 'Two' }), Two: task('two', { ResultSelector: { 'code.$': '$.StatusCode', 'result.$': '$.Payload' }, OutputPath: '$', End: true }) } }, {
    one: (payload) => payload,
    two: ({ state, again, in: a }) => ({ state, again, a }),
  });
  const execution = await finished({ a: [1] });
  expect(execution).toMatchObject({ status: 'SUCCEEDED', output: JSON.stringify({ code: 200, result: { state: 'One', again: 0, a: [1] } }) });
  const { events: history = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn: execution.executionArn }));
  expect(history.map(({ type }) => type)).toEqual(['ExecutionStarted', 'TaskStateEntered', 'TaskScheduled', 'TaskSucceeded', 'TaskStateExited', 'TaskStateEntered', 'TaskScheduled', 'TaskSucceeded', 'TaskStateExited', 'ExecutionSucceeded']);
  expect(history[1]?.stateEnteredEventDetails).toMatchObject({ name: 'One', input: '{"a":[1]}' });
  expect(events.map(({ detail }) => (detail as { status: string }).status)).toEqual(['RUNNING', 'SUCCEEDED']);
  expect(events[1]).toMatchObject({ source: 'aws.states', 'detail-type': 'Step Functions Execution Status Change', resources: [execution.executionArn], detail: { executionArn: execution.executionArn, stateMachineArn, output: execution.output } });
});

test('a start repeated with the same name and input is the same execution; with another input, or later, it is refused', async () => {
  const { client, run, states } = await start({ StartAt: 'One', States: { One: task('one', { End: true }) } }, { one: () => clock.sleep(3000) });
  const arn = await run({ a: 1 }, 'case-1');
  expect(await run({ a: 1 }, 'case-1')).toBe(arn);
  await expect(run({ a: 2 }, 'case-1')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  await states.idle();
  await expect(run({ a: 1 }, 'case-1')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  await expect(run({ a: 1 }, 'a name with spaces')).rejects.toMatchObject({ name: 'InvalidName' });
  await expect(client.send(new DescribeExecutionCommand({ executionArn: `${arn}-not` }))).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'SUCCEEDED' }));
  expect(executions?.map(({ name }) => name)).toEqual(['case-1']);
});

test('a failing function is retried with back-off on the clock, matched by name, and caught with its cause', async () => {
  const at: number[] = [];
  const { finished } = await start({ StartAt: 'One', States: { One: task('one', { Retry: [{ ErrorEquals: ['Throttled'], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 2 }], Catch: [{ ErrorEquals: ['States.TaskFailed'], ResultPath: '$.error', Next: 'Caught' }], End: true }), Caught: { Type: 'Pass', End: true } } }, {
    one: () => {
      at.push(clock.now().getTime());
      throw named('Throttled', 'slow down');
    },
  });
  const { output = '' } = await finished({ kept: true });
  expect(JSON.parse(output)).toEqual({ kept: true, error: { Error: 'Throttled', Cause: JSON.stringify({ errorType: 'Throttled', errorMessage: 'slow down', trace: [] }) } });
  const gaps = at.slice(1).map((time, n) => time - (at[n] ?? 0));
  expect(gaps).toHaveLength(2);
  expect(gaps[0]).toBeGreaterThanOrEqual(1950);
  expect(gaps[1]).toBeGreaterThanOrEqual(3900);
});

test('a task that is too slow is a timeout, which States.TaskFailed does not match, and its function hears the signal', async () => {
  let aborted = false;
  const { finished } = await start({ StartAt: 'Slow', States: { Slow: task('slow', { TimeoutSeconds: 5, Retry: [{ ErrorEquals: ['States.TaskFailed'] }], Catch: [{ ErrorEquals: ['States.TaskFailed'], Next: 'Wrong' }, { ErrorEquals: ['States.Timeout'], Next: 'Right' }], End: true }), Wrong: { Type: 'Fail' }, Right: { Type: 'Succeed' } } }, {
    slow: (_payload, signal) => new Promise(() => signal.addEventListener('abort', () => (aborted = true))),
  });
  const began = clock.now().getTime();
  const execution = await finished({});
  expect(execution.status).toBe('SUCCEEDED');
  expect(clock.now().getTime() - began).toBeGreaterThanOrEqual(4900);
  expect(aborted).toBe(true);
});

test('each waiting task has a token of its own, good once; a failure is caught by name; an unknown token is refused', async () => {
  const tokens: string[] = [];
  const both = { Type: 'Parallel', Branches: [{ StartAt: 'A', States: { A: waiting({ End: true }) } }, { StartAt: 'B', States: { B: waiting({ Catch: [{ ErrorEquals: ['Declined'], Next: 'No' }], End: true }), No: { Type: 'Pass', Result: 'no', End: true } } }], End: true };
  const { client, run, states } = await start({ StartAt: 'Both', States: { Both: both } }, { ask: ({ token }) => void tokens.push(token as string) });
  const executionArn = await run({ x: 1 });

  await expect.poll(() => tokens.length).toBe(2);
  const [a, b] = tokens as [string, string];
  expect(a).not.toBe(b);
  expect(a.length).toBeGreaterThanOrEqual(64);
  await expect(client.send(new SendTaskSuccessCommand({ taskToken: 'guessed', output: '{}' }))).rejects.toMatchObject({ name: 'InvalidToken' });
  await client.send(new SendTaskHeartbeatCommand({ taskToken: a }));
  await client.send(new SendTaskSuccessCommand({ taskToken: a, output: '{"answer":"yes"}' }));
  await expect(client.send(new SendTaskSuccessCommand({ taskToken: a, output: '{}' }))).rejects.toMatchObject({ name: 'TaskTimedOut' });
  await client.send(new SendTaskFailureCommand({ taskToken: b, error: 'Declined', cause: 'by two people' }));
  await states.idle();
  const [first, second] = JSON.parse((await client.send(new DescribeExecutionCommand({ executionArn }))).output ?? '') as unknown[];
  expect(first).toEqual({ answer: 'yes' });
  expect(second).toBe('no');
});

test('which of two tokens is answered decides which task goes on, also when the answer comes before the function returns', async () => {
  const { client, run, states } = await start({ StartAt: 'Ask', States: { Ask: waiting({ TimeoutSeconds: 60, End: true }) } }, {
    ask: async ({ token }) => {
      await client.send(new SendTaskSuccessCommand({ taskToken: token as string, output: '"early"' }));
      await clock.sleep(2000);
    },
  });
  const executionArn = await run({});
  await states.idle();
  expect((await client.send(new DescribeExecutionCommand({ executionArn }))).output).toBe('"early"');
});

test('a token that nobody answers is a timeout, and the wait, the machine and a stop end as they should', async () => {
  const { finished } = await start({ StartAt: 'Ask', States: { Ask: waiting({ TimeoutSeconds: 2_592_000, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Late' }], End: true, HeartbeatSeconds: 3 }), Late: { Type: 'Wait', SecondsPath: '$.none', Next: 'Never' }, Never: { Type: 'Succeed' } } }, { ask: () => undefined });
  expect(await finished({})).toMatchObject({ status: 'FAILED' });
  const slow = await start({ StartAt: 'Sleep', TimeoutSeconds: 4, States: { Sleep: { Type: 'Wait', Seconds: 3000, End: true } } });
  expect(await slow.finished({})).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
  const waits = await start({ StartAt: 'Sleep', States: { Sleep: { Type: 'Wait', SecondsPath: '$.for', Next: 'Until' }, Until: { Type: 'Wait', TimestampPath: '$.until', End: true } } });
  const began = clock.now().getTime();
  const input = { for: 3, until: new Date(began + 6000).toISOString() };
  expect(await waits.finished(input)).toMatchObject({ status: 'SUCCEEDED', output: JSON.stringify(input) });
  expect(clock.now().getTime() - began).toBeGreaterThanOrEqual(5900);
});

test('a stopped execution is ABORTED at once, says so, calls no function again and gives its token up', async () => {
  const tokens: string[] = [];
  const { client, run, states, events } = await start({ StartAt: 'Ask', States: { Ask: waiting({ Retry: [{ ErrorEquals: ['States.ALL'] }], Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Ask' }], End: true }) } }, { ask: ({ token }) => tokens.push(token as string) });
  const executionArn = await run({});
  await expect.poll(() => tokens.length).toBe(1);
  await client.send(new StopExecutionCommand({ executionArn, error: 'ByHand', cause: 'a person' }));
  expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: 'ABORTED', error: 'ByHand', cause: 'a person' });
  expect(events.at(-1)?.detail).toMatchObject({ status: 'ABORTED', executionArn });
  await states.idle();
  await clock.sleep(3000);
  expect(tokens).toHaveLength(1);
  await expect(client.send(new SendTaskSuccessCommand({ taskToken: tokens[0], output: '1' }))).rejects.toMatchObject({ name: 'TaskTimedOut' });
});

test('a map gives each item to its function with the execution it belongs to, and a choice decides what comes next', async () => {
  const each = { Type: 'Map', ItemsPath: '$.list', MaxConcurrency: 2, ItemSelector: { 'item.$': '$$.Map.Item.Value', 'index.$': '$$.Map.Item.Index' }, ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: 'Each', States: { Each: task('each', { Parameters: { FunctionName: fn('each'), Payload: { 'item.$': '$.item', 'owner.$': '$$.Execution.Input.owner' } }, Retry: [{ ErrorEquals: ['Once'], IntervalSeconds: 1 }], End: true }) } }, ResultPath: '$.done', Next: 'Any?' };
  const failed = new Set<unknown>();
  const { finished } = await start({ StartAt: 'All', States: { All: each, 'Any?': { Type: 'Choice', Choices: [{ Variable: '$.done[0]', StringEquals: 'ann:a', Next: 'Yes' }], Default: 'No' }, Yes: { Type: 'Succeed' }, No: { Type: 'Fail', Error: 'Wrong' } } }, {
    each: ({ item, owner }) => {
      if (item === 'b' && !failed.has(item)) {
        failed.add(item);
        throw named('Once');
      }
      return `${owner as string}:${item as string}`;
    },
  });
  const { status, output = '' } = await finished({ owner: 'ann', list: ['a', 'b', 'c'] });
  expect(status).toBe('SUCCEEDED');
  expect((JSON.parse(output) as { done: string[] }).done).toEqual(['ann:a', 'ann:b', 'ann:c']);
});

test('a map of which one item fails is caught, its other items are stopped, and a whole map can be tried again', async () => {
  let calls = 0;
  const aborted: unknown[] = [];
  const each = (more: object) => ({ Type: 'Map', ItemsPath: '$.list', ItemProcessor: { StartAt: 'Each', States: { Each: task('each', { End: true }) } }, ...more, End: true });
  const functions: Functions = {
    each: async (item, signal) => {
      calls += 1;
      if ((item as unknown) === 'bad') {
        await clock.sleep(500);
        throw named('Broken');
      }
      signal.addEventListener('abort', () => aborted.push(item));
      await clock.sleep(60_000, signal);
    },
  };
  const { finished } = await start({ StartAt: 'All', States: { All: each({ Retry: [{ ErrorEquals: ['Broken'], MaxAttempts: 1 }], Catch: [{ ErrorEquals: ['Broken'], ResultPath: '$.error', Next: 'Red' }] }), Red: { Type: 'Fail', Error: 'Red' } } }, functions);
  await clock.sleep(1000);
  const began = clock.now().getTime();
  expect(await finished({ list: ['good', 'bad', 'fine'] })).toMatchObject({ status: 'FAILED', error: 'Red' });
  expect(calls).toBe(6);
  expect(clock.now().getTime() - began).toBeLessThan(30_000);
  expect(aborted).toHaveLength(4);
});

test('a failed state, a result over the limit and an uncaught error fail the execution with name and cause', async () => {
  const failing = await start({ StartAt: 'Red', States: { Red: { Type: 'Fail', Error: 'NotContained', Cause: 'see the case' } } });
  expect(await failing.finished({})).toMatchObject({ status: 'FAILED', error: 'NotContained', cause: 'see the case' });
  const big = await start({ StartAt: 'One', States: { One: task('one', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }], End: true }), Caught: { Type: 'Succeed' } } }, { one: () => 'x'.repeat(300_000) });
  expect(await big.finished({})).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  expect(() => createStates({ machines: { m: { arn: stateMachineArn, definition: { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: { Type: 'Succeed' } } } } }, invoke: async () => null, clock, account: ACCOUNT, region: REGION })).toThrow('JSONata');
});

test('the history of old executions is forgotten, their names are not', async () => {
  const { states, run } = await start({ StartAt: 'One', States: { One: { Type: 'Succeed' } } }, {}, 3);
  for (let n = 0; n < 6; n += 1) await run({ n }, `run-${n}`);
  await states.idle();
  await clock.sleep(100);
  expect(states.executions().map(({ name }) => name)).toEqual(['run-3', 'run-4', 'run-5']);
  await expect(run({ n: 0 }, 'run-0')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
});

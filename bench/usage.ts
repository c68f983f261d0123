import { settings } from '../infra/function-settings.ts';
import type { HistoryEvent } from '../local/fakes/platform/states.ts';
import { functionNames, type FunctionName } from '../local/roles.ts';
import { plus, type Usage } from './list-prices.ts';
import type { Sent } from './recorder.ts';
import type { TableUnits } from './table-units.ts';

/** What a rotation function of the customer has; its owner may have given it more. */
const rotationMegabytes = 256;
/** A function's own work in an invocation beside waiting for answers, on a whole processor: measured here at 2 to 6 ms. */
const ownMilliseconds = 6;
/** With so much memory Lambda gives a whole processor; with less, a part of one. */
const wholeProcessorMegabytes = 1_769;

const isFunction = (name: string): name is FunctionName => (functionNames as readonly string[]).includes(name);

/** Lambda's units for so many invocations that waited so many milliseconds together. */
export const lambdaUsage = (megabytes: number, invocations: number, milliseconds: number): Usage => ({
  lambdaInvocation: invocations,
  gigabyteSecond: (megabytes / 1024) * ((milliseconds + (invocations * ownMilliseconds * wholeProcessorMegabytes) / megabytes) / 1000),
});

/**
 * Lambda's units for invocations that were measured here, each with a whole processor, against providers and tables in other
 * processes: every millisecond of its own work takes as much longer as the memory's part of a processor is smaller.
 */
export const measuredLambda = (megabytes: number, invocations: number, milliseconds: number, ownMs: number): Usage => ({
  lambdaInvocation: invocations,
  gigabyteSecond: (megabytes / 1024) * ((milliseconds + ownMs * (Math.max(1, wholeProcessorMegabytes / megabytes) - 1)) / 1000),
});

/** SQS requests for so many messages that are read in such batches: each is sent by itself, a batch is received and deleted at once. */
export const queueRequests = (messages: number, batch: number): number => messages + 2 * Math.ceil(messages / batch);

/** What a call to a service costs beside the time that it takes. */
export const callUsage = ({ service, operation, input, output, error }: Sent, units: TableUnits): Usage => {
  switch (service) {
    case 'DynamoDBDocument': {
      const { read, write } = units.of(operation, input, output, error === 'ConditionalCheckFailedException');
      return { readUnit: read, writeUnit: write };
    }
    case 'SecretsManager':
      return { secretsManagerCall: 1 };
    case 'KMS':
      return { kmsCall: 1 };
    // a message is sent, received and deleted
    case 'SQS':
      return { queueRequest: 3 };
    case 'SNS':
      return { topicPublish: 1 };
    case 'EventBridge':
      return { eventPut: (input.Entries as unknown[]).length };
    case 'IAM':
    case 'STS':
    case 'CloudTrail':
    // paid for when one goes off
    case 'Scheduler':
    // the tables are made once
    case 'DynamoDB':
    // paid for by the states that are entered
    case 'SFN':
      return {};
    default:
      throw new Error(`what a call to ${service} costs is not known here`);
  }
};

/** Milliseconds in which at least one of the calls was under way. */
export const busyMilliseconds = (calls: readonly { start: number; end: number }[]): number => {
  let [busy, until] = [0, 0];
  for (const { start, end } of [...calls].sort((a, b) => a.start - b.start)) {
    busy += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return busy;
};

/** Functions outside the playbook, by what wakes them: their time is that of their calls. */
export const outsideUsage = (sent: readonly Sent[], invocations: Record<string, number>): Usage =>
  Object.entries(invocations).reduce<Usage>((usage, [name, times]) => {
    const megabytes = isFunction(name) ? settings[name].memoryMegabytes : rotationMegabytes;
    return plus(usage, lambdaUsage(megabytes, times, busyMilliseconds(sent.filter(({ by }) => by === name))));
  }, {});

/** States that are not named after their function. */
const functionOf: Record<string, FunctionName> = { 'Prove it dead': 'probe', 'Look again': 'probe', 'Ask a person': 'report', 'Await the rotation': 'rotate' };
/** Those that wait for a token, long after their function has returned. */
const waiting = ['Ask a person', 'Await the rotation'];
/** As long as such a function looks itself before it returns. */
const mostWaitingMilliseconds = 8_500;

/**
 * A playbook's units from its execution's history: a transition for every state that was entered and every retry, and Lambda's
 * for every task from when it was scheduled to when it ended, waits inside of it included.
 */
export const playbookUsage = (history: readonly HistoryEvent[]): Usage => {
  let usage: Usage = { trace: 1 };
  let scheduled: { state: string; at: number } | undefined;
  let isRetry = false;
  for (const event of history) {
    if (event.type.endsWith('StateEntered')) {
      usage = plus(usage, { stateTransition: 1 });
      isRetry = false;
    }
    if (event.type === 'TaskScheduled') {
      const { state = '' } = event.taskScheduledEventDetails as { state?: string };
      if (isRetry) usage = plus(usage, { stateTransition: 1 });
      isRetry = true;
      scheduled = { state, at: event.timestamp };
    }
    if (scheduled && ['TaskSucceeded', 'TaskFailed', 'TaskTimedOut'].includes(event.type)) {
      const { state, at } = scheduled;
      const name = functionOf[state] ?? state.toLowerCase();
      if (!isFunction(name)) throw new Error(`no function is known for the state ${state}`);
      const milliseconds = (event.timestamp - at) * 1000;
      usage = plus(usage, lambdaUsage(settings[name].memoryMegabytes, 1, waiting.includes(state) ? Math.min(milliseconds, mostWaitingMilliseconds) : milliseconds));
      scheduled = undefined;
    }
  }
  return usage;
};

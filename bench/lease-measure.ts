import { settings } from '../infra/function-settings.ts';
import type { Count, Log } from '../functions/aws/log.ts';
import type { FunctionName } from '../local/roles.ts';
import { median } from './figure.ts';
import { plus, type Usage } from './list-prices.ts';
import { accessBytes, logMeter, metricBytes, platformBytes } from './log-bytes.ts';
import { record, type Sent } from './recorder.ts';
import { TableUnits } from './table-units.ts';
import { callUsage, measuredLambda } from './usage.ts';

/** What one function's invocations used, and its calls to AWS by name. */
export interface Measured {
  usage: Usage;
  operations: Map<string, number>;
  /** Milliseconds of an invocation as measured here, and of its own work in it. */
  milliseconds: number;
  ownMilliseconds: number;
}

/** Measures invocations one at a time: nothing else may run in this process meanwhile. */
export interface Meter {
  log: Log;
  count: Count;
  /** One invocation; a request of the front door has an access log, and costs what the front door costs. */
  invocation(name: FunctionName, isRequest: boolean, work: () => Promise<void>): Promise<Measured>;
  stop(): void;
}

/** A call's name in a table of operations. */
const operationOf = ({ service, operation }: Sent): string => `${service.replace('DynamoDBDocument', 'DynamoDB')} ${operation}${service === 'DynamoDBDocument' ? 'Item' : ''}`.replace('QueryItem', 'Query');

/** Starts to hear of every call of this process. Messages to queues are not in the usage: who receives them decides what they cost. */
export const leaseMeter = (): Meter => {
  const logs = logMeter();
  const units = new TableUnits();
  let sent: Sent[] = [];
  let hasCounted = false;
  const stop = record((one) => void sent.push(one));
  return {
    log: logs.log,
    count: () => void (hasCounted = true),
    stop,
    invocation: async (name, isRequest, work) => {
      [sent, hasCounted] = [[], false];
      const [bytesBefore, cpuBefore, start] = [logs.bytes(), process.cpuUsage(), performance.now()];
      await work();
      const milliseconds = performance.now() - start;
      const { user, system } = process.cpuUsage(cpuBefore);
      // who listens hears of a call a moment after it was answered
      await new Promise((resolve) => setTimeout(resolve, 5));
      const ownMilliseconds = (user + system) / 1000;
      let usage = measuredLambda(settings[name].memoryMegabytes, 1, milliseconds, ownMilliseconds);
      const operations = new Map<string, number>();
      for (const one of sent) {
        operations.set(operationOf(one), (operations.get(operationOf(one)) ?? 0) + 1);
        if (one.service !== 'SQS') usage = plus(usage, callUsage(one, units));
      }
      const bytes = logs.bytes() - bytesBefore + platformBytes(1, 0) + (hasCounted ? metricBytes : 0) + (isRequest ? accessBytes : 0);
      return { usage: plus(usage, { logGigabyte: bytes / 1e9, ...(isRequest ? { httpRequest: 1 } : {}) }), operations, milliseconds, ownMilliseconds };
    },
  };
};

/** What invocations of one kind used for each of so many jobs. Their time is the middle one: whatever else this machine does only adds to some. */
export const perJob = (many: readonly Measured[], jobs: number): Measured => {
  const operations = new Map<string, number>();
  for (const one of many) for (const [name, times] of one.operations) operations.set(name, (operations.get(name) ?? 0) + times / jobs);
  const gigabyteSecond = median(many.map(({ usage }) => usage.gigabyteSecond ?? 0)) * many.length;
  const usage = { ...many.reduce<Usage>((sum, one) => plus(sum, one.usage), {}), gigabyteSecond };
  return {
    usage: Object.fromEntries(Object.entries(usage).map(([priced, units]) => [priced, units / jobs])),
    operations,
    milliseconds: median(many.map((one) => one.milliseconds)),
    ownMilliseconds: median(many.map((one) => one.ownMilliseconds)),
  };
};

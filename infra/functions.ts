import { Duration } from 'aws-cdk-lib/core';
import type { IManagedPolicy, IRole } from 'aws-cdk-lib/aws-iam';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Environment } from '../functions/aws/environment.ts';
import { functionNames, queueReading } from './grants.ts';
import type { FunctionName } from './grants.ts';
import { allow } from './permissions.ts';
import type { Granted } from './permissions.ts';
import { RescindFunction } from './rescind-function.ts';

/**
 * Messages of one batch, and how many batches are worked on at once. No queue is waited for until a batch is full: a leaked
 * key, or one that was lent to a run that has ended, opens its door as long as its message waits. Where many runs end at once,
 * which is where a batch saves money, it is full by itself.
 */
const BATCH = { dispatch: { size: 10, atOnce: 10 }, index: { size: 10, atOnce: 2 }, release: { size: 10, atOnce: 20 } };

const idOf = (name: FunctionName): string => `${name[0]?.toUpperCase()}${name.slice(1)}`;

export interface FunctionsProps {
  prefix: string;
  boundary: IManagedPolicy;
  /** Absent: placeholders instead of code. */
  configurationFile?: string;
  reserved: Partial<Record<FunctionName, number>>;
}

/** All functions with their roles; `connect` gives them what they need once it is there. */
export class Functions extends Construct {
  readonly all: Record<FunctionName, RescindFunction>;

  constructor(scope: Construct, id: string, { reserved, ...shared }: FunctionsProps) {
    super(scope, id);
    this.all = this.each((name) => new RescindFunction(this, idOf(name), { name, reserved: reserved[name], ...shared }));
  }

  get roles(): Record<FunctionName, IRole> {
    return this.each((name) => this.all[name].role);
  }

  get lambdas(): Record<FunctionName, IFunction> {
    return this.each((name) => this.all[name].function);
  }

  /** Sets each function's variables and gives its role what `grants.ts` and its connectors say, and nothing else. */
  connect({ environment, ...granted }: Granted & { environment: Environment }): void {
    for (const name of functionNames) {
      this.all[name].setVariables(environment);
      allow(this.all[name].role, name, granted);
    }
  }

  /** Lets a function read its queue: failed messages of a batch come back one by one. */
  read(name: keyof typeof BATCH, queue: IQueue): void {
    const { role, function: reader } = this.all[name];
    role.addToPolicy(new PolicyStatement({ actions: queueReading, resources: [queue.queueArn] }));
    new EventSourceMapping(this, `${idOf(name)}Queue`, {
      target: reader,
      eventSourceArn: queue.queueArn,
      batchSize: BATCH[name].size,
      maxBatchingWindow: Duration.seconds(0),
      maxConcurrency: BATCH[name].atOnce,
      reportBatchItemFailures: true,
    });
  }

  private each<T>(make: (name: FunctionName) => T): Record<FunctionName, T> {
    return Object.fromEntries(functionNames.map((name) => [name, make(name)])) as Record<FunctionName, T>;
  }
}

import { Duration } from 'aws-cdk-lib/core';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { IntegrationPattern, JitterType, JsonPath, TaskInput, Timeout } from 'aws-cdk-lib/aws-stepfunctions';
import type { TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';

/** Seconds after which a step is taken for lost. Longer than any function of a playbook may run, so that the function speaks first. */
export const STEP_TIMEOUT_SECONDS = 150;

/** What every step is told: ids only, everything else is read from the ledger. */
const ids = { case: JsonPath.stringAt('$.case'), attempt: JsonPath.numberAt('$.attempt') };

/** Whatever was thrown is tried again, spread out, so that a provider that throttles is left in peace. */
const retried = (task: TaskStateBase): TaskStateBase =>
  task.addRetry({ errors: ['States.ALL'], interval: Duration.seconds(2), maxAttempts: 4, backoffRate: 2, maxDelay: Duration.seconds(30), jitterStrategy: JitterType.FULL });

/** A task that hands `{case, attempt}` to a function and takes its answer, a `Next`, as the new state. */
export const step = (scope: Construct, name: string, lambdaFunction: IFunction, payload = TaskInput.fromObject(ids)): TaskStateBase =>
  retried(
    new LambdaInvoke(scope, name, {
      lambdaFunction,
      payload,
      outputPath: '$.Payload',
      taskTimeout: Timeout.duration(Duration.seconds(STEP_TIMEOUT_SECONDS)),
      retryOnServiceExceptions: false,
    }),
  );

/** A task that hands over a token as well and then waits until somebody answers it. The answer only wakes: the state stays as it was. */
export const waiting = (scope: Construct, name: string, lambdaFunction: IFunction, atMost: Duration): TaskStateBase =>
  retried(
    new LambdaInvoke(scope, name, {
      lambdaFunction,
      integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
      payload: TaskInput.fromObject({ ...ids, token: JsonPath.taskToken }),
      resultPath: JsonPath.DISCARD,
      taskTimeout: Timeout.duration(atMost),
      retryOnServiceExceptions: false,
    }).addRetry({ errors: ['States.Timeout'], maxAttempts: 0 }),
  );

import { Duration } from 'aws-cdk-lib/core';
import { Choice, Fail, JsonPath, Pass, Succeed, TaskInput, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { answerPatienceMilliseconds } from '../../functions/core/run.ts';
import { step, waiting } from './step.ts';
import { next } from './steps.ts';
import type { Steps } from './steps.ts';

/**
 * The order of work for one leaked credential. Input `{case, attempt}`; ends in Contained, Recorded or Not contained (red).
 * Every function answers what comes next from the ledger and does nothing where it is not its turn, so an attempt may
 * begin anew at any time, and an edge that skips the question is safe.
 */
export const secretLeaked = (scope: Construct, functions: Steps): IChainable => {
  // the states
  const plan = step(scope, 'Plan', functions.plan);
  const whatNext = new Choice(scope, 'What next?');
  const contain = step(scope, 'Contain', functions.contain);
  const rotate = step(scope, 'Rotate', functions.rotate);
  const revoke = step(scope, 'Revoke', functions.revoke);
  const probe = step(scope, 'Probe', functions.probe);
  const prove = step(scope, 'Prove it dead', functions.probe);
  const look = step(scope, 'Look again', functions.probe);
  const settle = new Wait(scope, 'Let it settle', { time: WaitTime.secondsPath('$.seconds') });
  const ask = waiting(scope, 'Ask a person', functions.report, Duration.millis(answerPatienceMilliseconds));
  const awaitRotation = waiting(scope, 'Await the rotation', functions.rotate, Duration.seconds(60));
  const failure = new Pass(scope, 'Note the failure', { parameters: { case: JsonPath.stringAt('$.case'), attempt: JsonPath.numberAt('$.attempt'), error: JsonPath.stringAt('$.error.Error') } });
  const record = step(scope, 'Record', functions.record, TaskInput.fromJsonPathAt('$'));
  const report = step(scope, 'Report', functions.report);
  const contained = new Succeed(scope, 'Contained');
  const recorded = new Succeed(scope, 'Recorded');
  const notContained = new Fail(scope, 'Not contained', { error: 'NotContained', cause: 'The case is red: GET /cases/{id} tells what remains and with whom.' });

  // the order
  plan.next(probe);
  whatNext
    .when(next('contain'), contain)
    .when(next('rotate'), rotate)
    .when(next('revoke'), revoke)
    .when(next('probe'), probe)
    .when(next('settle'), settle)
    .when(next('await'), awaitRotation)
    .when(next('ask'), ask)
    .when(next('plan'), plan)
    .when(next('contained'), contained)
    .when(next('recorded'), recorded)
    .when(next('not-contained'), report)
    .otherwise(record);
  // the usual way asks only before it acts and at its end: each question costs a transition
  contain.next(prove);
  prove.next(rotate);
  rotate.next(look);
  look.next(record);
  revoke.next(rotate);
  probe.next(whatNext);
  settle.next(probe);
  awaitRotation.addCatch(rotate, { errors: ['States.Timeout'], resultPath: JsonPath.DISCARD }).next(rotate);
  ask.addCatch(record, { errors: ['States.Timeout'], resultPath: JsonPath.DISCARD }).next(plan);
  for (const task of [plan, contain, rotate, revoke, probe, prove, look, awaitRotation, ask]) task.addCatch(failure, { errors: ['States.ALL'], resultPath: '$.error' });
  failure.next(record);
  record.addCatch(notContained, { errors: ['States.ALL'], resultPath: '$.error' }).next(whatNext);
  report.addCatch(notContained, { errors: ['States.ALL'], resultPath: '$.error' }).next(notContained);
  return plan;
};

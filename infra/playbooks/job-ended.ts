import { Duration } from 'aws-cdk-lib/core';
import { Choice, Fail, JsonPath, Pass, Succeed, TaskInput, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { answerPatienceMilliseconds } from '../../functions/core/run.ts';
import { step, waiting } from './step.ts';
import { next } from './steps.ts';
import type { Steps } from './steps.ts';

/**
 * The order of work for a credential that was lent to a run and could not be ended when the run did. Input `{case, attempt}`;
 * ends in Contained, Recorded or Not contained (red). What was lent is taken back and never replaced: there is no rotation.
 * Every function answers what comes next from the ledger and does nothing where it is not its turn, so an attempt may begin
 * anew at any time.
 */
export const jobEnded = (scope: Construct, functions: Omit<Steps, 'rotate'>): IChainable => {
  // the states
  const plan = step(scope, 'Plan', functions.plan);
  const whatNext = new Choice(scope, 'What next?');
  const contain = step(scope, 'Contain', functions.contain);
  const revoke = step(scope, 'Revoke', functions.revoke);
  const probe = step(scope, 'Probe', functions.probe);
  const settle = new Wait(scope, 'Let it settle', { time: WaitTime.secondsPath('$.seconds') });
  const ask = waiting(scope, 'Ask a person', functions.report, Duration.millis(answerPatienceMilliseconds));
  const given = { case: JsonPath.stringAt('$.case'), attempt: JsonPath.numberAt('$.attempt') };
  const unfit = new Pass(scope, 'Needs a rotation', { parameters: { ...given, error: 'NeedsRotation' } });
  const failure = new Pass(scope, 'Note the failure', { parameters: { ...given, error: JsonPath.stringAt('$.error.Error') } });
  const record = step(scope, 'Record', functions.record, TaskInput.fromJsonPathAt('$'));
  const report = step(scope, 'Report', functions.report);
  const contained = new Succeed(scope, 'Contained');
  const recorded = new Succeed(scope, 'Recorded');
  const notContained = new Fail(scope, 'Not contained', { error: 'NotContained', cause: 'The case is red: GET /cases/{id} tells what remains and with whom.' });

  // the order
  plan.next(whatNext);
  whatNext
    .when(next('contain'), contain)
    .when(next('revoke'), revoke)
    .when(next('probe'), probe)
    .when(next('settle'), settle)
    .when(next('ask'), ask)
    .when(next('plan'), plan)
    .when(next('rotate'), unfit)
    .when(next('await'), unfit)
    .when(next('contained'), contained)
    .when(next('recorded'), recorded)
    .when(next('not-contained'), report)
    .otherwise(record);
  // the usual way asks only before it acts and at its end: each question costs a transition
  contain.next(probe);
  revoke.next(probe);
  probe.next(record);
  settle.next(probe);
  ask.addCatch(record, { errors: ['States.Timeout'], resultPath: JsonPath.DISCARD }).next(plan);
  for (const task of [plan, contain, revoke, probe, ask]) task.addCatch(failure, { errors: ['States.ALL'], resultPath: '$.error' });
  unfit.next(record);
  failure.next(record);
  record.addCatch(notContained, { errors: ['States.ALL'], resultPath: '$.error' }).next(whatNext);
  report.addCatch(notContained, { errors: ['States.ALL'], resultPath: '$.error' }).next(notContained);
  return plan;
};

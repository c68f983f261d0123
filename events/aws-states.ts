import { arnAt, runSource } from './aws-run.ts';
import { at, rawText, textAt } from './fields.ts';

/** Each redrive is another attempt under the same ARN. */
const attemptOf = (detail: unknown): string => {
  const redriven = rawText(detail, 'redriveCount');
  return /^\d{1,9}$/.test(redriven) ? String(Number(redriven) + 1) : '1';
};

/**
 * AWS Step Functions. The run is the execution's ARN, which a state reads in `$$.Execution.Id`, and its attempt is one more than `$$.Execution.RedriveCount`.
 * Express executions send no events: their leases end by their timers.
 */
export const awsStates = runSource('aws-states', 'aws.states', [
  {
    detailType: 'Step Functions Execution Status Change',
    state: 'status',
    ends: { status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] },
    starts: { status: ['RUNNING'] },
    id: 'executionArn',
    // neither its input and output, which hold secrets, nor its error and cause, which are free text
    reads: ['executionArn', 'stateMachineArn', 'redriveCount', 'startDate', 'redriveDate', 'stopDate'],
    read: (detail) => {
      const attempt = attemptOf(detail);
      return {
        run: arnAt(detail, 'states', 'executionArn'),
        attempt,
        name: textAt(detail, 'stateMachineArn').replace(/^.*:stateMachine:/, ''),
        startedAt: attempt === '1' ? at(detail, 'startDate') : at(detail, 'redriveDate'),
        endedAt: at(detail, 'stopDate'),
      };
    },
  },
]);

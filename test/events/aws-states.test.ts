import { describe, expect, it } from 'vitest';
import { awsStates } from '../../events/aws-states.ts';
import { endOf, eventOf, runOf } from './runs-of.ts';

const EXECUTION = 'arn:aws:states:eu-west-1:111122223333:execution:month-close:close-2026-02';
const ended = (file: string, detail?: object) => endOf(awsStates, eventOf(awsStates, file, detail));

describe('aws-states', () => {
  it('names the run by the ARN of the execution', () => {
    expect(ended('succeeded.json')).toEqual({
      trigger: 'JobEnded', source: 'aws-states', run: { platform: 'aws-states', run: EXECUTION, attempt: '1' }, state: 'SUCCEEDED', name: 'month-close', at: '2026-03-02T02:03:30.576Z', end: `${EXECUTION} 1 SUCCEEDED`,
    });
  });

  it('takes all four ways to end for an end, and a wait for a redrive for none', () => {
    expect(['failed.json', 'aborted.json', 'redriven-timed-out.json'].map((file) => ended(file).state)).toEqual(['FAILED', 'ABORTED', 'TIMED_OUT']);
    expect(awsStates.parse(eventOf(awsStates, 'pending-redrive.json'))).toMatchObject({ kind: 'ignored' });
  });

  it('takes a redrive for another attempt, from its start to its end', () => {
    expect(runOf(awsStates, eventOf(awsStates, 'running.json'))).toMatchObject({ trigger: 'JobStarted', run: { attempt: '1' }, at: '2026-03-02T02:00:00.968Z' });
    expect(runOf(awsStates, eventOf(awsStates, 'redriven-running.json'))).toMatchObject({ trigger: 'JobStarted', run: { run: EXECUTION, attempt: '2' }, at: '2026-03-02T08:00:04.100Z' });
    expect(ended('redriven-timed-out.json')).toMatchObject({ run: { run: EXECUTION, attempt: '2' }, end: `${EXECUTION} 2 TIMED_OUT` });
    expect(ended('failed.json', { redriveCount: 2 }).end).not.toBe(ended('failed.json').end);
  });

  it.each([-1, 0.5, 'x', '1e3', '', null, undefined, Number.MAX_VALUE, { a: 1 }])('takes a count of redrives of %s for none', (redriveCount) => {
    expect(ended('failed.json', { redriveCount }).run.attempt).toBe('1');
    expect(ended('failed.json', { redriveCount: '3' }).run.attempt).toBe('4');
  });

  it('names the child of a map by its state machine and label', () => {
    expect(ended('succeeded.json', { stateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:month-close/each-branch' }).name).toBe('month-close/each-branch');
  });
});

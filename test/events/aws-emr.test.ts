import { describe, expect, it } from 'vitest';
import { awsEmr } from '../../events/aws-emr.ts';
import { awsEmrServerless } from '../../events/aws-emr-serverless.ts';
import { endOf, eventOf, runOf } from './runs-of.ts';

const CLUSTER = 'j-2F8K1M4Q7T0W';
const STEP = 's-3G6J9L2N5P8R';
const RUN = '00fe1k2m3n4p5q21/00fe9z8y7x6w5v01';

describe('aws-emr', () => {
  it('takes a cluster for a run and a step for a job of it', () => {
    expect(endOf(awsEmr, eventOf(awsEmr, 'cluster-terminated.json'))).toEqual({
      trigger: 'JobEnded', source: 'aws-emr', run: { platform: 'aws-emr', run: CLUSTER, attempt: '1' }, state: 'TERMINATED', name: CLUSTER, at: '2026-03-02T02:00:23.000Z', end: `${CLUSTER} 1 TERMINATED`,
    });
    expect(endOf(awsEmr, eventOf(awsEmr, 'step-failed.json'))).toEqual({
      trigger: 'JobEnded', source: 'aws-emr', run: { platform: 'aws-emr', run: CLUSTER, attempt: '1', job: STEP }, state: 'FAILED', name: CLUSTER, at: '2026-03-02T01:53:09.000Z', end: `${CLUSTER} ${STEP} 1 FAILED`,
    });
  });

  it('knows every way in which they end', () => {
    expect(endOf(awsEmr, eventOf(awsEmr, 'cluster-terminated-with-errors.json')).state).toBe('TERMINATED_WITH_ERRORS');
    for (const state of ['COMPLETED', 'CANCELLED']) expect(endOf(awsEmr, eventOf(awsEmr, 'step-completed.json', { state })).state).toBe(state);
  });

  it('hears both begin to work', () => {
    expect(runOf(awsEmr, eventOf(awsEmr, 'cluster-running.json'))).toMatchObject({ trigger: 'JobStarted', run: { run: CLUSTER } });
    expect(runOf(awsEmr, eventOf(awsEmr, 'step-running.json'))).toMatchObject({ trigger: 'JobStarted', run: { run: CLUSTER, job: STEP } });
  });

  it.each(['STARTING', 'BOOTSTRAPPING', 'WAITING', 'TERMINATING', 'COMPLETED'])('ignores a cluster that is %s', (state) => {
    expect(awsEmr.parse(eventOf(awsEmr, 'cluster-starting.json', { state }))).toMatchObject({ kind: 'ignored' });
  });

  it('refuses a step without its id rather than ending its cluster', () => {
    expect(awsEmr.parse(eventOf(awsEmr, 'step-failed.json', { stepId: undefined }))).toMatchObject({ kind: 'malformed' });
  });
});

describe('aws-emr-serverless', () => {
  it('names the run by the ids of the application and the job run', () => {
    expect(endOf(awsEmrServerless, eventOf(awsEmrServerless, 'success.json'))).toEqual({
      trigger: 'JobEnded', source: 'aws-emr-serverless', run: { platform: 'aws-emr-serverless', run: RUN, attempt: '1' }, state: 'SUCCESS', name: '00fe1k2m3n4p5q21', at: '2026-03-02T05:30:33.325Z', end: `${RUN} 1 SUCCESS`,
    });
  });

  it('takes the last attempt of a job run for the same run', () => {
    expect(endOf(awsEmrServerless, eventOf(awsEmrServerless, 'failed.json'))).toMatchObject({ run: { run: RUN, attempt: '1' }, state: 'FAILED' });
    expect(awsEmrServerless.parse(eventOf(awsEmrServerless, 'retry.json'))).toMatchObject({ kind: 'ignored' });
  });

  it('knows a cancelled run, hears one begin, and is named by its application, whatever name somebody gave it', () => {
    expect(endOf(awsEmrServerless, eventOf(awsEmrServerless, 'cancelled.json', { jobRunName: 'a "name"\nof two lines' }))).toMatchObject({ state: 'CANCELLED', name: '00fe1k2m3n4p5q21' });
    expect(runOf(awsEmrServerless, eventOf(awsEmrServerless, 'running.json'))).toMatchObject({ trigger: 'JobStarted', at: '2026-03-02T05:01:00.325Z' });
  });
});

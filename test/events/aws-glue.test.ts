import { describe, expect, it } from 'vitest';
import { awsGlue } from '../../events/aws-glue.ts';
import { endOf, eventOf, runOf } from './runs-of.ts';

const RUN = 'jr_5e0c2f1d7a9b48c6a3e1f0d2c4b6a8e05e0c2f1d7a9b48c6a3e1f0d2c4b6a8e0';

describe('aws-glue', () => {
  it('names the run by the names of the job and of its run', () => {
    expect(endOf(awsGlue, eventOf(awsGlue, 'succeeded.json'))).toEqual({
      trigger: 'JobEnded', source: 'aws-glue', run: { platform: 'aws-glue', run: `orders to lake/${RUN}`, attempt: '1' }, state: 'SUCCEEDED', name: 'orders to lake', at: '2026-03-02T03:11:21.000Z', end: `orders to lake/${RUN} 1 SUCCEEDED`,
    });
  });

  it('takes all four ways to end for an end, and a retry for another run', () => {
    const ends = ['failed.json', 'timeout.json', 'stopped.json'].map((file) => endOf(awsGlue, eventOf(awsGlue, file)));
    expect(ends.map(({ state, run }) => [state, run.run])).toEqual([['FAILED', `orders to lake/${RUN}_attempt_1`], ['TIMEOUT', `orders to lake/${RUN}`], ['STOPPED', `orders to lake/${RUN}`]]);
  });

  it('takes the status of a running job for a start, and never for an end', () => {
    expect(runOf(awsGlue, eventOf(awsGlue, 'status-running.json'))).toMatchObject({ trigger: 'JobStarted', run: { run: `orders to lake/${RUN}` }, at: '2026-03-02T03:01:09.941Z' });
    for (const state of ['STARTING', 'STOPPING', 'SUCCEEDED', 'FAILED']) expect(awsGlue.parse(eventOf(awsGlue, 'status-running.json', { state })), state).toMatchObject({ kind: 'ignored' });
  });
});

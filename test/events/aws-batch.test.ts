import { describe, expect, it } from 'vitest';
import { awsBatch } from '../../events/aws-batch.ts';
import { endOf, eventOf, runOf } from './runs-of.ts';

const JOB = '7f3b1c90-5d2e-4a61-9f10-2b8c6d4e0a11';
const ROLE = 'arn:aws:iam::111122223333:role/ledger-export-job';
const OTHER = 'arn:aws:iam::111122223333:role/path/other-job';
const ended = (file: string, detail?: object) => endOf(awsBatch, eventOf(awsBatch, file, detail));

describe('aws-batch', () => {
  it('names the run by what the job reads in AWS_BATCH_JOB_ID, with the role of its code', () => {
    expect(ended('succeeded.json')).toEqual({
      trigger: 'JobEnded', source: 'aws-batch', run: { platform: 'aws-batch', run: JOB, attempt: '1' }, state: 'SUCCEEDED', name: 'ledger-export', role: ROLE, at: '2026-03-02T01:19:44.125Z', end: `${JOB} 1 SUCCEEDED`,
    });
    expect(ended('failed.json')).toMatchObject({ state: 'FAILED', role: ROLE });
  });

  it('takes RUNNING for the start, at the time at which the container began', () => {
    expect(runOf(awsBatch, eventOf(awsBatch, 'running.json'))).toEqual({
      trigger: 'JobStarted', source: 'aws-batch', run: { platform: 'aws-batch', run: JOB, attempt: '1' }, state: 'RUNNING', name: 'ledger-export', role: ROLE, at: '2026-03-02T01:02:03.250Z',
    });
  });

  it.each(['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING'])('ignores %s', (status) => {
    expect(awsBatch.parse(eventOf(awsBatch, 'runnable.json', { status }))).toMatchObject({ kind: 'ignored' });
  });

  it('keeps the children of an array, its parent and the nodes of a job apart', () => {
    const runs = ['array-child-failed.json', 'array-parent-failed.json', 'multinode-succeeded.json', 'multinode-node-failed.json'].map((file) => ended(file).run.run);
    expect(runs).toEqual([`${JOB}:3`, JOB, 'c5a4e1b2-0d3f-47aa-b6c9-19de54f7a022', 'c5a4e1b2-0d3f-47aa-b6c9-19de54f7a022#1']);
  });

  it('finds the role of many nodes and of a task of several containers, if all share one', () => {
    const node = (jobRoleArn: unknown) => ({ container: { jobRoleArn } });
    expect(ended('multinode-succeeded.json').role).toBe(ROLE);
    expect(ended('ecs-properties-succeeded.json').role).toBe(ROLE);
    expect(ended('multinode-succeeded.json', { nodeProperties: { nodeRangeProperties: [node(ROLE), node(OTHER)] } })).not.toHaveProperty('role');
    expect(ended('multinode-succeeded.json', { nodeProperties: { nodeRangeProperties: [node(undefined), { ecsProperties: { taskProperties: [{ taskRoleArn: OTHER }] } }] } }).role).toBe(OTHER);
  });

  it('names no role where there is only the role of the agent, a short name or a pod', () => {
    for (const container of [{ executionRoleArn: OTHER }, { jobRoleArn: 'ledger-export-job' }, { jobRoleArn: 'arn:aws:iam::111122223333:user/x' }, {}, undefined, 'text']) {
      expect(ended('succeeded.json', { container })).not.toHaveProperty('role');
    }
    expect(ended('succeeded.json', { container: undefined, eksProperties: { podProperties: { serviceAccountName: 'export' } } })).not.toHaveProperty('role');
  });

  it('is named by its queue where no definition is given', () => {
    expect(ended('succeeded.json', { jobDefinition: undefined }).name).toBe('nightly');
  });
});

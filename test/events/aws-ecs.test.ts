import { describe, expect, it } from 'vitest';
import { awsEcs } from '../../events/aws-ecs.ts';
import { endOf, eventOf, runOf } from './runs-of.ts';

const TASK = 'arn:aws:ecs:eu-west-1:111122223333:task/workers/4d1c1f2b9b7a4a0e8c55d0a1e2f3b4c5';
const ROLE = 'arn:aws:iam::111122223333:role/invoice-run-task';
const ended = (file: string, detail?: object) => endOf(awsEcs, eventOf(awsEcs, file, detail));

describe('aws-ecs', () => {
  it('names the run by the ARN of the task, with the role it was started with', () => {
    expect(ended('stopped.json')).toEqual({
      trigger: 'JobEnded', source: 'aws-ecs', run: { platform: 'aws-ecs', run: TASK, attempt: '1' }, state: 'STOPPED', name: 'invoice-run', role: ROLE, at: '2026-03-02T06:20:51.200Z', end: `${TASK} 1 STOPPED`,
    });
  });

  it('takes the several events of one stop for one end, and none of them before it has stopped', () => {
    expect(ended('stopped-again.json')).toEqual(ended('stopped.json'));
    for (const file of ['deprovisioning.json', 'asked-to-stop.json']) expect(awsEcs.parse(eventOf(awsEcs, file)), file).toMatchObject({ kind: 'ignored' });
    for (const lastStatus of ['PROVISIONING', 'PENDING', 'ACTIVATING', 'DEACTIVATING', 'STOPPING', 'DELETED']) expect(awsEcs.parse(eventOf(awsEcs, 'stopped.json', { lastStatus })), lastStatus).toMatchObject({ kind: 'ignored' });
  });

  it('takes RUNNING for the start, unless it has been asked to stop', () => {
    expect(runOf(awsEcs, eventOf(awsEcs, 'running.json'))).toMatchObject({ trigger: 'JobStarted', run: { run: TASK }, state: 'RUNNING', role: ROLE, at: '2026-03-02T06:00:19.103Z' });
    expect(awsEcs.parse(eventOf(awsEcs, 'running.json', { desiredStatus: 'STOPPED' }))).toMatchObject({ kind: 'ignored' });
  });

  it('names no role that the event does not name, and never that of the agent', () => {
    expect(ended('never-started.json')).not.toHaveProperty('role');
    expect(ended('stopped.json', { overrides: { executionRoleArn: ROLE } })).not.toHaveProperty('role');
    expect(ended('stopped.json', { overrides: { taskRoleArn: 'invoice-run-task' } })).not.toHaveProperty('role');
  });

  it('ends when its containers did, where it does not say when it stopped', () => {
    expect(ended('stopped.json', { stoppedAt: undefined }).at).toBe('2026-03-02T06:20:29.000Z');
  });
});

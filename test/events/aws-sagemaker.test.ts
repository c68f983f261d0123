import { describe, expect, it } from 'vitest';
import { awsSagemaker } from '../../events/aws-sagemaker.ts';
import { endOf, eventOf, runOf } from './runs-of.ts';

const arn = (rest: string): string => `arn:aws:sagemaker:eu-west-1:111122223333:${rest}`;
const role = (name: string): string => `arn:aws:iam::111122223333:role/${name}`;
const ended = (file: string, detail?: object) => endOf(awsSagemaker, eventOf(awsSagemaker, file, detail));

describe('aws-sagemaker', () => {
  it('names the run by the ARN of the job, with its role', () => {
    expect(ended('training-completed.json')).toEqual({
      trigger: 'JobEnded', source: 'aws-sagemaker', run: { platform: 'aws-sagemaker', run: arn('training-job/churn-41'), attempt: '1' }, state: 'Completed', name: 'churn-41', role: role('churn-training'), at: '2026-03-02T04:31:08.050Z', end: `${arn('training-job/churn-41')} 1 Completed`,
    });
  });

  it.each([
    ['training-failed.json', 'training-job/churn-41', 'Failed', 'churn-41', role('churn-training'), '2026-03-02T04:31:10.000Z'],
    ['processing-completed.json', 'processing-job/churn-prepare-41', 'Completed', 'churn-prepare-41', role('churn-processing'), '2026-03-02T03:50:00.000Z'],
    ['transform-stopped.json', 'transform-job/churn-score-41', 'Stopped', 'churn-score-41', undefined, '2026-03-02T05:50:00.000Z'],
    ['tuning-failed.json', 'hyper-parameter-tuning-job/churn-tune-9', 'Failed', 'churn-tune-9', role('churn-training'), '2026-03-02T06:50:00.500Z'],
    ['pipeline-failed.json', 'pipeline/churn-weekly/execution/p4k7m2n9q1r8', 'Failed', 'churn-weekly', undefined, '2026-03-02T07:10:10.000Z'],
  ])('reads %s', (file, run, state, name, ofRole, at) => {
    expect(ended(file)).toMatchObject({ run: { run: arn(run), attempt: '1' }, state, name, at });
    expect(ended(file).role).toBe(ofRole);
  });

  it('names no role where the training jobs of a tuning have several', () => {
    const definitions = [{ RoleArn: role('a') }, { RoleArn: role('b') }];
    expect(ended('tuning-failed.json', { TrainingJobDefinition: undefined, TrainingJobDefinitions: definitions })).not.toHaveProperty('role');
    expect(ended('tuning-failed.json', { TrainingJobDefinition: undefined, TrainingJobDefinitions: [definitions[0], definitions[0]] }).role).toBe(role('a'));
  });

  it('tells the second failure of a pipeline that was retried from the first, and several events of one failure not', () => {
    expect(ended('pipeline-failed-again.json').run).toEqual(ended('pipeline-failed.json').run);
    expect(ended('pipeline-failed-again.json').end).not.toBe(ended('pipeline-failed.json').end);
    const failed = eventOf(awsSagemaker, 'pipeline-failed.json');
    expect(endOf(awsSagemaker, { ...failed, time: '2026-03-02T07:10:15Z' }).end).toBe(endOf(awsSagemaker, failed).end);
  });

  it('hears jobs and pipelines begin', () => {
    expect(runOf(awsSagemaker, eventOf(awsSagemaker, 'training-in-progress.json'))).toMatchObject({ trigger: 'JobStarted', state: 'InProgress', role: role('churn-training'), at: '2026-03-02T04:03:12.050Z' });
    expect(runOf(awsSagemaker, eventOf(awsSagemaker, 'pipeline-executing.json'))).toMatchObject({ trigger: 'JobStarted', at: '2026-03-02T07:03:13.000Z' });
  });

  it.each(['training-stopping.json', 'endpoint.json'])('ignores %s', (file) => expect(awsSagemaker.parse(eventOf(awsSagemaker, file))).toMatchObject({ kind: 'ignored' }));

  it('reads the state of one kind of job in its own field only', () => {
    expect(awsSagemaker.parse(eventOf(awsSagemaker, 'processing-completed.json', { ProcessingJobStatus: undefined, TrainingJobStatus: 'Completed' }))).toMatchObject({ kind: 'malformed' });
  });
});

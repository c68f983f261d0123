import { describe, expect, it } from 'vitest';
import { awsCodebuild } from '../../events/aws-codebuild.ts';
import { awsCodepipeline } from '../../events/aws-codepipeline.ts';
import { endOf, eventOf, runOf } from './runs-of.ts';

const BUILD = 'storefront:0f0d7a64-3b52-4f3e-9d62-8d5c1a2b3c4d';
const EXECUTION = 'storefront-release/1d4f2a60-7c31-4d0b-8f5e-aa11bb22cc33';
const release = (file: string, detail?: object) => endOf(awsCodepipeline, eventOf(awsCodepipeline, file, detail));

describe('aws-codebuild', () => {
  it('names the run by what the build reads in CODEBUILD_BUILD_ID, and takes its times for UTC', () => {
    expect(endOf(awsCodebuild, eventOf(awsCodebuild, 'succeeded.json'))).toEqual({
      trigger: 'JobEnded', source: 'aws-codebuild', run: { platform: 'aws-codebuild', run: BUILD, attempt: '1' }, state: 'SUCCEEDED', name: 'storefront', at: '2026-03-02T13:14:26.000Z', end: `${BUILD} 1 SUCCEEDED`,
    });
  });

  it.each(['FAILED', 'STOPPED', 'FAULT', 'TIMED_OUT'])('takes %s for an end', (state) => {
    expect(endOf(awsCodebuild, eventOf(awsCodebuild, 'failed.json', { 'build-status': state }))).toMatchObject({ state, end: `${BUILD} 1 ${state}` });
  });

  it('ends at the time of the event where no phase says when', () => {
    expect(endOf(awsCodebuild, eventOf(awsCodebuild, 'timed-out.json')).at).toBe('2026-03-02T13:14:28.000Z');
  });

  it('takes IN_PROGRESS for the start, and a phase for nothing', () => {
    expect(runOf(awsCodebuild, eventOf(awsCodebuild, 'in-progress.json'))).toMatchObject({ trigger: 'JobStarted', run: { run: BUILD }, at: '2026-03-02T09:12:29.000Z' });
    expect(awsCodebuild.parse(eventOf(awsCodebuild, 'phase-change.json'))).toMatchObject({ kind: 'ignored' });
  });

  it('takes the id of a build in each of its forms, and no ARN of something else', () => {
    const id = (value: string) => awsCodebuild.parse(eventOf(awsCodebuild, 'succeeded.json', { 'build-id': value }));
    for (const form of [BUILD, `arn:aws:codebuild:eu-west-1:111122223333:build/${BUILD}`, `arn:aws-us-gov:codebuild:us-gov-west-1:111122223333:build/${BUILD}`]) expect(id(form), form).toMatchObject({ triggers: [{ run: { run: BUILD } }] });
    for (const form of ['storefront', `arn:aws:codebuild:eu-west-1:111122223333:project/${BUILD}`, `${BUILD}/x`, 'a b:c']) expect(id(form), form).toMatchObject({ kind: 'malformed' });
  });
});

describe('aws-codepipeline', () => {
  it('names the run by the pipeline and its execution', () => {
    expect(release('succeeded.json')).toEqual({
      trigger: 'JobEnded', source: 'aws-codepipeline', run: { platform: 'aws-codepipeline', run: EXECUTION, attempt: '1' }, state: 'SUCCEEDED', name: 'storefront-release', at: '2026-03-02T11:12:30.000Z', end: `${EXECUTION} 1 SUCCEEDED 2026-03-02T11:12:30.000Z`,
    });
  });

  it('tells the second failure of an execution that was resumed from the first', () => {
    expect(release('failed-again.json').run).toEqual(release('failed.json').run);
    expect(release('failed-again.json').end).not.toBe(release('failed.json').end);
  });

  it.each(['STOPPED', 'SUPERSEDED', 'CANCELED'])('takes %s for an end', (state) => expect(release('superseded.json', { state }).state).toBe(state));

  it('hears an execution begin, and begin again', () => {
    const start = (file: string) => runOf(awsCodepipeline, eventOf(awsCodepipeline, file));
    expect([start('started.json'), start('resumed.json')]).toMatchObject([{ trigger: 'JobStarted', at: '2026-03-02T10:00:00.801Z' }, { trigger: 'JobStarted', at: '2026-03-02T10:40:02.000Z' }]);
  });

  it.each(['action-failed.json', 'stopping.json'])('ignores %s', (file) => expect(awsCodepipeline.parse(eventOf(awsCodepipeline, file))).toMatchObject({ kind: 'ignored' }));
});

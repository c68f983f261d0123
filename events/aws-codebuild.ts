import { idAt, runSource } from './aws-run.ts';
import { at, rawText, textAt } from './fields.ts';

const BUILD = /^(?:arn:[\w-]+:codebuild:[\w-]+:\d{12}:build\/)?([\w-]+:[\w-]+)$/;

/** The last phase begins when the build is over; the event has no other field for that moment. */
const completedAt = (detail: unknown): unknown => {
  const phases = at(detail, 'additional-information', 'phases');
  return at((Array.isArray(phases) ? (phases as unknown[]) : []).find((phase) => rawText(phase, 'phase-type') === 'COMPLETED'), 'start-time');
};

/** AWS CodeBuild. The run is what the build reads in `CODEBUILD_BUILD_ID`: `<project>:<uuid>`; a retry has a uuid of its own. */
export const awsCodebuild = runSource('aws-codebuild', 'aws.codebuild', [
  {
    detailType: 'CodeBuild Build State Change',
    state: 'build-status',
    ends: { 'build-status': ['SUCCEEDED', 'FAILED', 'STOPPED', 'FAULT', 'TIMED_OUT'] },
    starts: { 'build-status': ['IN_PROGRESS'] },
    id: 'build-id',
    read: (detail) => {
      const run = BUILD.exec(idAt(detail, BUILD, 'build-id'))?.[1] ?? '';
      return {
        run,
        name: textAt(detail, 'project-name') || run.replace(/:.*$/, ''),
        startedAt: at(detail, 'additional-information', 'build-start-time'),
        endedAt: completedAt(detail),
      };
    },
  },
]);

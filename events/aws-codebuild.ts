import { idAt, runSource } from './aws-run.ts';
import { eachOf } from './cut.ts';
import { at, rawText, textAt } from './fields.ts';

const BUILD = /^(?:arn:[\w-]+:codebuild:[\w-]+:\d{12}:build\/)?([\w-]+:[\w-]+)$/;

const PHASES = 'additional-information.phases';

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
    // a build has eleven phases; neither its environment, whose PLAINTEXT variables hold secrets, nor what it was given as its source
    reads: ['build-id', 'project-name', 'additional-information.build-start-time', ...eachOf(12, (n) => `${PHASES}[${n}].phase-type`), ...eachOf(12, (n) => `${PHASES}[${n}].start-time`)],
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

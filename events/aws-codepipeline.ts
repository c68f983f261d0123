import { idAt, runSource } from './aws-run.ts';
import { at, textAt } from './fields.ts';
import type { AwsEventSource } from './trigger.ts';

const ENDS = ['SUCCEEDED', 'FAILED', 'STOPPED', 'SUPERSEDED', 'CANCELED'];

const source = runSource('aws-codepipeline', 'aws.codepipeline', [
  {
    detailType: 'CodePipeline Pipeline Execution State Change',
    state: 'state',
    ends: { state: ENDS },
    starts: { state: ['STARTED', 'RESUMED'] },
    id: 'pipeline or detail.execution-id',
    // not the comment of whoever stopped it, nor what triggered it
    reads: ['pipeline', 'execution-id', 'start-time'],
    read: (detail) => {
      const [pipeline, execution] = [idAt(detail, /^[\w.@-]+$/, 'pipeline'), idAt(detail, /^[\w-]+$/, 'execution-id')];
      // A resumed execution keeps its first start-time: when it went on is the time of the event.
      const startedAt = textAt(detail, 'state') === 'STARTED' ? at(detail, 'start-time') : undefined;
      return { run: pipeline && execution && `${pipeline}/${execution}`, name: pipeline, startedAt, which: '' };
    },
  },
]);

/**
 * AWS CodePipeline. The run is `<pipeline>/<execution id>`, which an action reads in `#{codepipeline.PipelineExecutionId}`.
 * A stage that is retried goes on under the same id and can end again: each end has its time in it, and that an execution was
 * resumed is heard with the ends.
 */
export const awsCodepipeline: AwsEventSource = {
  ...source,
  pattern: { ...source.pattern, detail: { state: [...ENDS, 'RESUMED'] } },
  starts: { ...source.pattern, detail: { state: ['STARTED'] } },
};

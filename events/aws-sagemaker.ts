import type { RunEvent } from './aws-run.ts';
import { arnAt, oneRole, roleAt, runSource } from './aws-run.ts';
import { awsTime } from './aws-time.ts';
import { eachOf } from './cut.ts';
import { at, textAt } from './fields.ts';

const ENDS = ['Completed', 'Failed', 'Stopped'];

/** Tuning runs its training jobs with the role of their definition; transform names a model and no role. */
const roleOf = (detail: unknown): string | undefined => {
  const definitions = at(detail, 'TrainingJobDefinitions');
  const ofDefinitions = [at(detail, 'TrainingJobDefinition'), ...(Array.isArray(definitions) ? (definitions as unknown[]) : [])];
  return roleAt(detail, 'RoleArn') ?? oneRole(ofDefinitions.map((definition) => roleAt(definition, 'RoleArn')));
};

/** Where a role may stand; tuning has ten definitions at most. */
const roles = ['RoleArn', 'TrainingJobDefinition.RoleArn', ...eachOf(10, (n) => `TrainingJobDefinitions[${n}].RoleArn`)];

/** The four kinds of jobs keep the same facts in fields that begin with the kind's own word. */
const jobs = (word: string, detailType: string, time = word): RunEvent => ({
  detailType,
  state: `${word}JobStatus`,
  ends: { [`${word}JobStatus`]: ENDS },
  starts: { [`${word}JobStatus`]: ['InProgress'] },
  id: `${word}JobArn`,
  // not the environment, hyperparameters and arguments, which hold secrets, nor why it failed
  reads: [`${word}JobArn`, `${word}JobName`, `${time}StartTime`, `${time}EndTime`, ...roles],
  read: (detail) => ({
    run: arnAt(detail, 'sagemaker', `${word}JobArn`),
    name: textAt(detail, `${word}JobName`),
    role: roleOf(detail),
    startedAt: at(detail, `${time}StartTime`),
    endedAt: at(detail, `${time}EndTime`),
  }),
});

/**
 * Amazon SageMaker. The run is the job's ARN (`TRAINING_JOB_ARN` in a training job, `ProcessingJobArn` in `/opt/ml/config/processingjobconfig.json`)
 * or the pipeline execution's. A pipeline execution that is retried keeps its ARN and can end again: each end has its time in it.
 */
export const awsSagemaker = runSource('aws-sagemaker', 'aws.sagemaker', [
  jobs('Training', 'SageMaker Training Job State Change'),
  jobs('Processing', 'SageMaker Processing Job State Change'),
  jobs('Transform', 'SageMaker Transform Job State Change'),
  jobs('HyperParameterTuning', 'SageMaker HyperParameter Tuning Job State Change'),
  {
    detailType: 'SageMaker Model Building Pipeline Execution Status Change',
    state: 'currentPipelineExecutionStatus',
    ends: { currentPipelineExecutionStatus: ['Succeeded', 'Failed', 'Stopped'] },
    starts: { currentPipelineExecutionStatus: ['Executing'] },
    id: 'pipelineExecutionArn',
    reads: ['pipelineExecutionArn', 'pipelineArn', 'executionStartTime', 'executionEndTime'],
    read: (detail) => ({
      run: arnAt(detail, 'sagemaker', 'pipelineExecutionArn'),
      name: textAt(detail, 'pipelineArn').replace(/^.*\//, ''),
      startedAt: at(detail, 'executionStartTime'),
      endedAt: at(detail, 'executionEndTime'),
      which: awsTime(at(detail, 'executionEndTime')),
    }),
  },
]);

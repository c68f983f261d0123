import { idAt, oneRole, roleAt, runSource } from './aws-run.ts';
import { awsTime } from './aws-time.ts';
import { eachOf } from './cut.ts';
import { at, textAt } from './fields.ts';

const listAt = (value: unknown, ...path: string[]): unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as unknown[]) : [];
};

const taskRole = 'ecsProperties.taskProperties[0].taskRoleArn';

/** Where a role may stand: a task is one at most, groups of nodes are five. */
const roles = [
  'container.jobRoleArn',
  taskRole,
  ...eachOf(5, (n) => `nodeProperties.nodeRangeProperties[${n}].container.jobRoleArn`),
  ...eachOf(5, (n) => `nodeProperties.nodeRangeProperties[${n}].${taskRole}`),
];

const rolesIn = (value: unknown): (string | undefined)[] => [roleAt(value, 'container', 'jobRoleArn'), ...listAt(value, 'ecsProperties', 'taskProperties').map((task) => roleAt(task, 'taskRoleArn'))];
const rolesOfNodes = (detail: unknown): (string | undefined)[] => listAt(detail, 'nodeProperties', 'nodeRangeProperties').flatMap(rolesIn);

/** A job with one container, one with several in a task, or one with many nodes; a pod names no role but a service account. */
const roleOf = (detail: unknown): string | undefined => oneRole([...rolesIn(detail), ...rolesOfNodes(detail)]);

/** A job has ten attempts at most. */
const attempts = eachOf(10, (n) => `attempts[${n}].startedAt`);

/**
 * The parent of an array is never RUNNING, and a job that is cancelled in its queue was not: their events tell when they were
 * made, and of no attempt and no time at which they began. Children and jobs on many nodes need not have that time.
 */
const isNeverStarted = (detail: unknown): boolean => {
  const times = [at(detail, 'startedAt'), ...listAt(detail, 'attempts').map((attempt) => at(attempt, 'startedAt'))];
  const isPartOrHasNodes = /[:#]/.test(textAt(detail, 'jobId')) || rolesOfNodes(detail).some((role) => role !== undefined);
  return awsTime(at(detail, 'createdAt')) !== '' && !isPartOrHasNodes && times.every((time) => awsTime(time) === '');
};

const jobId = /^[\w-]+(?:[:#]\d+)?$/;

/** `arn:...:job-definition/name:3` and `arn:...:job-queue/name` to `name`. */
const shortName = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1).replace(/:\d+$/, '');

/**
 * AWS Batch. The run is what the job reads in `AWS_BATCH_JOB_ID`: the job's id, `id:index` in an array, `id#node` on many nodes;
 * the parent of an array ends under the plain id, after its children. All attempts of a job are one run.
 */
export const awsBatch = runSource('aws-batch', 'aws.batch', [
  {
    detailType: 'Batch Job State Change',
    state: 'status',
    ends: { status: ['SUCCEEDED', 'FAILED'] },
    starts: { status: ['RUNNING'] },
    id: 'jobId',
    // not the environment, parameters and commands, which hold secrets, nor a reason or a tag, which are free text
    reads: ['jobId', 'jobDefinition', 'jobQueue', 'startedAt', 'createdAt', 'stoppedAt', ...attempts, ...roles],
    read: (detail) => ({
      run: idAt(detail, jobId, 'jobId'),
      name: shortName(textAt(detail, 'jobDefinition')) || shortName(textAt(detail, 'jobQueue')),
      role: roleOf(detail),
      startedAt: at(detail, 'startedAt'),
      endedAt: at(detail, 'stoppedAt'),
      neverWorked: isNeverStarted(detail),
    }),
  },
  {
    // jobs that another service runs; they name no definition and no role
    detailType: 'Batch Service Job State Change',
    state: 'status',
    ends: { status: ['SUCCEEDED', 'FAILED'] },
    starts: { status: ['RUNNING'] },
    id: 'jobId',
    reads: ['jobId', 'jobQueue', 'startedAt', 'createdAt', 'stoppedAt', ...attempts],
    read: (detail) => ({
      run: idAt(detail, jobId, 'jobId'),
      name: shortName(textAt(detail, 'jobQueue')),
      startedAt: at(detail, 'startedAt'),
      endedAt: at(detail, 'stoppedAt'),
      neverWorked: isNeverStarted(detail),
    }),
  },
]);

import { arnAt, roleAt, runSource } from './aws-run.ts';
import { awsTime } from './aws-time.ts';
import { at, textAt } from './fields.ts';

/**
 * Amazon ECS. The run is the task's ARN, which a container reads at `${ECS_CONTAINER_METADATA_URI_V4}/task`.
 * A task on its way down (`DEPROVISIONING`) may still write its last lines: only `STOPPED` is its end, told once or several times.
 * The role is known only where the task was started with one of its own; else it is in the task definition, which the event does not hold.
 */
export const awsEcs = runSource('aws-ecs', 'aws.ecs', [
  {
    detailType: 'ECS Task State Change',
    state: 'lastStatus',
    ends: { lastStatus: ['STOPPED'] },
    // One that is asked to stop is still RUNNING for a while.
    starts: { lastStatus: ['RUNNING'], desiredStatus: ['RUNNING'] },
    id: 'taskArn',
    // of the overrides only the role: their environment and commands hold secrets; nor why it stopped, which is free text
    reads: ['taskArn', 'taskDefinitionArn', 'overrides.taskRoleArn', 'startedAt', 'stoppedAt', 'executionStoppedAt'],
    read: (detail) => ({
      run: arnAt(detail, 'ecs', 'taskArn'),
      name: textAt(detail, 'taskDefinitionArn').replace(/^.*\//, '').replace(/:\d+$/, ''),
      role: roleAt(detail, 'overrides', 'taskRoleArn'),
      startedAt: at(detail, 'startedAt'),
      endedAt: awsTime(at(detail, 'stoppedAt')) || at(detail, 'executionStoppedAt'),
    }),
  },
]);

import { idAt, runSource } from './aws-run.ts';

const clusterOf = (detail: unknown): string => idAt(detail, /^j-\w+$/, 'clusterId');

/**
 * Amazon EMR. The run is the cluster's id (`jobFlowId` in `/mnt/var/lib/info/job-flow.json`); a step is the job of that id in the cluster's run.
 * Both are named by the cluster's id: the names of clusters and of steps are free text, quotes and line breaks too.
 */
export const awsEmr = runSource('aws-emr', 'aws.emr', [
  {
    detailType: 'EMR Cluster State Change',
    state: 'state',
    ends: { state: ['TERMINATED', 'TERMINATED_WITH_ERRORS'] },
    starts: { state: ['RUNNING'] },
    id: 'clusterId',
    reads: ['clusterId'],
    read: (detail) => ({ run: clusterOf(detail), name: clusterOf(detail) }),
  },
  {
    detailType: 'EMR Step Status Change',
    state: 'state',
    ends: { state: ['COMPLETED', 'FAILED', 'CANCELLED'] },
    starts: { state: ['RUNNING'] },
    id: 'clusterId or detail.stepId',
    reads: ['clusterId', 'stepId'],
    read: (detail) => ({ run: clusterOf(detail), job: idAt(detail, /^s-\w+$/, 'stepId'), name: clusterOf(detail) }),
  },
]);

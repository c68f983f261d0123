import { idAt, runSource } from './aws-run.ts';
import { textAt } from './fields.ts';

const CLUSTER = /^j-\w+$/;

/** Amazon EMR. The run is the cluster's id (`jobFlowId` in `/mnt/var/lib/info/job-flow.json`); a step is the job of that id in the cluster's run, named by the step. */
export const awsEmr = runSource('aws-emr', 'aws.emr', [
  {
    detailType: 'EMR Cluster State Change',
    state: 'state',
    ends: { state: ['TERMINATED', 'TERMINATED_WITH_ERRORS'] },
    starts: { state: ['RUNNING'] },
    id: 'clusterId',
    read: (detail) => ({ run: idAt(detail, CLUSTER, 'clusterId'), name: textAt(detail, 'name') }),
  },
  {
    detailType: 'EMR Step Status Change',
    state: 'state',
    ends: { state: ['COMPLETED', 'FAILED', 'CANCELLED'] },
    starts: { state: ['RUNNING'] },
    id: 'clusterId or detail.stepId',
    read: (detail) => ({ run: idAt(detail, CLUSTER, 'clusterId'), job: idAt(detail, /^s-\w+$/, 'stepId'), name: textAt(detail, 'name') }),
  },
]);

import { idAt, runSource } from './aws-run.ts';
import { at } from './fields.ts';

/** Amazon EMR Serverless. The run is `<application id>/<job run id>`; its retries (`attempt`) are inside one run. It is named by its application: the name of a job run is free text. */
export const awsEmrServerless = runSource('aws-emr-serverless', 'aws.emr-serverless', [
  {
    detailType: 'EMR Serverless Job Run State Change',
    state: 'state',
    ends: { state: ['SUCCESS', 'FAILED', 'CANCELLED'] },
    starts: { state: ['RUNNING'] },
    id: 'applicationId or detail.jobRunId',
    reads: ['applicationId', 'jobRunId', 'updatedAt'],
    read: (detail) => {
      const [application, run] = [idAt(detail, /^\w+$/, 'applicationId'), idAt(detail, /^\w+$/, 'jobRunId')];
      const changedAt = at(detail, 'updatedAt');
      return { run: application && run && `${application}/${run}`, name: application, startedAt: changedAt, endedAt: changedAt };
    },
  },
]);

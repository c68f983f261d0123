import type { ToldRun } from './aws-run.ts';
import { idAt, runSource } from './aws-run.ts';
import { at, textAt } from './fields.ts';

const read = (detail: unknown): ToldRun => {
  const [job, run] = [idAt(detail, /./, 'jobName'), idAt(detail, /^[\w-]+$/, 'jobRunId')];
  return { run: job && run && `${job}/${run}`, name: textAt(detail, 'jobName'), startedAt: at(detail, 'startedOn') };
};

/**
 * AWS Glue. The run is `<job name>/<job run id>`, which the script reads in its arguments `JOB_NAME` and `JOB_RUN_ID`; a retry is a run with an id of its own.
 * `Glue Job Run Status` tells of a run at work, and only where the job has a delay notification.
 */
export const awsGlue = runSource('aws-glue', 'aws.glue', [
  { detailType: 'Glue Job State Change', state: 'state', ends: { state: ['SUCCEEDED', 'FAILED', 'TIMEOUT', 'STOPPED'] }, id: 'jobName or detail.jobRunId', read },
  { detailType: 'Glue Job Run Status', state: 'state', starts: { state: ['RUNNING'] }, id: 'jobName or detail.jobRunId', read },
]);

import type { ToldRun } from './aws-run.ts';
import { idAt, runSource } from './aws-run.ts';
import { at, textAt } from './fields.ts';

const read = (detail: unknown): ToldRun => {
  const [job, run] = [idAt(detail, /./, 'jobName'), idAt(detail, /^[\w-]+$/, 'jobRunId')];
  return { run: job && run && `${job}/${run}`, name: textAt(detail, 'jobName'), startedAt: at(detail, 'startedOn') };
};

/**
 * A job's name is half of the run's, and it is the one free text that a source reads: of a job with a quote, a backslash or a tab
 * in its name no end can be read. Its message is a dead letter, with its alarm, and what was lent to it ends by its timer.
 */
const reads = ['jobName', 'jobRunId', 'startedOn'];

/**
 * AWS Glue. The run is `<job name>/<job run id>`, which the script reads in its arguments `JOB_NAME` and `JOB_RUN_ID`; a retry is a run with an id of its own.
 * `Glue Job Run Status` tells of a run at work, and only where the job has a delay notification.
 */
export const awsGlue = runSource('aws-glue', 'aws.glue', [
  { detailType: 'Glue Job State Change', state: 'state', ends: { state: ['SUCCEEDED', 'FAILED', 'TIMEOUT', 'STOPPED'] }, id: 'jobName or detail.jobRunId', reads, read },
  { detailType: 'Glue Job Run Status', state: 'state', starts: { state: ['RUNNING'] }, id: 'jobName or detail.jobRunId', reads, read },
]);

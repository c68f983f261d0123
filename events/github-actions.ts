import { header } from './body.ts';
import { at, countAt, isoTime, isRecord, rawText, textAt } from './fields.ts';
import { githubPayload } from './github-hook.ts';
import { ended, ignored, malformed, mostBytesOfRuns } from './job-end.ts';
import { githubSignature } from './signatures.ts';
import type { Parsed, WebhookRequest, WebhookSource } from './trigger.ts';

/** What the bodies of other events have: a signed one must not pass for an end under another unsigned event name. */
const FOREIGN: Record<string, readonly string[]> = {
  workflow_job: ['workflow_run', 'alert', 'check_run', 'check_suite'],
  workflow_run: ['workflow_job', 'alert', 'check_run', 'check_suite', 'deployment', 'workflow_job_run'],
};

/** What GitHub calls a run that has not ended. */
const GOES_ON = ['queued', 'in_progress', 'requested', 'waiting', 'pending'];

const nameOf = (body: unknown, told: unknown): string =>
  textAt(told, 'workflow_name') || textAt(body, 'workflow', 'name') || textAt(told, 'name') || textAt(told, 'path');

const endOf = (event: string, body: unknown): Parsed => {
  const told = at(body, event);
  const ofJob = event === 'workflow_job';
  const [repository, run, attempt] = [countAt(body, 'repository', 'id'), countAt(told, ofJob ? 'run_id' : 'id'), countAt(told, 'run_attempt')];
  if (repository === undefined || run === undefined || attempt === undefined) return malformed('repository, run or attempt is not told by a positive whole number');
  const job = ofJob ? countAt(told, 'id') : undefined;
  if (ofJob && job === undefined) return malformed('workflow_job.id is not a positive whole number');
  return ended({
    source: githubActions.name,
    run: { platform: 'github-actions', run: `${repository}/${run}`, attempt: String(attempt), ...(job === undefined ? {} : { job: String(job) }) },
    at: isoTime(rawText(told, ofJob ? 'completed_at' : 'updated_at')),
    state: textAt(told, 'conclusion'),
    name: nameOf(body, told),
  });
};

/**
 * A run that was started anew before its end was told is told with its new attempt, which goes on. Only a run that is over
 * can be started anew: the attempt before is.
 */
const endBefore = (body: unknown): Parsed => {
  const told = at(body, 'workflow_run');
  const [repository, run, attempt] = [countAt(body, 'repository', 'id'), countAt(told, 'id'), countAt(told, 'run_attempt')];
  if (repository === undefined || run === undefined || attempt === undefined) return malformed('repository, run or attempt is not told by a positive whole number');
  if (attempt === 1) return ignored('the status is not completed: nothing has ended');
  return ended({
    source: githubActions.name,
    run: { platform: 'github-actions', run: `${repository}/${run}`, attempt: String(attempt - 1) },
    at: isoTime(rawText(told, 'run_started_at')),
    state: 'superseded',
    name: nameOf(body, told),
  });
};

const parse = (request: WebhookRequest): Parsed => {
  const body = githubPayload(request);
  if (!body.ok) return malformed(body.reason);
  const event = header(request, 'x-github-event');
  if (event === '') return malformed('the x-github-event header is missing');
  const foreign = Object.hasOwn(FOREIGN, event) ? FOREIGN[event] : undefined;
  if (foreign === undefined) return ignored('not a workflow_job or workflow_run event');
  const told = at(body.value, event);
  if (!isRecord(told) || foreign.some((key) => at(body.value, key) !== undefined)) return malformed('the body is not that of the event which the x-github-event header names');
  const action = rawText(body.value, 'action');
  if (action === '') return malformed('action is missing');
  if (action !== 'completed') return ignored('the action is not completed: nothing has ended');
  const status = at(told, 'status');
  if (event === 'workflow_run' && GOES_ON.includes(rawText(told, 'status'))) return endBefore(body.value);
  if (status !== undefined && status !== 'completed') return ignored('the status is not completed: nothing has ended');
  const conclusion = textAt(told, 'conclusion');
  if (conclusion === '') return ignored('it has no conclusion: nothing has ended');
  // A run that waits for an approval is told like this before any job of it ran.
  if (conclusion === 'action_required' && event === 'workflow_run') return ignored('the run waits for an approval: nothing has ended');
  if (conclusion === 'skipped' && event === 'workflow_job') return ignored('the job was skipped: it never ran');
  return endOf(event, body.value);
};

/** GitHub's webhooks `workflow_job` (one job) and `workflow_run` (a whole attempt). A rerun has the same run id and another attempt. */
export const githubActions: WebhookSource = {
  transport: 'webhook',
  name: 'github-actions',
  mostBytes: mostBytesOfRuns,
  authenticate: (request, secrets) => githubSignature(request, secrets),
  parse,
};

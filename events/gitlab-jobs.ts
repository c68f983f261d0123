import { at, clean, countAt, isoTime, rawText, textAt } from './fields.ts';
import { ended, ignored, jsonBody, malformed, mostBytesOfRuns, started } from './job-end.ts';
import { sharedSecret } from './shared-secret.ts';
import { isSigningToken, standardWebhooksSignature } from './signatures.ts';
import type { Authenticity, Parsed, WebhookRequest, WebhookSource } from './trigger.ts';

const JOB_ENDS = ['success', 'failed', 'canceled'];
const PIPELINE_ENDS = ['success', 'failed', 'canceled', 'skipped'];

/** One signing token among the secrets is enough for a message under the plaintext token to be refused: else whoever reads that one header could speak. */
const authenticate = (request: WebhookRequest, secrets: readonly string[], now: Date): Authenticity => {
  const signing = secrets.filter(isSigningToken);
  return signing.length > 0 ? standardWebhooksSignature(request, signing, now) : sharedSecret(request, secrets, 'x-gitlab-token', { bearer: false });
};

/** GitLab tells each time twice, as `2021-02-23 02:43:10 UTC` and, since 17, in ISO 8601. */
const timeAt = (value: unknown, name: string): string => isoTime(rawText(value, `${name}_iso`)) || isoTime(rawText(value, name));

const projectName = (body: unknown): string => textAt(body, 'project', 'path_with_namespace') || textAt(body, 'project_name') || textAt(body, 'project', 'name');

const projectId = (body: unknown): number | undefined => countAt(body, 'project_id') ?? countAt(body, 'project', 'id');

const ofJob = (body: unknown): Parsed => {
  const state = rawText(body, 'build_status');
  if (state === '') return malformed('build_status is missing');
  if (state === 'skipped') return ignored('the job was skipped: it never ran');
  if (!JOB_ENDS.includes(state)) return ignored('the job goes on: nothing has ended');
  // commit.id is the pipeline's id, whatever it is called.
  const [project, pipeline, job] = [projectId(body), countAt(body, 'pipeline_id') ?? countAt(body, 'commit', 'id'), countAt(body, 'build_id')];
  if (project === undefined || pipeline === undefined || job === undefined) return malformed('project, pipeline or build_id is not told by a positive whole number');
  return ended({
    source: gitlabJobs.name,
    run: { platform: 'gitlab', run: `${project}/${pipeline}`, attempt: '1', job: String(job) },
    at: timeAt(body, 'build_finished_at'),
    state,
    name: projectName(body),
  });
};

const ofPipeline = (body: unknown): Parsed => {
  const state = rawText(body, 'object_attributes', 'status');
  if (state === '') return malformed('object_attributes.status is missing');
  const attributes = at(body, 'object_attributes');
  const finished = timeAt(attributes, 'finished_at');
  // One that goes on although it finished has come back: GitLab keeps the time of its last end until the next.
  const isBack = state === 'running' && finished !== '';
  if (!PIPELINE_ENDS.includes(state) && !isBack) return ignored('the pipeline goes on: nothing has ended');
  const [project, pipeline] = [countAt(body, 'project', 'id') ?? countAt(body, 'project_id'), countAt(body, 'object_attributes', 'id')];
  if (project === undefined || pipeline === undefined) return malformed('project or pipeline is not told by a positive whole number');
  const told = { source: gitlabJobs.name, run: { platform: 'gitlab', run: `${project}/${pipeline}`, attempt: '1' }, state, name: projectName(body) };
  if (isBack) return started({ ...told, at: new Date(Date.parse(finished) + 1).toISOString() });
  // A job that is retried brings its pipeline back under the same id.
  return ended({ ...told, at: finished }, [finished || clean(rawText(attributes, 'finished_at'), 64) || state]);
};

/** GitLab disables a hook that is answered 4xx: only what it says of jobs and pipelines can be malformed. */
const parse = (request: WebhookRequest): Parsed => {
  const body = jsonBody(request);
  if (!body.ok) return malformed(body.reason);
  const kind = rawText(body.value, 'object_kind');
  if (kind === 'build') return ofJob(body.value);
  if (kind === 'pipeline') return ofPipeline(body.value);
  if (kind === '' && rawText(body.value, 'event_name') === '') return malformed('object_kind is missing');
  return ignored('not a job or pipeline event');
};

/** GitLab's job and pipeline webhooks, under a signing token (Standard Webhooks) or the older plaintext token. */
export const gitlabJobs: WebhookSource = { transport: 'webhook', name: 'gitlab-jobs', mostBytes: mostBytesOfRuns, authenticate, parse };

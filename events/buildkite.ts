import { createHmac } from 'node:crypto';
import { header } from './body.ts';
import { at, clean, isoSeconds, isoTime, rawText, textAt } from './fields.ts';
import { ended, idAt, ignored, jsonBody, malformed, mostBytesOfRuns, started } from './job-end.ts';
import { sharedSecret } from './shared-secret.ts';
import { anyEqual, NO_SECRET, refused, staleness } from './signatures.ts';
import type { Authenticity, Parsed, WebhookRequest, WebhookSource } from './trigger.ts';

/** States in which a job or a build is alive or may live again. What a message says may be newer than what it was sent for. */
const JOB_LIVES = ['pending', 'waiting', 'blocked', 'limiting', 'limited', 'platform_limiting', 'platform_limited', 'scheduled', 'assigned', 'accepted', 'running', 'canceling', 'timing_out'];
const BUILD_LIVES = ['creating', 'scheduled', 'running', 'failing', 'canceling', 'started', 'blocked'];

/** States in which a build that is blocked goes on once somebody unblocks it. */
const AWAITS = ['passed', 'failed'];

/** Jobs that no agent was given, unless they say when they started. */
const NEVER_RAN = ['skipped', 'broken'];

const SIGNATURE = /^timestamp=(\d{1,12}), ?signature=([0-9a-f]{64})$/;

/** `timestamp=...,signature=...`: the lower-case hex HMAC-SHA256 of `timestamp.body` under the token. */
const signatureOf = (request: WebhookRequest, secrets: readonly string[], now: Date): Authenticity => {
  const usable = secrets.filter((secret) => secret !== '');
  if (usable.length === 0) return refused(NO_SECRET);
  const [, timestamp = '', given = ''] = SIGNATURE.exec(header(request, 'x-buildkite-signature')) ?? [];
  if (given === '') return refused('the x-buildkite-signature header is not timestamp= and signature= with 64 lower-case hex digits');
  const stale = staleness('the timestamp in x-buildkite-signature', timestamp, now);
  if (stale !== undefined) return refused(stale);
  const expected = usable.map((secret) => createHmac('sha256', secret).update(`${timestamp}.`).update(request.body).digest('hex'));
  return anyEqual([given], expected) ? { ok: true } : refused('the signature does not match the body');
};

/** A signature that is there must hold, whatever token stands beside it. */
const authenticate = (request: WebhookRequest, secrets: readonly string[], now: Date): Authenticity =>
  Object.hasOwn(request.headers, 'x-buildkite-signature') ? signatureOf(request, secrets, now) : sharedSecret(request, secrets, 'x-buildkite-token', { bearer: false });

const nameOf = (body: unknown): string => textAt(body, 'pipeline', 'slug') || textAt(body, 'pipeline', 'name');

const ofJob = (body: unknown): Parsed => {
  const state = textAt(body, 'job', 'state');
  if (state === '') return malformed('job.state is missing');
  if (JOB_LIVES.includes(state)) return ignored('the job goes on: nothing has ended');
  if (NEVER_RAN.includes(state) && rawText(body, 'job', 'started_at') === '') return ignored('the job never ran');
  const [build, job] = [idAt(body, 'build', 'id'), idAt(body, 'job', 'id')];
  if (build === '' || job === '') return malformed('build.id or job.id is missing or not an id');
  // The command may hold secrets: of a job, nothing is kept but what is named here.
  const run = { platform: 'buildkite', run: build, attempt: '1', job };
  return ended({ source: buildkite.name, run, at: isoTime(rawText(body, 'job', 'finished_at')), state, name: nameOf(body) });
};

const ofBuild = (body: unknown): Parsed => {
  const state = textAt(body, 'build', 'state');
  if (state === '') return malformed('build.state is missing');
  if (BUILD_LIVES.includes(state)) return ignored('the build goes on: nothing has ended');
  // A build that was canceled while it was blocked still says so, and will not be unblocked.
  if (AWAITS.includes(state) && at(body, 'build', 'blocked') === true) return ignored('the build waits to be unblocked: nothing has ended');
  const build = idAt(body, 'build', 'id');
  if (build === '') return malformed('build.id is missing or not an id');
  const finished = isoTime(rawText(body, 'build', 'finished_at'));
  const run = { platform: 'buildkite', run: build, attempt: '1' };
  // A job that is retried brings its build back under the same id.
  return ended({ source: buildkite.name, run, at: finished, state, name: nameOf(body) }, [finished || clean(rawText(body, 'build', 'finished_at'), 64) || state]);
};

/** A job that is retried starts its build again. The build keeps its first times: when it was is the signature's time, where there is one. */
const ofStart = (body: unknown, request: WebhookRequest): Parsed => {
  const state = textAt(body, 'build', 'state');
  if (state !== 'running') return ignored('the build is no longer running: nothing has ended');
  const build = idAt(body, 'build', 'id');
  if (build === '') return malformed('build.id is missing or not an id');
  const [, timestamp = ''] = SIGNATURE.exec(header(request, 'x-buildkite-signature')) ?? [];
  return started({ source: buildkite.name, run: { platform: 'buildkite', run: build, attempt: '1' }, at: isoSeconds(timestamp), state, name: nameOf(body) });
};

const parse = (request: WebhookRequest): Parsed => {
  const body = jsonBody(request);
  if (!body.ok) return malformed(body.reason);
  const event = rawText(body.value, 'event');
  if (event === '') return malformed('event is missing');
  if (event === 'job.finished') return ofJob(body.value);
  if (event === 'build.finished') return ofBuild(body.value);
  if (event === 'build.running') return ofStart(body.value, request);
  return ignored('not a job.finished, build.finished or build.running event');
};

/** Buildkite's webhooks `job.finished`, `build.finished` and `build.running`, by the ids that a job has in `BUILDKITE_BUILD_ID` and `BUILDKITE_JOB_ID`. */
export const buildkite: WebhookSource = { transport: 'webhook', name: 'buildkite', mostBytes: mostBytesOfRuns, authenticate, parse };

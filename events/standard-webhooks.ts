import { at, isoTime, rawText, textAt } from './fields.ts';
import { ended, idAt, ignored, jsonBody, malformed, mostBytesOfRuns } from './job-end.ts';
import { standardWebhooksSignature } from './signatures.ts';
import type { Parsed, WebhookRequest, WebhookSource } from './trigger.ts';

/** The types that tell an end, and the state where the data name none. */
const TYPES = new Map([
  ['job.ended', 'ended'], ['agent.run.completed', 'completed'], ['agent.run.failed', 'failed'], ['agent.run.cancelled', 'cancelled'], ['agent.run.canceled', 'canceled'],
]);

/** Platforms whose ends another source hears, under proof of its own: who may speak here must not speak for them. */
const RESERVED = /^(?:github|github-actions|gitlab|gitlab-jobs|buildkite|tekton|cdevents|openai|cursor|a2a|aws(?:-.*)?)$/;

/** 1 to 512 printable ASCII characters that neither begin nor end with a space. */
const RUN = /^[!-~](?:[ -~]{0,510}[!-~])?$/;

const parse = (request: WebhookRequest): Parsed => {
  const body = jsonBody(request);
  if (!body.ok) return malformed(body.reason);
  const type = rawText(body.value, 'type');
  if (type === '') return malformed('type is missing');
  const word = TYPES.get(type);
  if (word === undefined) return ignored('not a job.ended or agent.run event');
  const data = at(body.value, 'data');
  const [platform, run] = [rawText(data, 'platform'), rawText(data, 'run')];
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(platform)) return malformed('data.platform is not 1 to 64 lower-case letters, digits and hyphens');
  if (RESERVED.test(platform)) return malformed('data.platform has a source of its own: its ends are heard there');
  if (!RUN.test(run)) return malformed('data.run is not 1 to 512 printable characters');
  const given = { attempt: at(data, 'attempt') ?? undefined, job: at(data, 'job') ?? undefined };
  const [attempt, job] = [given.attempt === undefined ? '1' : idAt(data, 'attempt'), given.job === undefined ? undefined : idAt(data, 'job')];
  if (attempt === '' || attempt.length > 64) return malformed('data.attempt is neither a positive whole number nor an id');
  if (job === '') return malformed('data.job is neither a positive whole number nor an id');
  return ended({
    source: standardWebhooks.name,
    run: { platform, run, attempt, ...(job === undefined ? {} : { job }) },
    at: isoTime(rawText(body.value, 'timestamp')),
    state: textAt(data, 'state') || word,
    name: textAt(data, 'name'),
  }, [platform]);
};

/** Ends told by a sender of one's own (an exit handler, an agent) under a Standard Webhooks signature. */
export const standardWebhooks: WebhookSource = { transport: 'webhook', name: 'standard-webhooks', mostBytes: mostBytesOfRuns, authenticate: standardWebhooksSignature, parse };

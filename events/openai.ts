import { at, countAt, isoSeconds, rawText } from './fields.ts';
import { ended, idAt, ignored, jsonBody, malformed, mostBytesOfRuns } from './job-end.ts';
import { standardWebhooksSignature } from './signatures.ts';
import type { Parsed, WebhookRequest, WebhookSource } from './trigger.ts';

/** What may run, and the words for its end. OpenAI spells cancelled both ways. */
const ENDS = /^(response|batch|fine_tuning\.job|eval\.run)\.(completed|succeeded|failed|cancelled|canceled|incomplete|expired)$/;

const parse = (request: WebhookRequest): Parsed => {
  const body = jsonBody(request);
  if (!body.ok) return malformed(body.reason);
  const type = rawText(body.value, 'type');
  if (type === '') return malformed('type is missing');
  const [, what, state] = ENDS.exec(type) ?? [];
  if (what === undefined || state === undefined) return ignored('not a final response, batch, fine-tuning or eval event');
  const object = at(body.value, 'object');
  if (object !== undefined && object !== 'event') return malformed('object is not event');
  const run = idAt(body.value, 'data', 'id');
  if (run === '') return malformed('data.id is missing or not an id');
  return ended({
    source: openai.name,
    run: { platform: 'openai', run, attempt: '1' },
    at: isoSeconds(String(countAt(body.value, 'created_at') ?? '')),
    state,
    name: what,
  });
};

/** OpenAI's webhooks (Standard Webhooks) about responses, batches, fine-tuning jobs and eval runs that are over. */
export const openai: WebhookSource = { transport: 'webhook', name: 'openai', mostBytes: mostBytesOfRuns, authenticate: standardWebhooksSignature, parse };

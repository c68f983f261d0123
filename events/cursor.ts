import { clean, isoTime, rawText, textAt } from './fields.ts';
import { ended, idAt, ignored, jsonBody, malformed, mostBytesOfRuns, started } from './job-end.ts';
import { bodySignature } from './signatures.ts';
import type { Parsed, WebhookRequest, WebhookSource } from './trigger.ts';

const ENDS = ['FINISHED', 'ERROR', 'EXPIRED', 'CANCELLED', 'CANCELED'];

const parse = (request: WebhookRequest): Parsed => {
  const body = jsonBody(request);
  if (!body.ok) return malformed(body.reason);
  const event = rawText(body.value, 'event');
  if (event === '') return malformed('event is missing');
  if (event !== 'statusChange') return ignored('not a statusChange event');
  const state = rawText(body.value, 'status');
  if (state === '') return malformed('status is missing');
  if (!ENDS.includes(state) && state !== 'RUNNING') return ignored('the agent goes on: nothing has ended');
  const run = idAt(body.value, 'id');
  if (run === '') return malformed('id is missing or not an id');
  const time = isoTime(rawText(body.value, 'timestamp'));
  // An agent that is given a follow-up works again under its id, and ends again.
  const told = { source: cursor.name, run: { platform: 'cursor', run, attempt: '1' }, at: time, state, name: textAt(body.value, 'name') };
  return state === 'RUNNING' ? started(told) : ended(told, [time || clean(rawText(body.value, 'timestamp'), 64) || state]);
};

/** Cursor's webhook `statusChange` of a cloud agent. */
export const cursor: WebhookSource = {
  transport: 'webhook',
  name: 'cursor',
  mostBytes: mostBytesOfRuns,
  authenticate: (request, secrets) => bodySignature('x-webhook-signature', request, secrets),
  parse,
};

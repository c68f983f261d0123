import { at, isoTime, isRecord, rawText, textAt } from './fields.ts';
import { ended, idAt, ignored, jsonBody, malformed, mostBytesOfRuns } from './job-end.ts';
import { sharedSecret } from './shared-secret.ts';
import type { Parsed, WebhookRequest, WebhookSource } from './trigger.ts';

/** States after which a task never works again, without the prefix that they have since version 1. */
const ENDS = ['completed', 'failed', 'canceled', 'cancelled', 'rejected'];

const MEMBERS = ['task', 'message', 'statusUpdate', 'artifactUpdate'];

/** What version 1 says by the name of a member, older versions say by `kind`, and the oldest by a bare task. */
const KINDS = new Map([['task', 'task'], ['message', 'message'], ['status-update', 'statusUpdate'], ['artifact-update', 'artifactUpdate']]);

interface Told {
  member: string;
  value: unknown;
}

const toldBy = (body: unknown): Told | undefined => {
  const members = MEMBERS.filter((name) => isRecord(at(body, name)));
  if (members.length > 1) return undefined;
  const [member] = members;
  if (member !== undefined) return { member, value: at(body, member) };
  const old = KINDS.get(rawText(body, 'kind')) ?? (idAt(body, 'id') !== '' && isRecord(at(body, 'status')) ? 'task' : undefined);
  return old === undefined ? undefined : { member: old, value: body };
};

const parse = (request: WebhookRequest): Parsed => {
  const body = jsonBody(request);
  if (!body.ok) return malformed(body.reason);
  // Some servers send the JSON-RPC answer of a stream as it is.
  const told = toldBy(rawText(body.value, 'jsonrpc') === '2.0' ? at(body.value, 'result') : body.value);
  if (told === undefined) return malformed('the body is not one of task, message, statusUpdate and artifactUpdate');
  const { member, value } = told;
  if (member === 'message' || member === 'artifactUpdate') return ignored('a message or an artifact ends no task');
  const state = rawText(value, 'status', 'state');
  if (state === '') return malformed('status.state is missing');
  // `final` only ends a stream of updates: a task that waits for input has it too.
  if (!ENDS.includes(state.replace(/^TASK_STATE_/, '').toLowerCase())) return ignored('the task goes on: nothing has ended');
  const run = member === 'task' ? idAt(value, 'id') : idAt(value, 'taskId') || idAt(value, 'id');
  if (run === '') return malformed('the id of the task is missing or not an id');
  return ended({ source: a2a.name, run: { platform: 'a2a', run, attempt: '1' }, at: isoTime(rawText(value, 'status', 'timestamp')), state: textAt(value, 'status', 'state'), name: '' });
};

/** Push notifications of the Agent2Agent protocol about tasks, under the token that they were asked for with. */
export const a2a: WebhookSource = {
  transport: 'webhook',
  mostBytes: mostBytesOfRuns,
  name: 'a2a',
  authenticate: (request, secrets) => sharedSecret(request, secrets, 'x-a2a-notification-token', { bearer: true }),
  parse,
};

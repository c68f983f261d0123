import { header } from './body.ts';
import { at, clean, countAt, isoTime, publicLink, rawText, textAt } from './fields.ts';
import { githubPayload } from './github-hook.ts';
import { githubSignature } from './signatures.ts';
import type { Claim, Parsed, WebhookRequest, WebhookSource } from './trigger.ts';

/** Actions that open a finding or join an open one. All others (resolved, assigned, unassigned, new ones) are recorded only. */
const OPENINGS = ['created', 'reopened', 'publicly_leaked', 'validated'];

/** `owner/name` and nothing that could lead a request to another path. */
const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

const malformed = (reason: string): Parsed => ({ kind: 'malformed', reason });
const ignored = (reason: string): Parsed => ({ kind: 'ignored', reason });

const claims = new Map<string, Claim>([['active', 'verified'], ['inactive', 'unknown']]);

/** A replay of the delivery has the same opening, a later reopening another. */
const openingOf = (action: string, alert: unknown): { opening: string; at: string } => {
  const [created, updated] = [textAt(alert, 'created_at'), textAt(alert, 'updated_at')];
  const when = action === 'created' ? created : updated || created;
  return { opening: `${action}:${isoTime(when) || clean(when, 64)}`, at: isoTime(when) };
};

const alertOf = (action: string, body: unknown): Parsed => {
  const alert = at(body, 'alert');
  const [number, kind] = [countAt(alert, 'number'), textAt(alert, 'secret_type')];
  if (number === undefined) return malformed('alert.number is not a positive whole number');
  if (kind === '') return malformed('alert.secret_type is missing');
  const repository = rawText(body, 'repository', 'full_name');
  if (!REPOSITORY.test(repository)) return malformed('repository.full_name is not owner/name');
  return {
    kind: 'triggers',
    triggers: [{
      trigger: 'SecretLeaked',
      source: githubSecretScanning.name,
      finding: `${countAt(body, 'repository', 'id') ?? repository}#${number}`,
      ...openingOf(action, alert),
      where: publicLink(rawText(alert, 'html_url')) || `${repository} secret scanning alert ${number}`,
      kind,
      claim: claims.get(rawText(alert, 'validity')) ?? 'unverified',
      names: [],
      // The payload never holds the value: it is fetched with our own token.
      values: [],
      lookup: { connector: 'github', repository, alert: number },
    }],
  };
};

const parse = (request: WebhookRequest): Parsed => {
  const body = githubPayload(request);
  if (!body.ok) return malformed(body.reason);
  const event = header(request, 'x-github-event');
  if (event === '') return malformed('the x-github-event header is missing');
  if (event === 'secret_scanning_alert_location') return ignored('one more location of an alert changes nothing about its credential');
  if (event !== 'secret_scanning_alert') return ignored('not a secret_scanning_alert event');
  const action = rawText(body.value, 'action');
  if (action === '') return malformed('action is missing');
  // The event's name is an unsigned header: a location's signed body must not pass for an alert's.
  if (at(body.value, 'location') !== undefined) return ignored('the body is that of a location, not of an alert');
  if (!OPENINGS.includes(action)) return ignored('the action opens no finding');
  return alertOf(action, body.value);
};

/** GitHub's webhook `secret_scanning_alert`. It tells that something leaked; what, must be fetched. */
export const githubSecretScanning: WebhookSource = {
  transport: 'webhook',
  name: 'github-secret-scanning',
  authenticate: (request, secrets) => githubSignature(request, secrets),
  parse,
};

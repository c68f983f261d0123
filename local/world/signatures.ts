import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** What is signed, when, and with what. `id` names the message. */
export interface Signing {
  secret: string;
  body: string;
  now: Date;
  id: string;
}

type Sign = (signing: Signing) => Record<string, string>;

const json = { 'content-type': 'application/json' };

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

const fieldOf = (text: string, name: string): unknown => {
  const value = parsed(text);
  return typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
};

const hmac = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex');

const secondsOf = (now: Date): string => String(Math.floor(now.getTime() / 1000));

const standard: Sign = ({ secret, body, now, id }) => {
  const message = `msg_${id}`;
  return {
    'content-type': parsed(body) === undefined ? 'application/x-ndjson' : 'application/json',
    'webhook-id': message,
    'webhook-timestamp': secondsOf(now),
    'webhook-signature': new Webhook(secret).sign(message, now, body),
  };
};

const github =
  (eventOf: (body: string) => string): Sign =>
  ({ secret, body, id }) => ({ ...json, 'x-github-event': eventOf(body), 'x-github-delivery': id, 'x-hub-signature-256': `sha256=${hmac(secret, body)}` });

/** GitLab's newer hooks have a signing token (`whsec_`), its older ones show a token as it is. */
const gitlab: Sign = (signing) => ({
  'x-gitlab-event': fieldOf(signing.body, 'object_kind') === 'build' ? 'Job Hook' : 'Pipeline Hook',
  ...(signing.secret.startsWith('whsec_') ? standard(signing) : { ...json, 'x-gitlab-token': signing.secret, 'idempotency-key': signing.id }),
});

const buildkite: Sign = ({ secret, body, now }) => {
  const timestamp = secondsOf(now);
  return { ...json, 'x-buildkite-event': String(fieldOf(body, 'event')), 'x-buildkite-signature': `timestamp=${timestamp},signature=${hmac(secret, `${timestamp}.${body}`)}` };
};

/** A CloudEvent that holds its attributes is structured; one without them has them in `ce-` headers of the report. */
const cloudEvents: Sign = ({ secret, body }) => {
  const mode = Array.isArray(parsed(body)) ? 'cloudevents-batch+json' : fieldOf(body, 'specversion') === undefined ? 'json' : 'cloudevents+json';
  return { 'content-type': `application/${mode}`, 'x-rescind-secret': secret };
};

const signs: Record<string, Sign> = {
  'github-secret-scanning': github(() => 'secret_scanning_alert'),
  'github-actions': github((body) => (fieldOf(body, 'workflow_job') === undefined ? 'workflow_run' : 'workflow_job')),
  'gitlab-jobs': gitlab,
  buildkite,
  tekton: cloudEvents,
  cursor: ({ secret, body, id }) => ({ ...json, 'x-webhook-event': 'statusChange', 'x-webhook-id': id, 'x-webhook-signature': `sha256=${hmac(secret, body)}` }),
  a2a: ({ secret }) => ({ ...json, 'x-a2a-notification-token': secret }),
};

/** How a source proves that it sends a body; one that is not told apart here signs by Standard Webhooks. */
export const signaturesOf = (source: string): Sign => signs[source] ?? standard;

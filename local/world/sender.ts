import { createHash, createHmac, randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { World, WorldReport } from './world.ts';

/** A report as its sender puts it on the wire. */
export interface Sending {
  /** The path at our front door. */
  path: string;
  headers: Record<string, string>;
  body: string;
}

const signingSecretOf = (world: World, source: string): string => {
  const name = world.configuration.sources.find((settings) => settings.source === source)?.secrets[0];
  const secret = (world.aws.secrets ?? []).find((one) => one.name === name)?.value;
  if (secret === undefined) throw new Error(`the world has no signing secret for the source ${source}`);
  return secret;
};

/**
 * The headers under which a source would send this body now, signed with the secret that the world keeps for it in
 * Secrets Manager. `id` names the message; the same id and body are the same message.
 */
export const signedHeaders = (world: World, source: string, body: string, now: Date, id: string = randomUUID()): Record<string, string> => {
  const secret = signingSecretOf(world, source);
  if (source === 'github-secret-scanning') {
    return {
      'content-type': 'application/json',
      'x-github-event': 'secret_scanning_alert',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    };
  }
  const message = `msg_${id}`;
  return {
    'content-type': isOneJson(body) ? 'application/json' : 'application/x-ndjson',
    'webhook-id': message,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(message, now, body),
  };
};

const isOneJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const textOf = ({ body, lines }: WorldReport): string =>
  lines ? `${lines.map((line) => JSON.stringify(line)).join('\n')}\n` : typeof body === 'string' ? body : JSON.stringify(body);

/** A report of a filled world, ready to be posted. Signing again gives the same message with a fresh time. */
export const sendingOf = (world: World, report: WorldReport, now: Date): Sending => {
  const body = textOf(report);
  if (report.source === 'aws-events') return { path: '/aws-events', headers: { 'content-type': 'application/json', ...report.headers }, body };
  const id = createHash('sha256').update(JSON.stringify([report.name, body])).digest('hex').slice(0, 32);
  return { path: `/triggers/${report.source}`, headers: { ...signedHeaders(world, report.source, body, now, id), ...report.headers }, body };
};

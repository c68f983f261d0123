import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PutEventsCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { ask, type Answer } from './ask.ts';
import { expect } from './checks.ts';
import type { Deployed } from './deployed.ts';

const sample = (name: string): string => readFileSync(new URL(`../../events/samples/${name}`, import.meta.url), 'utf8');

/** Posts the sample of a created alert as GitHub does, signed with that secret. */
export const postAsGithub = ({ apiUrl, certificate }: Pick<Deployed, 'apiUrl' | 'certificate'>, secret: string): Promise<Answer> => {
  const body = sample('github-secret-scanning/created.json');
  const headers = JSON.parse(sample('github-secret-scanning/headers.json')) as Record<string, string>;
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  return ask(`${apiUrl}triggers/github-secret-scanning`, certificate, { method: 'POST', headers: { ...headers, 'x-hub-signature-256': signature }, body });
};

interface Envelope {
  source: string;
  'detail-type': string;
  resources?: string[];
  detail: unknown;
}

/** Puts an event on the default bus. AWS itself refuses sources that begin with `aws.`; the emulator takes them. */
export const putEvent = async (events: EventBridgeClient, { source, 'detail-type': type, resources, detail }: Envelope): Promise<void> => {
  const { FailedEntryCount } = await events.send(
    new PutEventsCommand({ Entries: [{ Source: source, DetailType: type, Resources: resources, Detail: JSON.stringify(detail) }] }),
  );
  expect(FailedEntryCount === 0, `the bus refused an event of ${source}`);
};

/** AWS Health's report of an exposed key, as the sample has it. */
export const healthEvent = (keyId: string): Envelope => JSON.parse(sample('aws-health/exposed.json').replaceAll('%AWS_KEY_ID%', keyId)) as Envelope;

/** One line of TruffleHog's report about a key pair, as the sample has it. */
export const trufflehogLine = (keyId: string, secret: string): string =>
  JSON.stringify(JSON.parse(sample('trufflehog/verified-aws.json').replaceAll('%AWS_KEY_ID%', keyId).replaceAll('%AWS_SECRET%', secret)));

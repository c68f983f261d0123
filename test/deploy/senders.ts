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

/** Puts an event on the default bus, in the name of a service of AWS where its source begins with `aws.` (see `emulator.py`). */
export const putEvent = async (events: EventBridgeClient, { source, 'detail-type': type, resources, detail }: Envelope): Promise<void> => {
  const { FailedEntryCount } = await events.send(
    new PutEventsCommand({ Entries: [{ Source: source, DetailType: type, Resources: resources, Detail: JSON.stringify(detail) }] }),
  );
  expect(FailedEntryCount === 0, `the bus refused an event of ${source}`);
};

/** AWS Health's report of an exposed key, as the sample has it. */
export const healthEvent = (keyId: string): Envelope => JSON.parse(sample('aws-health/exposed.json').replaceAll('%AWS_KEY_ID%', keyId)) as Envelope;

/** One line of TruffleHog's report about a key pair, or about a key id that stood there alone, as the sample has it; in the file of that number. */
export const trufflehogLine = (keyId: string, secret: string | undefined, file: number): string => {
  const filled = sample('trufflehog/verified-aws.json').replaceAll('%AWS_KEY_ID%', keyId).replaceAll('prod.env', `prod-${file}.env`);
  const whole = JSON.parse(filled.replaceAll('%AWS_SECRET%', secret ?? '')) as Record<string, unknown>;
  return JSON.stringify(secret === undefined ? { ...whole, RawV2: '', SecretParts: {} } : whole);
};

import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SecretLeaked } from '../../events/trigger.ts';
import type { Report } from '../core/case.ts';
import type { ClientOf } from './clients.ts';

/** A finding as it travels: its values are fingerprints by now. */
export type SealedFinding = Omit<SecretLeaked, 'values'> & { fingerprints: string[]; held?: string };

/** What lies in the deliveries queue, besides the events that EventBridge puts there itself. */
export type Message =
  | { kind: 'delivery'; delivery: string; source: string; receivedAt: string; findings: SealedFinding[] }
  /** A delivery too large for the queue. */
  | { kind: 'stored'; delivery: string; key: string }
  /** The index met a fingerprint that was on watch. */
  | { kind: 'met'; report: Report; fingerprint: string }
  /** A lease that could not be ended on the fast path, or was after all: the delivery by which its case is found is the lease's id. */
  | { kind: 'lease'; report: Report; credential: string; owner: string }
  /** Look after open cases. */
  | { kind: 'sweep' };

/** Bodies above this many bytes go to the bucket. */
export const mostQueuedBytes = 200 * 1024;

/** Sends to a queue; a large delivery is stored first and only named in the message. */
export const enqueue = async (clientOf: ClientOf, queueUrl: string, message: Message, bucket?: string): Promise<void> => {
  let body = JSON.stringify(message);
  if (message.kind === 'delivery' && bucket && Buffer.byteLength(body) > mostQueuedBytes) {
    const key = `deliveries/${message.delivery}.json`;
    await clientOf(S3Client).send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }));
    body = JSON.stringify({ kind: 'stored', delivery: message.delivery, key } satisfies Message);
  }
  await clientOf(SQSClient).send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
};

/** Fetches a delivery that was stored. */
export const stored = async (clientOf: ClientOf, bucket: string, key: string): Promise<Message> => {
  const { Body } = await clientOf(S3Client).send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!Body) throw new Error(`the stored delivery ${key} is empty`);
  return JSON.parse(await Body.transformToString()) as Message;
};

import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { JobEnded, JobStarted } from '../../events/trigger.ts';
import type { Ending } from '../core/lease.ts';
import type { ClientOf } from './clients.ts';

/** What a lease's timer says when it goes off. */
export interface TimerMessage {
  kind: 'timer';
  lease: string;
}

/** What lies in the queue of ends, besides the events that EventBridge puts there itself. */
export type EndMessage =
  /** A webhook said that a run, or one of its jobs, is over. */
  | { kind: 'ended'; delivery: string; ended: JobEnded }
  /** A webhook said that a run is at work, perhaps not for the first time. */
  | { kind: 'started'; delivery: string; started: JobStarted }
  | TimerMessage
  /** Somebody asked for the end of one lease. */
  | { kind: 'end'; lease: string; why: Ending }
  /** One whose revocation is pending is tried again; `isPutOff`: that was put off once, since its issuer was silent. */
  | { kind: 'again'; lease: string; isPutOff?: boolean }
  /** The sessions of a run's role, a little later: who shares it may have just begun. */
  | { kind: 'role'; ended: JobEnded; heardAt?: string }
  /** By the clock: what is due again, and once a day what events and timers missed. */
  | { kind: 'due' }
  | { kind: 'day' };

const mostDelay = 900;
const batch = 10;

/** Sends to the queue of ends, after so many seconds at the earliest. */
export const sendEnd = async (clientOf: ClientOf, queueUrl: string, message: EndMessage, seconds = 0): Promise<void> => {
  const delay = Math.min(mostDelay, Math.max(0, Math.ceil(seconds)));
  await clientOf(SQSClient).send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message), ...(delay > 0 ? { DelaySeconds: delay } : {}) }));
};

/** Sends many, ten at a time. Throws where one of them was not taken. */
export const sendEnds = async (clientOf: ClientOf, queueUrl: string, messages: readonly EndMessage[]): Promise<void> => {
  for (let from = 0; from < messages.length; from += batch) {
    const Entries = messages.slice(from, from + batch).map((message, n) => ({ Id: String(n), MessageBody: JSON.stringify(message) }));
    const { Failed = [] } = await clientOf(SQSClient).send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    if (Failed.length > 0) throw new Error(`${Failed.length} of ${Entries.length} messages were not taken by the queue of ends: they come again`);
  }
};

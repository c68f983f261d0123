import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { AwsFault } from './aws-service.ts';
import type { Journal, JournalEntry } from './sqs-journal.ts';
import { journalInMemory } from './sqs-journal.ts';
import type { Message, MessageAttribute, QueueSettings, Received } from './sqs-queue.ts';
import { Queue } from './sqs-queue.ts';

/** A message's largest size in bytes, body and attributes together. */
export const MAX_MESSAGE_BYTES = 1_048_576;

export interface QueuesOptions {
  queues: readonly QueueSettings[];
  account: string;
  region: string;
  clock: Clock;
  journal?: Journal;
  /** Hears of each message that its queue gave up. */
  onDeadLetter?: (queue: string, message: Message) => void;
}

/** What one message is sent with. */
export interface Sent {
  body: string;
  attributes?: Record<string, MessageAttribute>;
  delaySeconds?: number;
  sender?: string;
}

// What XML 1.0 cannot hold, SQS refuses.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** How many bytes of the limit a message takes. */
export const sizeOf = (sent: Sent): number => {
  let bytes = Buffer.byteLength(sent.body);
  for (const [name, attribute] of Object.entries(sent.attributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType) + Buffer.byteLength(attribute.StringValue ?? '') + Buffer.byteLength(attribute.BinaryValue ?? '', 'base64');
  }
  return bytes;
};

/** All queues of one account and region, with every change written to the journal before it is answered. */
export class Queues {
  readonly account: string;
  readonly region: string;
  readonly clock: Clock;
  private readonly byName = new Map<string, Queue>();
  private readonly journal: Journal;
  private readonly onDeadLetter: (queue: string, message: Message) => void;

  constructor(options: QueuesOptions) {
    this.account = options.account;
    this.region = options.region;
    this.clock = options.clock;
    this.journal = options.journal ?? journalInMemory();
    this.onDeadLetter = options.onDeadLetter ?? (() => undefined);
    for (const settings of options.queues) this.byName.set(settings.name, new Queue(settings, options.clock));
    this.restore(this.journal.load());
  }

  names(): string[] {
    return [...this.byName.keys()];
  }

  arn(name: string): string {
    return `arn:aws:sqs:${this.region}:${this.account}:${name}`;
  }

  /** The queue of that name; a fault as SQS answers it where there is none. */
  queue(name: string): Queue {
    const queue = this.byName.get(name);
    if (queue === undefined) throw new AwsFault('QueueDoesNotExist', 'The specified queue does not exist.', 400, { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' });
    return queue;
  }

  queueOfArn(arn: string): Queue {
    const name = arn.split(':').at(-1) ?? '';
    if (arn !== this.arn(name) || !this.byName.has(name)) throw new AwsFault('ResourceNotFoundException', 'The resource that you specified for the SourceArn parameter doesn\'t exist.', 404);
    return this.queue(name);
  }

  /** Makes a queue unless it is there already with any settings. */
  create(settings: QueueSettings): Queue {
    const queue = this.byName.get(settings.name) ?? new Queue(settings, this.clock);
    this.byName.set(settings.name, queue);
    return queue;
  }

  send(name: string, sent: Sent): Message {
    const queue = this.queue(name);
    if (sent.body === '') throw new AwsFault('MissingParameter', 'The request must contain the parameter MessageBody.');
    if (FORBIDDEN.test(sent.body)) throw new AwsFault('InvalidMessageContents', 'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF');
    if (sizeOf(sent) > MAX_MESSAGE_BYTES) throw new AwsFault('InvalidParameterValue', `One or more parameters are invalid. Reason: Message must be shorter than ${MAX_MESSAGE_BYTES} bytes.`);
    const now = this.clock.now().getTime();
    const delaySeconds = sent.delaySeconds ?? queue.settings.delaySeconds ?? 0;
    const message: Message = { id: randomUUID(), body: sent.body, attributes: sent.attributes ?? {}, sender: sent.sender ?? this.account, sentAt: now, delaySeconds, visibleAt: now + delaySeconds * 1000, receiveCount: 0 };
    this.add(queue, message);
    return message;
  }

  /** Receives up to `limit` messages; those received too often already go to the dead-letter queue instead. */
  take(name: string, limit: number, visibilitySeconds?: number): Received[] {
    const queue = this.queue(name);
    const received = queue.take(limit, visibilitySeconds ?? queue.visibilityTimeout, (message) => this.bury(queue, message));
    if (received.length > 0) this.journal.append({ op: 'receive', queue: name, ids: received.map(({ message }) => message.id) });
    return received;
  }

  delete(name: string, ids: readonly string[]): void {
    if (ids.length === 0) return;
    const queue = this.queue(name);
    this.journal.append({ op: 'delete', queue: name, ids: [...ids] });
    for (const id of ids) queue.remove(id);
  }

  /** Moves all messages of a dead-letter queue back to where they came from, or to one queue, as new messages; answers how many. */
  redrive(source: Queue, destination?: Queue): number {
    const messages = [...source.messages.values()].filter((message) => destination !== undefined || message.deadLetterSource !== undefined);
    for (const { body, attributes, sender, deadLetterSource } of messages) {
      this.send((destination ?? this.queue(deadLetterSource ?? '')).settings.name, { body, attributes, sender, delaySeconds: 0 });
    }
    this.delete(source.settings.name, messages.map(({ id }) => id));
    return messages.length;
  }

  close(): void {
    this.journal.close();
  }

  private add(queue: Queue, message: Message): void {
    this.journal.append({ op: 'send', queue: queue.settings.name, message });
    queue.put(message);
  }

  private bury(queue: Queue, message: Message): void {
    const now = this.clock.now().getTime();
    const name = queue.settings.name;
    const target = this.queue(queue.settings.deadLetter ?? '');
    // Before the delete: a crash between the two leaves the message twice rather than nowhere.
    this.add(target, { ...message, visibleAt: now, receiveCount: 0, deadLetterSource: name });
    this.journal.append({ op: 'delete', queue: name, ids: [message.id] });
    this.onDeadLetter(name, message);
  }

  private restore(entries: readonly JournalEntry[]): void {
    if (entries.length === 0) return;
    const now = this.clock.now().getTime();
    const left = new Map<string, Map<string, Message>>();
    for (const entry of entries) {
      const messages = left.get(entry.queue) ?? new Map<string, Message>();
      left.set(entry.queue, messages);
      if (entry.op === 'send') messages.set(entry.message.id, entry.message);
      else if (entry.op === 'delete') for (const id of entry.ids) messages.delete(id);
      else for (const id of entry.ids) (messages.get(id) ?? { receiveCount: 0 }).receiveCount += 1;
    }
    const kept: JournalEntry[] = [];
    for (const [name, messages] of left) {
      for (const message of messages.values()) {
        // Whoever had it in flight died with the process, so nobody has to wait for its visibility timeout.
        message.visibleAt = message.receiveCount > 0 ? Math.min(now, message.sentAt) : Math.min(message.visibleAt, now + message.delaySeconds * 1000);
        kept.push({ op: 'send', queue: name, message: { ...message } });
        this.byName.get(name)?.put(message);
      }
    }
    this.journal.compact(kept);
  }
}

import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';

/** A message attribute as the SDK sends it. Binary values stay base64. */
export interface MessageAttribute {
  DataType: string;
  StringValue?: string;
  BinaryValue?: string;
}

/** One message of a queue. Times are milliseconds since 1970 of the queue's clock. */
export interface Message {
  id: string;
  body: string;
  attributes: Record<string, MessageAttribute>;
  sender: string;
  sentAt: number;
  delaySeconds: number;
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt?: number;
  /** Name of the queue that gave it up, in a dead-letter queue. */
  deadLetterSource?: string;
}

/** A message in flight, with the handle by which its receiver names it. */
export interface Received {
  message: Message;
  receiptHandle: string;
}

/** How a queue is set up. Seconds; `maxReceiveCount` without `deadLetter` has no effect. */
export interface QueueSettings {
  name: string;
  visibilityTimeout?: number;
  delaySeconds?: number;
  receiveWaitSeconds?: number;
  retentionSeconds?: number;
  deadLetter?: string;
  maxReceiveCount?: number;
}

interface Turn {
  at: number;
  order: number;
  id: string;
  stamp: number;
}

const earlier = (a: Turn, b: Turn): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Turns ordered by time, then by arrival: a binary heap, so that ten thousand messages cost nothing to wait on. */
class Turns {
  private readonly heap: Turn[] = [];

  first(): Turn | undefined {
    return this.heap[0];
  }

  push(turn: Turn): void {
    let index = this.heap.push(turn) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!earlier(turn, this.heap[parent] as Turn)) break;
      this.heap[index] = this.heap[parent] as Turn;
      index = parent;
    }
    this.heap[index] = turn;
  }

  pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.heap.length) break;
      if (child + 1 < this.heap.length && earlier(this.heap[child + 1] as Turn, this.heap[child] as Turn)) child += 1;
      if (!earlier(this.heap[child] as Turn, last)) break;
      this.heap[index] = this.heap[child] as Turn;
      index = child;
    }
    this.heap[index] = last;
  }
}

/** One queue in memory: who is visible when, who is in flight, and who waits for a message. Keeps no journal of its own. */
export class Queue {
  readonly settings: QueueSettings;
  readonly visibilityTimeout: number;
  readonly messages = new Map<string, Message>();
  private readonly stamps = new Map<string, number>();
  private readonly handles = new Map<string, string>();
  private readonly turns = new Turns();
  private readonly waiting = new Set<() => void>();
  private readonly clock: Clock;
  private order = 0;

  constructor(settings: QueueSettings, clock: Clock) {
    this.settings = settings;
    this.visibilityTimeout = settings.visibilityTimeout ?? 30;
    this.clock = clock;
  }

  put(message: Message): void {
    this.messages.set(message.id, message);
    this.enqueue(message);
    this.wake();
  }

  /** The messages that may be received now, at most `limit`; those received too often already are handed to `giveUp` instead. */
  take(limit: number, visibilitySeconds: number, giveUp: (message: Message) => void): Received[] {
    const now = this.clock.now().getTime();
    const taken: Received[] = [];
    const { deadLetter, maxReceiveCount, retentionSeconds } = this.settings;
    for (let turn = this.turns.first(); turn !== undefined && turn.at <= now && taken.length < limit; turn = this.turns.first()) {
      this.turns.pop();
      const message = this.messages.get(turn.id);
      if (message === undefined || this.stamps.get(turn.id) !== turn.stamp) continue;
      if (retentionSeconds !== undefined && message.sentAt + retentionSeconds * 1000 < now) {
        this.remove(message.id);
        continue;
      }
      if (deadLetter !== undefined && maxReceiveCount !== undefined && message.receiveCount >= maxReceiveCount) {
        this.remove(message.id);
        giveUp(message);
        continue;
      }
      message.receiveCount += 1;
      message.firstReceivedAt ??= now;
      message.visibleAt = now + visibilitySeconds * 1000;
      const receiptHandle = `${message.id}.${randomBytes(18).toString('base64url')}`;
      this.handles.set(message.id, receiptHandle);
      this.enqueue(message);
      taken.push({ message, receiptHandle });
    }
    return taken;
  }

  /** The message that this handle names, as long as the handle is its latest and it is in flight. */
  inFlight(receiptHandle: string): Message | undefined {
    const message = this.messages.get(receiptHandle.split('.')[0] ?? '');
    if (message === undefined || this.handles.get(message.id) !== receiptHandle) return undefined;
    return message;
  }

  remove(id: string): void {
    this.messages.delete(id);
    this.stamps.delete(id);
    this.handles.delete(id);
  }

  /** Makes the message visible that many seconds from now. */
  show(message: Message, seconds: number): void {
    message.visibleAt = this.clock.now().getTime() + seconds * 1000;
    this.enqueue(message);
    this.wake();
  }

  /** Whoever had messages in flight is gone: they may be received again at once, and their handles name nothing any more. */
  release(): void {
    const now = this.clock.now().getTime();
    for (const [id, message] of this.messages) {
      if (!this.handles.delete(id) || message.visibleAt <= now) continue;
      message.visibleAt = now;
      this.enqueue(message);
    }
    this.wake();
  }

  counts(): { visible: number; inFlight: number; delayed: number } {
    const now = this.clock.now().getTime();
    const counts = { visible: 0, inFlight: 0, delayed: 0 };
    for (const message of this.messages.values()) {
      if (message.visibleAt <= now) counts.visible += 1;
      else if (message.receiveCount > 0) counts.inFlight += 1;
      else counts.delayed += 1;
    }
    return counts;
  }

  /** Resolves when a message may have become visible, after `maxMilliseconds`, or when the signal is aborted; never rejects. */
  async arrival(signal?: AbortSignal, maxMilliseconds?: number): Promise<void> {
    if (signal?.aborted) return;
    const next = this.turns.first();
    const untilNext = next === undefined ? Infinity : Math.max(0, next.at - this.clock.now().getTime());
    const milliseconds = Math.min(untilNext, maxMilliseconds ?? Infinity);
    const stop = new AbortController();
    const end = () => stop.abort(new Error('woken'));
    this.waiting.add(end);
    signal?.addEventListener('abort', end, { once: true });
    try {
      if (milliseconds === Infinity) await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }));
      else await this.clock.sleep(Math.min(milliseconds, 1_000_000_000), stop.signal);
    } catch {
      // Woken early, which is what the caller waits for.
    } finally {
      this.waiting.delete(end);
      signal?.removeEventListener('abort', end);
    }
  }

  private enqueue(message: Message): void {
    const stamp = (this.order += 1);
    this.stamps.set(message.id, stamp);
    this.turns.push({ at: message.visibleAt, order: stamp, id: message.id, stamp });
  }

  private wake(): void {
    for (const end of [...this.waiting]) end();
  }
}

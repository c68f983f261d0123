import { randomBytes } from 'node:crypto';
import { AwsFault } from './aws-service.ts';
import { TaskError } from './states-errors.ts';

interface Waiting {
  succeed(output: unknown): void;
  fail(error: TaskError): void;
  heartbeat(): void;
}

const REMEMBERED = 10_000;

/** The tokens by which waiting tasks are ended: unguessable, each for one attempt of one task, each good once. */
export class TaskTokens {
  private readonly waiting = new Map<string, Waiting>();
  private readonly ended = new Set<string>();

  /** A new token, a promise of the output that it is answered with, and what ends its validity. */
  issue(onHeartbeat: () => void): { token: string; output: Promise<unknown>; end(): void } {
    const token = randomBytes(48).toString('base64url');
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    promise.catch(() => undefined);
    this.waiting.set(token, { succeed: resolve, fail: reject, heartbeat: onHeartbeat });
    return { token, output: promise, end: () => this.end(token) };
  }

  succeed(token: string, output: unknown): void {
    const waiting = this.found(token);
    this.end(token);
    waiting.succeed(output);
  }

  fail(token: string, error: string, cause: string): void {
    const waiting = this.found(token);
    this.end(token);
    waiting.fail(new TaskError(error, cause));
  }

  heartbeat(token: string): void {
    this.found(token).heartbeat();
  }

  private found(token: string): Waiting {
    const waiting = this.waiting.get(token);
    if (waiting !== undefined) return waiting;
    if (this.ended.has(token)) throw new AwsFault('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    throw new AwsFault('InvalidToken', "Invalid Token: 'Invalid token'");
  }

  private end(token: string): void {
    if (!this.waiting.delete(token)) return;
    this.ended.add(token);
    if (this.ended.size > REMEMBERED) this.ended.delete(this.ended.values().next().value ?? '');
  }
}

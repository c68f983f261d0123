import { describe, expect, it } from 'vitest';
import { withoutMessage } from '../../functions/aws/log.ts';
import { lambda, queueLambda } from '../../functions/aws/lambda.ts';

const context = { awsRequestId: 'r', functionName: 'probe', getRemainingTimeInMillis: () => 60_000 } as never;
/** An error as a provider's, which quotes what it was given. */
const quoting = (): Error => Object.assign(new Error('cannot read hunter2-and-more\nhunter2-and-more'), { name: 'MalformedInput', $response: { body: 'hunter2-and-more' }, cause: new Error('hunter2-and-more') });

describe('what a function throws', () => {
  it('tells the error\'s name and where it happened, and nothing of its message', async () => {
    const handler = lambda(() => Promise.reject(quoting()), () => ({}));
    const thrown = await handler({}, context).then(() => undefined, (error: unknown) => error as Error);
    expect(thrown?.name).toBe('MalformedInput');
    expect(thrown?.stack).toContain('lambda.test.ts');
    expect(`${thrown?.stack} ${thrown?.message} ${JSON.stringify(thrown)} ${String(thrown?.cause)}`).not.toContain('hunter2');
  });

  it('may be anything', () => {
    expect(withoutMessage('hunter2-and-more').stack).not.toContain('hunter2');
    expect(withoutMessage(undefined).name).toBe('undefined');
  });
});

describe('a function whose time is nearly up', () => {
  const message = { Records: [{ messageId: 'm-1', body: '{}', eventSource: 'aws:sqs' }] } as never;
  /** Lambda's context with that many milliseconds left when the function is called. */
  const leaving = (milliseconds: number) => {
    const end = Date.now() + milliseconds;
    return { awsRequestId: 'r', functionName: 'probe', getRemainingTimeInMillis: () => end - Date.now() } as never;
  };
  const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

  it('knows how much is left', async () => {
    let left = 0;
    const handler = queueLambda(async (_body, _deps, _signal, remaining) => void (left = remaining()), () => ({}));
    await handler(message, leaving(50_000));
    expect(left).toBeGreaterThan(40_000);
    expect(left).toBeLessThanOrEqual(50_000);
  });

  it('is told to stop and may still say what it did', async () => {
    const saved: string[] = [];
    const handler = queueLambda(async (_body, _deps, signal) => {
      await aborted(signal);
      await new Promise((resolve) => setTimeout(resolve, 50));
      saved.push('progress');
    }, () => ({}));
    expect(await handler(message, leaving(1_600))).toEqual({ batchItemFailures: [] });
    expect(saved).toEqual(['progress']);
  });

  it('fails before Lambda kills it where it says nothing', async () => {
    const began = Date.now();
    const handler = lambda(() => new Promise<never>(() => undefined), () => ({}));
    await expect(handler({}, leaving(1_600))).rejects.toThrow('the function ran out of time');
    expect(Date.now() - began).toBeLessThan(1_600);
  });
});

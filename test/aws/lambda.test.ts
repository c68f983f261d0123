import { describe, expect, it } from 'vitest';
import { withoutMessage } from '../../functions/aws/log.ts';
import { lambda } from '../../functions/aws/lambda.ts';

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

import { Readable } from 'node:stream';

/** What one operation answers to what it is asked. Input and answer are the body's JSON; a text is sent as it is. */
export type Answers = Record<string, (input: Record<string, unknown>) => object | string>;

interface Request {
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

const textOf = (body: Request['body']): string => (typeof body === 'string' ? body : new TextDecoder().decode(body));

/**
 * A request handler for SDK clients that answers in this process, at once and without a network: the clients build, sign and read
 * everything as ever, and what is measured is theirs and ours. Operations go by name; one that is not there fails.
 */
export const answeringAtOnce = (answers: Answers) => ({
  metadata: { handlerProtocol: 'http/1.1' },
  handle: async ({ headers, body }: Request) => {
    const text = textOf(body);
    const operation = headers['x-amz-target']?.split('.').at(-1) ?? new URLSearchParams(text).get('Action') ?? '';
    const answer = answers[operation];
    if (!answer) throw new Error(`nobody answers ${operation} here`);
    const given = answer(text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {});
    const sent = typeof given === 'string' ? given : JSON.stringify(given);
    return { response: { statusCode: 200, headers: { 'content-type': typeof given === 'string' ? 'text/xml' : 'application/x-amz-json-1.1' }, body: Readable.from([Buffer.from(sent)]) } };
  },
  destroy: () => undefined,
  updateHttpClientConfig: () => undefined,
  httpHandlerConfigs: () => ({}),
});

import { randomUUID } from 'node:crypto';
import type { AwsAnswer, AwsRequest, AwsService } from '../aws/server.ts';

export type { AwsAnswer, AwsRequest, AwsService };

/** An error that a service answers with; the code is the name that an SDK gives the exception. */
export class AwsFault extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string> | undefined;
  constructor(code: string, message: string, status = 400, headers?: Record<string, string>) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}

const XML_ENTITIES: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' };

/** Text for the inside of an XML element. */
export const xmlText = (text: string): string => text.replace(/[<>&"']/g, (character) => XML_ENTITIES[character] ?? character);

/** The error answer in the protocol that this service speaks: JSON, the query protocol's XML, or that of S3. */
export const awsError = (request: Pick<AwsRequest, 'service' | 'method'>, status: number, code: string, message: string, headers: Record<string, string> = {}): AwsAnswer => {
  const id = randomUUID();
  if (request.service === 's3') {
    const body = request.method === 'HEAD' ? '' : `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${xmlText(message)}</Message><RequestId>${id}</RequestId></Error>`;
    return { status, headers: { 'content-type': 'application/xml', 'x-amz-request-id': id, ...headers }, body };
  }
  if (request.service === 'sns') {
    const type = status >= 500 ? 'Receiver' : 'Sender';
    const body = `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>${type}</Type><Code>${code}</Code><Message>${xmlText(message)}</Message></Error><RequestId>${id}</RequestId></ErrorResponse>`;
    return { status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': id, ...headers }, body };
  }
  const version = request.service === 'events' ? '1.1' : '1.0';
  return {
    status,
    headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amzn-requestid': id, 'x-amzn-errortype': code, ...headers },
    body: { __type: code, message },
  };
};

/** The service with what it throws turned into answers: faults as they say, anything else as an internal error without its text. */
export const answering =
  (service: AwsService): AwsService =>
  async (request) => {
    try {
      return await service(request);
    } catch (error) {
      if (error instanceof AwsFault) return awsError(request, error.status, error.code, error.message, error.headers);
      return awsError(request, 500, 'InternalFailure', `the local ${request.service} could not answer: ${error instanceof Error ? error.name : 'unknown error'}`);
    }
  };

/** The JSON body as an object; faults where it is not one. */
export const objectBody = (request: AwsRequest): Record<string, unknown> => {
  if (typeof request.body === 'object' && request.body !== null && !Array.isArray(request.body)) return request.body as Record<string, unknown>;
  throw new AwsFault('SerializationException', 'the body is not a JSON object');
};

/** A text member of a body; faults where it is absent or something else. */
export const requiredText = (body: Record<string, unknown>, name: string, code = 'ValidationException'): string => {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new AwsFault(code, `the member ${name} is required and must be a text`);
};

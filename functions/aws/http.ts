import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** A request as the functions see it: header names in lower case, the body as raw decoded bytes. */
export interface HttpRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  query: Record<string, string>;
  body: Uint8Array;
  /** Who called, as far as the front door knows: an IAM principal, or the local header. */
  caller?: string;
  /** From which network address. */
  address?: string;
}

export interface HttpAnswer {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** From API Gateway's format 2.0; bodies may come base64-encoded. */
export const requestOf = (event: APIGatewayProxyEventV2): HttpRequest => {
  const authorizer = (event.requestContext as { authorizer?: { iam?: { userArn?: string } } }).authorizer;
  return {
    method: event.requestContext.http.method,
    path: event.rawPath,
    headers: Object.fromEntries(Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value ?? ''])),
    query: Object.fromEntries(Object.entries(event.queryStringParameters ?? {}).map(([name, value]) => [name, value ?? ''])),
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    caller: authorizer?.iam?.userArn,
    address: event.requestContext.http.sourceIp,
  };
};

/** To API Gateway: objects become JSON, text stays text. */
export const resultOf = ({ status, headers, body }: HttpAnswer): APIGatewayProxyStructuredResultV2 => ({
  statusCode: status,
  headers: { 'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json', 'cache-control': 'no-store', ...headers },
  body: typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body),
});

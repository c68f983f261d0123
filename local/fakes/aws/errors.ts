import { xml } from './xml.ts';

/** How a service speaks: AWS JSON, the query protocol (form in, XML out), or REST with XML. */
export type Protocol = 'json' | 'query' | 'rest';

/** An error as AWS answers it. `code` is its short name; the message never holds a secret value. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** The XML namespaces in which the query protocol answers. */
export const NAMESPACES: Record<string, string> = {
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  sns: 'http://sns.amazonaws.com/doc/2010-03-31/',
  sqs: 'http://queue.amazonaws.com/doc/2012-11-05/',
};

/** The same refusal has another name in each protocol; this is the name for one of them. */
export const named = {
  unknownKey: (p: Protocol) =>
    p === 'json'
      ? new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.', 400)
      : p === 'query'
        ? new AwsError('InvalidClientTokenId', 'The security token included in the request is invalid.', 403)
        : new AwsError('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', 403),
  wrongSignature: (p: Protocol) =>
    new AwsError(
      p === 'json' ? 'InvalidSignatureException' : 'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
      p === 'json' ? 400 : 403,
    ),
  expired: (p: Protocol) =>
    p === 'json'
      ? new AwsError('ExpiredTokenException', 'The security token included in the request is expired', 400)
      : new AwsError('ExpiredToken', 'The security token included in the request is expired', p === 'rest' ? 400 : 403),
  unsigned: (p: Protocol) =>
    p === 'json'
      ? new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', 400)
      : new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403),
  incomplete: (p: Protocol, why: string) =>
    new AwsError(p === 'json' ? 'IncompleteSignatureException' : 'IncompleteSignature', why, 400),
  denied: (p: Protocol, message: string) =>
    p === 'json' ? new AwsError('AccessDeniedException', message, 400) : new AwsError('AccessDenied', message, 403),
  throttled: (p: Protocol) =>
    p === 'json'
      ? new AwsError('ThrottlingException', 'Rate exceeded', 400)
      : p === 'query'
        ? new AwsError('Throttling', 'Rate exceeded', 400)
        : new AwsError('SlowDown', 'Please reduce your request rate.', 503),
  noSuchOperation: (p: Protocol, operation: string) =>
    p === 'json'
      ? new AwsError('UnknownOperationException', `unknown operation ${operation}`, 400)
      : new AwsError('InvalidAction', `Could not find operation ${operation}`, 400),
};

/** An error as it goes over the wire in that service's protocol. */
export const errorAnswer = (
  protocol: Protocol,
  service: string,
  error: AwsError,
  requestId: string,
): { status: number; headers: Record<string, string>; body: string | object } => {
  const type = error.status >= 500 ? 'Receiver' : 'Sender';
  if (protocol === 'json')
    return { status: error.status, headers: { 'x-amzn-errortype': error.code }, body: { __type: error.code, message: error.message } };
  const body =
    protocol === 'rest'
      ? xml('Error', { Code: error.code, Message: error.message, RequestId: requestId })
      : xml('ErrorResponse', { Error: { Type: type, Code: error.code, Message: error.message }, RequestId: requestId }, NAMESPACES[service]);
  return { status: error.status, headers: { 'content-type': 'text/xml' }, body };
};

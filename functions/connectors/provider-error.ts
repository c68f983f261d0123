/** What an AWS service answered instead of a result, by names that do not depend on the protocol. */

/** The error's short name without `Exception`: `NoSuchEntity`, `AccessDenied`, `ResourceNotFound`. */
export const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const name = error.name === 'Error' && 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return name.replace(/Exception$/, '');
};

/** Whether the error has one of these short names. */
export const isCode = (error: unknown, ...codes: string[]): boolean => codes.includes(codeOf(error));

/** Whether the provider says that we ask too often. */
export const isThrottle = (error: unknown): boolean => /throttl|TooManyRequests|RequestLimitExceeded|SlowDown/i.test(codeOf(error));

/** Whether the same call may go well in a moment: throttled, failed on their side, or no answer at all. */
export const isPassing = (error: unknown): boolean => {
  if (isThrottle(error)) return true;
  const status = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
  return status === undefined || status >= 500;
};

/** Whether the provider understood and will not do it, now or later. */
export const isRefusal = (error: unknown): boolean =>
  isCode(error, 'AccessDenied', 'UnauthorizedOperation', 'UnmodifiableEntity', 'NotAuthorized', 'OperationNotPermitted');

/** A refusal in one sentence: the error's name and what it means. Quotes nothing of the provider's message. */
export const refusalOf = (error: unknown, what: string): string => {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : '';
  if (/service control policy/i.test(message)) return `${code}: a service control policy of the organization forbids to ${what}`;
  if (/resource control policy/i.test(message)) return `${code}: a resource control policy of the organization forbids to ${what}`;
  if (/permissions boundary/i.test(message)) return `${code}: a permissions boundary forbids to ${what}`;
  if (/explicit deny/i.test(message)) return `${code}: a policy explicitly forbids to ${what}`;
  if (code === 'UnmodifiableEntity') return `${code}: an AWS service owns it, and only that service can ${what}`;
  return `${code}: we are not allowed to ${what}`;
};

import { AwsError, NAMESPACES } from './errors.ts';
import type { Run } from './operations.ts';
import type { AwsAnswer, AwsRequest } from './server.ts';
import { xml } from './xml.ts';

/** An answer in the query protocol: `<XResponse><XResult>...</XResult>...`. */
export const queryAnswer = (request: AwsRequest, result: object): AwsAnswer => {
  const { operation, service, requestId } = request;
  const hasResult = Object.keys(result).length > 0;
  const inner = { ...(hasResult && { [`${operation}Result`]: result }), ResponseMetadata: { RequestId: requestId } };
  return { status: 200, body: xml(`${operation}Response`, inner, NAMESPACES[service]) };
};

/** A parameter of the form, if it was given. */
export const optional = (run: Run, name: string): string | undefined => (run.request.body as URLSearchParams).get(name) ?? undefined;

/** A parameter that must be there. */
export const required = (run: Run, name: string): string => {
  const value = optional(run, name);
  if (value === undefined || value === '')
    throw new AwsError('ValidationError', `1 validation error detected: Value null at '${name[0]?.toLowerCase()}${name.slice(1)}' failed to satisfy constraint: Member must not be null`);
  return value;
};

/** A whole number within bounds, or the default. */
export const whole = (run: Run, name: string, low: number, high: number, otherwise: number): number => {
  const text = optional(run, name);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < low || value > high)
    throw new AwsError('ValidationError', `1 validation error detected: Value '${text}' at '${name}' failed to satisfy constraint: Member must be between ${low} and ${high}`);
  return value;
};

/** One page of a list, under that name; `Marker` is the position after it. */
export const paged = <T>(run: Run, name: string, all: T[], shown: (item: T) => unknown): object => {
  const size = whole(run, 'MaxItems', 1, 1000, 100);
  const marker = optional(run, 'Marker');
  const start = marker === undefined ? 0 : Number(Buffer.from(marker, 'base64url').toString('utf8'));
  if (!Number.isInteger(start) || start < 0) throw new AwsError('ValidationError', 'Invalid Marker.');
  const isTruncated = start + size < all.length;
  return {
    [name]: all.slice(start, start + size).map(shown),
    IsTruncated: isTruncated,
    Marker: isTruncated ? Buffer.from(String(start + size)).toString('base64url') : undefined,
  };
};

/** A list of the form (`Name.member.1`, `Name.member.2.Inner`): the part behind each number with its value, in order. */
export const membersOf = (run: Run, name: string): Record<string, string>[] => {
  const found = new Map<number, Record<string, string>>();
  for (const [key, value] of run.request.body as URLSearchParams) {
    const [, index, inner = ''] = key.startsWith(`${name}.member.`) ? (/^(\d+)(?:\.(.+))?$/.exec(key.slice(name.length + '.member.'.length)) ?? []) : [];
    if (index !== undefined) found.set(Number(index), { ...found.get(Number(index)), [inner]: value });
  }
  return [...found].sort(([a], [b]) => a - b).map(([, member]) => member);
};

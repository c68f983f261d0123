import { AwsError } from './errors.ts';
import { quotaOf, serviceOf, type House, type Operation, type Run } from './operations.ts';
import type { AwsService } from './server.ts';
import type { TrailEvent } from './state.ts';

interface Parameters {
  LookupAttributes?: { AttributeKey: string; AttributeValue: string }[];
  StartTime?: number;
  EndTime?: number;
  MaxResults?: number;
  NextToken?: string;
}

const PAGE = 50;

const ATTRIBUTES: Record<string, (event: TrailEvent, value: string) => boolean> = {
  AccessKeyId: (event, value) => event.accessKeyId === value,
  EventId: (event, value) => event.id === value,
  EventName: (event, value) => event.name === value,
  EventSource: (event, value) => event.source === value,
  ReadOnly: (event, value) => String(event.readOnly) === value,
  ResourceName: (event, value) => event.resources.some(({ ResourceName }) => ResourceName === value),
  ResourceType: (event, value) => event.resources.some(({ ResourceType }) => ResourceType === value),
  Username: (event, value) => event.username === value,
};

const entryOf = (event: TrailEvent) => ({
  EventId: event.id, EventName: event.name, ReadOnly: String(event.readOnly), AccessKeyId: event.accessKeyId,
  EventTime: Date.parse(event.at) / 1000, EventSource: event.source, Username: event.username,
  Resources: event.resources, CloudTrailEvent: event.record,
});

const offsetOf = (token: string | undefined): number => {
  if (token === undefined) return 0;
  const offset = Number(Buffer.from(token, 'base64url').toString('utf8').replace(/^after /, ''));
  if (!Number.isInteger(offset) || offset <= 0) throw new AwsError('InvalidNextTokenException', 'The token is invalid.');
  return offset;
};

const lookup = (run: Run) => {
  const { LookupAttributes = [], StartTime, EndTime, MaxResults = PAGE, NextToken } = run.request.body as Parameters;
  if (LookupAttributes.length > 1) throw new AwsError('InvalidLookupAttributesException', 'Only one lookup attribute can be given.');
  if (MaxResults < 1 || MaxResults > PAGE) throw new AwsError('InvalidMaxResultsException', `MaxResults must be between 1 and ${PAGE}.`);
  if (StartTime !== undefined && EndTime !== undefined && StartTime > EndTime)
    throw new AwsError('InvalidTimeRangeException', 'The start time is after the end time.');
  const [attribute] = LookupAttributes;
  const matches = attribute === undefined ? () => true : ATTRIBUTES[attribute.AttributeKey];
  if (!matches) throw new AwsError('InvalidLookupAttributesException', 'That lookup attribute is unknown.');
  const from = (StartTime ?? 0) * 1000;
  // What has happened is delivered late: under `lag` and `stale` the newest events are not there yet.
  const until = Math.min((EndTime ?? Infinity) * 1000, run.behind === 0 ? Infinity : run.now.getTime() - run.behind);
  const found = run.state.trail
    .filter((event) => Date.parse(event.at) >= from && Date.parse(event.at) <= until && matches(event, attribute?.AttributeValue ?? ''))
    .reverse()
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const offset = offsetOf(NextToken);
  const end = offset + MaxResults;
  return { Events: found.slice(offset, end).map(entryOf), NextToken: end < found.length ? Buffer.from(`after ${end}`).toString('base64url') : undefined };
};

const operations: Record<string, Operation> = { LookupEvents: { kind: 'read', run: lookup } };

/** CloudTrail: management events, newest first. Unlike AWS it keeps them for ever, so that a world's file does not go stale. */
export const cloudtrail = (house: House): AwsService =>
  serviceOf(house, operations, (_request, result) => ({ status: 200, body: result }), quotaOf(house, { LookupEvents: { group: 'lookup', perSecond: 2 } }));

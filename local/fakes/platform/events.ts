import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { AwsRequest, AwsService } from './aws-service.ts';
import { AwsFault, answering, objectBody } from './aws-service.ts';
import { pretending } from './pretend.ts';

/** An event as EventBridge delivers it to its targets. */
export interface EventEnvelope {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  /** ISO 8601, whole seconds. */
  time: string;
  region: string;
  resources: string[];
  detail: unknown;
}

interface PutEntry {
  Source?: string;
  DetailType?: string;
  Detail?: string;
  EventBusName?: string;
  Resources?: string[];
  Time?: number;
}

type Refusal = { ErrorCode: string; ErrorMessage: string };

const MAX_ENTRIES = 10;
const MAX_BYTES = 1_048_576;

const refusalOf = (entry: PutEntry): Refusal | undefined => {
  const malformed = (ErrorMessage: string): Refusal => ({ ErrorCode: 'InvalidArgument', ErrorMessage });
  if (!entry.Source) return malformed('Parameter Source is not valid. Reason: Source is a required argument.');
  if (entry.Source.startsWith('aws.')) return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  if (!entry.DetailType) return malformed('Parameter DetailType is not valid. Reason: DetailType is a required argument.');
  if (!entry.Detail) return malformed('Parameter Detail is not valid. Reason: Detail is a required argument.');
  try {
    const detail: unknown = JSON.parse(entry.Detail);
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return undefined;
  } catch {
    // Said below, as for JSON that is no object.
  }
  return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
};

/** The time as an envelope gives it. */
export const envelopeTime = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

/** EventBridge on one machine: `PutEvents` hands each valid entry to `onEvent` as the envelope that a rule's target would get. */
export const createEvents = (options: { account: string; region: string; clock: Clock; onEvent: (event: EventEnvelope, bus: string) => void | Promise<void> }): AwsService => {
  const { account, region, clock } = options;
  const put = async (request: AwsRequest, deliver: boolean) => {
    if (request.operation !== 'PutEvents') throw new AwsFault('UnknownOperationException', `the local EventBridge does not know the operation ${request.operation}`);
    const entries = objectBody(request).Entries;
    if (!Array.isArray(entries) || entries.length === 0 || entries.length > MAX_ENTRIES) throw new AwsFault('ValidationException', `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${MAX_ENTRIES}`);
    if (request.raw.length > MAX_BYTES) throw new AwsFault('ValidationException', 'Total size of the entries in the request is over the limit.');
    const answers: object[] = [];
    for (const entry of entries as PutEntry[]) {
      const refusal = refusalOf(entry);
      const id = randomUUID();
      answers.push(refusal ?? { EventId: id });
      if (refusal !== undefined || !deliver) continue;
      const envelope: EventEnvelope = {
        version: '0',
        id,
        'detail-type': entry.DetailType ?? '',
        source: entry.Source ?? '',
        account,
        time: envelopeTime(entry.Time === undefined ? clock.now() : new Date(entry.Time * 1000)),
        region,
        resources: entry.Resources ?? [],
        detail: JSON.parse(entry.Detail ?? '{}') as unknown,
      };
      await options.onEvent(envelope, (entry.EventBusName ?? 'default').split('/').at(-1) ?? 'default');
    }
    const FailedEntryCount = answers.filter((answer) => 'ErrorCode' in answer).length;
    return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: { FailedEntryCount, Entries: answers } };
  };
  const lied = answering((request) => put(request, false));
  return async (request) => {
    if (request.effects.some(({ effect }) => effect === 'lie')) return lied(request);
    const pretended = { status: 200, body: { FailedEntryCount: 0, Entries: ((request.body as { Entries?: unknown[] }).Entries ?? []).map(() => ({ EventId: randomUUID() })) } };
    return pretending({ clock, changes: () => true, pretended: () => pretended }, answering((asked) => put(asked, true)))(request);
  };
};

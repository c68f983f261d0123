/** CloudEvents 1.0 over HTTP, in all three content modes: binary, structured and batch. The specification signs nothing. */
import { bodyText, header, jsonValue, mediaType, type Read } from './body.ts';
import { at, isRecord, rawText } from './fields.ts';
import type { WebhookRequest, Welcome } from './trigger.ts';

/** What a CloudEvent says of itself, and its data where those are JSON. Missing optional texts are ''. */
export interface CloudEvent {
  id: string;
  source: string;
  type: string;
  subject: string;
  time: string;
  data: Read<unknown>;
}

const BATCH = 'application/cloudevents-batch+json';
/** Each event may end a run: more of them take longer than an answer may. */
const MOST = 500;
const STRUCTURED = 'application/cloudevents+json';

const isJson = (type: string): boolean => type === '' || /^(?:application|text)\/(?:[a-z0-9.-]+\+)?json$/.test(type.split(';')[0]?.trim().toLowerCase() ?? '');

const refusedRead = (reason: string): { ok: false; reason: string } => ({ ok: false, reason });

const jsonBytes = (request: WebhookRequest): Read<unknown> => {
  const text = bodyText(request);
  return text.ok ? jsonValue(text.value) : text;
};

/** A header's value is quoted or not, then percent-encoded UTF-8; what is no valid escape stands for itself. */
const decoded = (value: string): string => {
  const text = /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1]?.replace(/\\(.)/g, '$1') ?? value;
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
};

const checked = (version: string, event: CloudEvent): Read<CloudEvent> => {
  if (version !== '1.0') return refusedRead('specversion is not 1.0');
  const missing = (['id', 'source', 'type'] as const).find((name) => event[name] === '');
  return missing === undefined ? { ok: true, value: event } : refusedRead(`the CloudEvent has no ${missing}`);
};

const binary = (request: WebhookRequest): Read<CloudEvent> => {
  const attribute = (name: string): string => decoded(header(request, `ce-${name}`));
  const data = isJson(mediaType(request)) ? jsonBytes(request) : refusedRead('the data are not JSON');
  return checked(attribute('specversion'), { id: attribute('id'), source: attribute('source'), type: attribute('type'), subject: attribute('subject'), time: attribute('time'), data });
};

const dataOf = (event: unknown): Read<unknown> => {
  const [plain, encoded] = [at(event, 'data') ?? undefined, at(event, 'data_base64') ?? undefined];
  if (plain !== undefined && encoded !== undefined) return refusedRead('the CloudEvent has both data and data_base64');
  if (encoded === undefined) return { ok: true, value: plain };
  if (typeof encoded !== 'string' || !isJson(rawText(event, 'datacontenttype'))) return refusedRead('the data are not JSON');
  return jsonValue(Buffer.from(encoded, 'base64').toString('utf8'));
};

const structured = (event: unknown): Read<CloudEvent> => {
  if (!isRecord(event)) return refusedRead('the CloudEvent is not a JSON object');
  const [id, source, type, subject, time] = ['id', 'source', 'type', 'subject', 'time'].map((name) => rawText(event, name)) as [string, string, string, string, string];
  return checked(rawText(event, 'specversion'), { id, source, type, subject, time, data: dataOf(event) });
};

const batch = (value: unknown): Read<CloudEvent[]> => {
  if (!Array.isArray(value)) return refusedRead('the batch is not a list');
  if (value.length > MOST) return refusedRead(`the batch has more than ${MOST} events: send it in parts`);
  const events: CloudEvent[] = [];
  for (const [index, item] of value.entries()) {
    const event = structured(item);
    // Refused as a whole: a batch that is half taken would be accepted and half lost.
    if (!event.ok) return refusedRead(`event ${index + 1} of the batch: ${event.reason}`);
    events.push(event.value);
  }
  return { ok: true, value: events };
};

/** The CloudEvents of a request, in their order; the whole request is refused if one of them is none. */
export const cloudEventsOf = (request: WebhookRequest): Read<CloudEvent[]> => {
  const type = mediaType(request);
  if (type === BATCH || type === STRUCTURED) {
    const body = jsonBytes(request);
    if (!body.ok) return body;
    if (type === BATCH) return batch(body.value);
    const event = structured(body.value);
    return event.ok ? { ok: true, value: [event.value] } : event;
  }
  if (type.startsWith('application/cloudevents')) return refusedRead('of the CloudEvents formats only JSON is read');
  if (header(request, 'ce-specversion') === '') return refusedRead('the request is no CloudEvent: it has neither ce- headers nor the content type of one');
  const event = binary(request);
  return event.ok ? { ok: true, value: [event.value] } : event;
};

const DNS_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i;

/** Allows a sender that asks as the CloudEvents webhook specification has it; what it then posts is judged as ever. */
export const welcomeOf = (request: WebhookRequest): Welcome | undefined => {
  const origin = header(request, 'webhook-request-origin');
  if (request.method !== 'OPTIONS' || !DNS_NAME.test(origin)) return undefined;
  return { status: 200, headers: { allow: 'POST', 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' } };
};

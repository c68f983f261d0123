import { jsonValue, type Read } from './body.ts';
import { leaksOf, reportText, type Finding } from './ci-report.ts';
import { at, clean, isAwsKeyId, isRecord, publicLink, rawText, textAt } from './fields.ts';
import { standardWebhooksSignature } from './signatures.ts';
import type { Claim, Parsed, WebhookRequest, WebhookSource } from './trigger.ts';

/** Fields of a location that may change while the leak stays where it is, or that name a person. */
const PASSING = ['email', 'username', 'visibility'];

/** TruffleHog's own log lines, which end up in the report when a CI job joins standard error to standard output. */
const isLogLine = (item: unknown): boolean => typeof at(item, 'msg') === 'string' && typeof at(item, 'level') === 'string';

const claimOf = (item: unknown): Claim => {
  if (at(item, 'Verified') === true) return 'verified';
  const error = at(item, 'VerificationError');
  return error === undefined || error === null || error === '' ? 'unverified' : 'unknown';
};

const isCanary = (item: unknown): boolean =>
  at(item, 'ExtraData', 'is_canary') === true || rawText(item, 'ExtraData', 'is_canary').toLowerCase() === 'true';

/** Key id and secret apart: newer reports join them by a colon, older ones by nothing, session keys add a token. */
const awsValues = (id: string, item: unknown): string[] => {
  const joined = rawText(item, 'RawV2');
  const rest = joined.startsWith(id) ? joined.slice(id.length).split(':') : [];
  const part = rawText(item, 'SecretParts', 'secret_access_key');
  return [id, ...(part === '' ? [] : [part]), ...rest];
};

const valuesOf = (item: unknown): string[] => {
  const [raw, rawV2] = [rawText(item, 'Raw'), rawText(item, 'RawV2')];
  const id = [raw, rawText(item, 'SecretParts', 'access_key_id'), rawV2.slice(0, 20)].find(isAwsKeyId);
  if (id !== undefined) return awsValues(id, item);
  return raw === '' && rawV2 === '' ? partsOf(item) : [rawV2, raw];
};

const partsOf = (item: unknown): string[] => {
  const parts = at(item, 'SecretParts');
  return isRecord(parts) ? Object.values(parts).filter((part) => typeof part === 'string') : [];
};

interface Place {
  kind: string;
  fields: [string, string][];
}

/** The location, whatever system it is in: its kind and its plain fields, ordered by name. */
const placeOf = (item: unknown): Place | undefined => {
  const data = at(item, 'SourceMetadata', 'Data');
  const [kind, location] = (isRecord(data) ? Object.entries(data) : []).find(([, value]) => isRecord(value)) ?? [];
  if (kind === undefined || !isRecord(location)) return undefined;
  const fields = Object.entries(location)
    .filter(([name, value]) => !PASSING.includes(name) && (typeof value === 'string' || typeof value === 'number') && value !== '')
    .map(([name, value]): [string, string] => [name, String(value)])
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return fields.length === 0 ? undefined : { kind, fields };
};

/** A link where the location has one, else file (or what stands for it) and line. */
const whereOf = (item: unknown, place: Place | undefined): string => {
  const fields = new Map(place?.fields);
  const link = publicLink(fields.get('link') ?? '');
  if (link !== '') return link;
  // A clone address may carry a token.
  const repository = publicLink(fields.get('repository') ?? '');
  const file = ['file', 'path', 'key', 'object', 'image', 'channel_name', 'bucket'].map((name) => fields.get(name)).find(Boolean) ?? '';
  const line = fields.has('line') ? `:${fields.get('line')}` : '';
  return [repository, clean(file) + (file === '' ? '' : line)].filter(Boolean).join(' ') || textAt(item, 'SourceName') || 'the report names no place';
};

const findingOf = (item: unknown): Finding => {
  const detector = textAt(item, 'DetectorName');
  const place = placeOf(item);
  return {
    place: place === undefined ? [] : [detector, place.kind, ...place.fields.flat()],
    fixed: place?.fields.some(([name]) => name === 'commit') ?? false,
    where: whereOf(item, place),
    kind: detector,
    claim: claimOf(item),
    ...(isCanary(item) ? { caution: 'canary' as const } : {}),
    values: valuesOf(item),
    masked: [rawText(item, 'Raw'), rawText(item, 'RawV2'), rawText(item, 'Redacted'), ...partsOf(item)],
  };
};

/** The items of a report with the place of each for messages: a JSON array, one object, or one object a line. */
const itemsOf = (text: string): Read<[string, unknown][]> => {
  const whole = jsonValue(text);
  if (whole.ok) {
    if (Array.isArray(whole.value)) return { ok: true, value: whole.value.map((item, index) => [`item ${index + 1}`, item]) };
    return { ok: true, value: [['line 1', whole.value]] };
  }
  const items: [string, unknown][] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const item = jsonValue(line);
    if (!item.ok) return { ok: false, reason: `line ${index + 1} of the report is not valid JSON` };
    items.push([`line ${index + 1}`, item.value]);
  }
  return { ok: true, value: items };
};

const parse = (request: WebhookRequest): Parsed => {
  const text = reportText(request);
  if (!text.ok) return { kind: 'malformed', reason: text.reason };
  const items = itemsOf(text.value);
  if (!items.ok) return { kind: 'malformed', reason: items.reason };
  const found = items.value.filter(([, item]) => !isLogLine(item));
  const stranger = found.find(([, item]) => rawText(item, 'DetectorName') === '');
  if (stranger !== undefined) return { kind: 'malformed', reason: `${stranger[0]} of the report is not a TruffleHog finding: it has no DetectorName` };
  return leaksOf(trufflehog.name, found.map(([, item]) => findingOf(item)), request);
};

/** TruffleHog's `--json` report, posted by CI under a Standard Webhooks signature. One bad line refuses the whole report. */
export const trufflehog: WebhookSource = {
  transport: 'webhook',
  name: 'trufflehog',
  authenticate: standardWebhooksSignature,
  parse,
};

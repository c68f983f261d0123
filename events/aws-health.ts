import { at, isoTime, rawText, textAt } from './fields.ts';
import type { AwsEventSource, Parsed, SecretLeaked } from './trigger.ts';

const DETAIL_TYPES = ['AWS Health Event', 'AWS Health Abuse Event'];

/** Every event code of the family begins so: credentials exposed, exposure suspected, compromised, quarantine, console compromise. */
const FAMILY = 'AWS_RISK_';

const malformed = (reason: string): Parsed => ({ kind: 'malformed', reason });
const ignored = (reason: string): Parsed => ({ kind: 'ignored', reason });

/** What IAM's API takes for an access key id (16 to 128 word characters), in the capitals that all ids have. Users, ARNs and account ids are not. */
const isKeyShaped = (entity: string): boolean => /^(?=.*[A-Z])[A-Z0-9_]{16,128}$/.test(entity);

const accountOf = (event: unknown): string | undefined =>
  // In an organization's view the envelope names the account that listens, not the one that leaked.
  [rawText(event, 'detail', 'affectedAccount'), rawText(event, 'account')].find((account) => /^\d{12}$/.test(account));

const leaksOf = (event: unknown, eventArn: string, entities: unknown[]): SecretLeaked[] => {
  const account = accountOf(event);
  const startTime = textAt(event, 'detail', 'startTime');
  const ids = new Set(entities.map((entity) => rawText(entity, 'entityValue')).filter(isKeyShaped));
  return [...ids].map((id) => ({
    trigger: 'SecretLeaked',
    source: awsHealth.name,
    finding: `${eventArn} ${id}`,
    // A resend has a communicationId of its own and the same start; the pages of a long event share it.
    opening: `${eventArn} ${isoTime(startTime) || startTime}`,
    at: isoTime(startTime) || isoTime(rawText(event, 'time')),
    where: eventArn,
    kind: textAt(event, 'detail', 'eventTypeCode'),
    claim: 'issuer',
    names: [{ issuer: 'aws-iam-key', id }],
    ...(account === undefined ? {} : { account }),
    values: [],
  }));
};

const parse = (event: unknown): Parsed => {
  if (rawText(event, 'source') !== 'aws.health') return malformed('the event is not from aws.health');
  if (!DETAIL_TYPES.includes(rawText(event, 'detail-type'))) return ignored('not a Health event');
  if (rawText(event, 'detail', 'service') !== 'RISK') return ignored('not about the service RISK');
  if (!rawText(event, 'detail', 'eventTypeCode').startsWith(FAMILY)) return ignored(`not of the family ${FAMILY}*`);
  if (rawText(event, 'detail', 'statusCode') === 'closed') return ignored('the event is closed');
  const eventArn = textAt(event, 'detail', 'eventArn');
  if (!eventArn.startsWith('arn:')) return malformed('detail.eventArn is missing');
  const entities = at(event, 'detail', 'affectedEntities');
  if (entities !== undefined && !Array.isArray(entities)) return malformed('detail.affectedEntities is not a list');
  const triggers = leaksOf(event, eventArn, (entities as unknown[] | undefined) ?? []);
  return triggers.length === 0 ? ignored('no affected entity is an access key id') : { kind: 'triggers', triggers };
};

/** AWS Health's `AWS_RISK_*` events: the issuer itself names exposed access keys. Published in us-east-1. */
export const awsHealth: AwsEventSource = {
  transport: 'aws-event',
  name: 'aws-health',
  tells: 'leak',
  pattern: { source: ['aws.health'], detailType: DETAIL_TYPES, detail: { service: ['RISK'] } },
  parse,
};

import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { AwsAnswer, AwsRequest, AwsService } from './aws-service.ts';
import { AwsFault, answering } from './aws-service.ts';
import { pretending } from './pretend.ts';

/** One message that was published. */
export interface Published {
  id: string;
  topic: string;
  subject?: string;
  message: string;
  attributes: Record<string, string>;
  /** ISO 8601. */
  at: string;
}

export interface Sns {
  service: AwsService;
  /** The latest messages, oldest first, at most a thousand. */
  published: Published[];
}

const KEPT = 1000;
const MAX_BYTES = 262_144;

const answer = (operation: string, inner: string): AwsAnswer => ({
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: `<${operation}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${operation}Result>${inner}</${operation}Result><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${operation}Response>`,
});

const attributesOf = (form: URLSearchParams, prefix: string): Record<string, string> => {
  const found: Record<string, string> = {};
  for (let n = 1; form.has(`${prefix}MessageAttributes.entry.${n}.Name`); n += 1) {
    const entry = `${prefix}MessageAttributes.entry.${n}`;
    found[form.get(`${entry}.Name`) ?? ''] = form.get(`${entry}.Value.StringValue`) ?? form.get(`${entry}.Value.BinaryValue`) ?? '';
  }
  return found;
};

/** SNS on one machine: `Publish` and `PublishBatch` to the given topics (ARNs); each message is kept and handed to `onPublish`. */
export const createSns = (options: { topics: readonly string[]; clock: Clock; onPublish?: (message: Published) => void }): Sns => {
  const published: Published[] = [];
  const publish = (form: URLSearchParams, topic: string, prefix: string): string => {
    const message = form.get(`${prefix}Message`) ?? '';
    const subject = form.get(`${prefix}Subject`) ?? undefined;
    if (message === '') throw new AwsFault('InvalidParameter', 'Invalid parameter: Empty message');
    if (Buffer.byteLength(message) > MAX_BYTES) throw new AwsFault('InvalidParameter', 'Invalid parameter: Message too long');
    if (subject !== undefined && (subject.length > 100 || !/^[\x20-\x7e]+$/.test(subject))) throw new AwsFault('InvalidParameter', 'Invalid parameter: Subject');
    const one: Published = { id: randomUUID(), topic, ...(subject === undefined ? {} : { subject }), message, attributes: attributesOf(form, prefix), at: options.clock.now().toISOString() };
    published.push(one);
    if (published.length > KEPT) published.shift();
    options.onPublish?.(one);
    return one.id;
  };
  const topicOf = (form: URLSearchParams): string => {
    const topic = form.get('TopicArn') ?? form.get('TargetArn') ?? '';
    if (!topic.startsWith('arn:aws:sns:')) throw new AwsFault('InvalidParameter', 'Invalid parameter: TopicArn');
    if (!options.topics.includes(topic)) throw new AwsFault('NotFound', 'Topic does not exist', 404);
    return topic;
  };
  const service = answering(async (request: AwsRequest) => {
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    if (request.operation === 'Publish') return answer('Publish', `<MessageId>${publish(form, topicOf(form), '')}</MessageId>`);
    if (request.operation !== 'PublishBatch') throw new AwsFault('InvalidAction', `Could not find operation ${request.operation}`);
    const topic = topicOf(form);
    let members = '';
    for (let n = 1; form.has(`PublishBatchRequestEntries.member.${n}.Id`); n += 1) {
      const prefix = `PublishBatchRequestEntries.member.${n}.`;
      const id = publish(form, topic, prefix);
      members += `<member><Id>${form.get(`${prefix}Id`) ?? ''}</Id><MessageId>${id}</MessageId></member>`;
    }
    return answer('PublishBatch', `<Successful>${members}</Successful><Failed/>`);
  });
  const manners = { clock: options.clock, changes: () => true, pretended: () => answer('Publish', `<MessageId>${randomUUID()}</MessageId>`) };
  return { service: pretending(manners, service), published };
};

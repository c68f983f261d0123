import { randomUUID } from 'node:crypto';
import type { AwsAnswer, AwsRequest, AwsService } from './aws-service.ts';
import { AwsFault, answering, objectBody, requiredText } from './aws-service.ts';
import { pretending } from './pretend.ts';
import { md5, md5OfAttributes } from './sqs-checksum.ts';
import type { Message, MessageAttribute, QueueSettings, Received } from './sqs-queue.ts';
import type { QueuesOptions } from './sqs-queues.ts';
import { MAX_MESSAGE_BYTES, Queues, sizeOf } from './sqs-queues.ts';

type Body = Record<string, unknown>;
interface Entry extends Body {
  Id: string;
}

export interface Sqs {
  service: AwsService;
  queues: Queues;
}

const CHANGES = new Set(['SendMessage', 'SendMessageBatch', 'DeleteMessage', 'DeleteMessageBatch', 'ChangeMessageVisibility', 'ChangeMessageVisibilityBatch', 'StartMessageMoveTask', 'PurgeQueue']);

const queueName = (body: Body): string => requiredText(body, 'QueueUrl', 'MissingParameter').split('/').at(-1) ?? '';

const seconds = (body: Body, name: string, max: number): number | undefined => {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new AwsFault('InvalidParameterValue', `Value for parameter ${name} is invalid. Reason: Must be between 0 and ${max}, if provided.`);
};

const attributesOf = (body: Body): Record<string, MessageAttribute> => (body.MessageAttributes ?? {}) as Record<string, MessageAttribute>;

const sentOf = (body: Body, request: AwsRequest) => ({
  body: typeof body.MessageBody === 'string' ? body.MessageBody : '',
  attributes: attributesOf(body),
  delaySeconds: seconds(body, 'DelaySeconds', 900),
  sender: request.caller.accessKeyId,
});

const sentAnswer = (message: Pick<Message, 'id' | 'body' | 'attributes'>) => ({
  MessageId: message.id,
  MD5OfMessageBody: md5(message.body),
  MD5OfMessageAttributes: md5OfAttributes(message.attributes),
});

/** The system attributes of a received message by the names that SQS gives them. */
export const systemAttributes = (message: Message, arnOf: (queue: string) => string): Record<string, string> => ({
  ApproximateReceiveCount: String(message.receiveCount),
  SentTimestamp: String(message.sentAt),
  SenderId: message.sender,
  ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
  ...(message.deadLetterSource === undefined ? {} : { DeadLetterQueueSourceArn: arnOf(message.deadLetterSource) }),
});

const picked = <Value>(values: Record<string, Value>, names: unknown): Record<string, Value> | undefined => {
  const wanted = Array.isArray(names) ? (names as string[]) : [];
  const found = Object.entries(values).filter(([name]) => wanted.some((want) => want === 'All' || want === '.*' || want === name || (want.endsWith('.*') && name.startsWith(want.slice(0, -2)))));
  return found.length === 0 ? undefined : Object.fromEntries(found);
};

const receivedAnswer = ({ message, receiptHandle }: Received, body: Body, queues: Queues) => {
  const attributes = picked(message.attributes, body.MessageAttributeNames);
  const system = [...((body.AttributeNames ?? []) as string[]), ...((body.MessageSystemAttributeNames ?? []) as string[])];
  return {
    MessageId: message.id,
    ReceiptHandle: receiptHandle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    Attributes: picked(systemAttributes(message, (name) => queues.arn(name)), system),
    MessageAttributes: attributes,
    MD5OfMessageAttributes: attributes && md5OfAttributes(attributes),
  };
};

const receive = async (queues: Queues, body: Body, signal: AbortSignal): Promise<object> => {
  const name = queueName(body);
  const queue = queues.queue(name);
  const limit = body.MaxNumberOfMessages ?? 1;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > 10) throw new AwsFault('InvalidParameterValue', 'Value for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.');
  const visibility = seconds(body, 'VisibilityTimeout', 43_200);
  const wait = (seconds(body, 'WaitTimeSeconds', 20) ?? queue.settings.receiveWaitSeconds ?? 0) * 1000;
  const end = queues.clock.now().getTime() + wait;
  let received = queues.take(name, limit, visibility);
  for (let left = wait; received.length === 0 && left > 0 && !signal.aborted; left = end - queues.clock.now().getTime()) {
    await queue.arrival(signal, left);
    received = queues.take(name, limit, visibility);
  }
  return received.length === 0 ? {} : { Messages: received.map((one) => receivedAnswer(one, body, queues)) };
};

const handleOf = (body: Body): string => {
  const handle = requiredText(body, 'ReceiptHandle', 'MissingParameter');
  if (!/^[0-9a-f-]{36}\.[\w-]{24}$/.test(handle)) throw new AwsFault('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.', 404);
  return handle;
};

const deleteOne = (queues: Queues, name: string, body: Body): object => {
  // An outdated handle deletes nothing and is answered like any other, as SQS does.
  const message = queues.queue(name).inFlight(handleOf(body));
  if (message !== undefined) queues.delete(name, [message.id]);
  return {};
};

const changeOne = (queues: Queues, name: string, body: Body): object => {
  const queue = queues.queue(name);
  const timeout = seconds(body, 'VisibilityTimeout', 43_200);
  if (timeout === undefined) throw new AwsFault('MissingParameter', 'The request must contain the parameter VisibilityTimeout.');
  const message = queue.inFlight(handleOf(body));
  if (message === undefined || message.visibleAt <= queues.clock.now().getTime()) throw new AwsFault('MessageNotInflight', 'The message referred to is not in flight.');
  queue.show(message, timeout);
  return {};
};

const batch = (body: Body, one: (entry: Entry) => object): object => {
  const entries = (body.Entries ?? []) as Entry[];
  if (entries.length === 0) throw new AwsFault('EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > 10) throw new AwsFault('TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10.');
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) throw new AwsFault('BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.');
  if (entries.some(({ Id }) => typeof Id !== 'string' || !/^[\w-]{1,80}$/.test(Id))) throw new AwsFault('InvalidBatchEntryId', 'A batch entry id can only contain alphanumeric characters, hyphens and underscores, at most 80 of them.');
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...one(entry) });
    } catch (error) {
      if (!(error instanceof AwsFault)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
};

const queueAttributes = (queues: Queues, body: Body): object => {
  const name = queueName(body);
  const { settings, visibilityTimeout, counts } = ((queue) => ({ settings: queue.settings, visibilityTimeout: queue.visibilityTimeout, counts: queue.counts() }))(queues.queue(name));
  const { deadLetter, maxReceiveCount } = settings;
  const all: Record<string, string> = {
    QueueArn: queues.arn(name),
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    VisibilityTimeout: String(visibilityTimeout),
    DelaySeconds: String(settings.delaySeconds ?? 0),
    ReceiveMessageWaitTimeSeconds: String(settings.receiveWaitSeconds ?? 0),
    MessageRetentionPeriod: String(settings.retentionSeconds ?? 345_600),
    MaximumMessageSize: String(MAX_MESSAGE_BYTES),
    ...(deadLetter === undefined ? {} : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queues.arn(deadLetter), maxReceiveCount: maxReceiveCount ?? 10 }) }),
  };
  return { Attributes: picked(all, body.AttributeNames) };
};

const answer = async (queues: Queues, request: AwsRequest, moves: object[], signal: AbortSignal): Promise<object> => {
  const body = objectBody(request);
  const url = (name: string) => `http://${request.headers.host ?? 'localhost'}/${queues.account}/${name}`;
  switch (request.operation) {
    case 'SendMessage':
      return sentAnswer(queues.send(queueName(body), sentOf(body, request)));
    case 'SendMessageBatch': {
      const name = queueName(body);
      queues.queue(name);
      const bytes = ((body.Entries ?? []) as Entry[]).reduce((sum, entry) => sum + sizeOf(sentOf(entry, request)), 0);
      if (bytes > MAX_MESSAGE_BYTES) throw new AwsFault('BatchRequestTooLong', `Batch requests cannot be longer than ${MAX_MESSAGE_BYTES} bytes. You have sent ${bytes} bytes.`);
      return batch(body, (entry) => sentAnswer(queues.send(name, sentOf(entry, request))));
    }
    case 'ReceiveMessage':
      return receive(queues, body, signal);
    case 'DeleteMessage':
      return deleteOne(queues, queueName(body), body);
    case 'DeleteMessageBatch':
      return batch(body, (entry) => deleteOne(queues, queueName(body), entry));
    case 'ChangeMessageVisibility':
      return changeOne(queues, queueName(body), body);
    case 'ChangeMessageVisibilityBatch':
      return batch(body, (entry) => changeOne(queues, queueName(body), entry));
    case 'GetQueueAttributes':
      return queueAttributes(queues, body);
    case 'GetQueueUrl':
      return { QueueUrl: url(queues.queue(requiredText(body, 'QueueName', 'MissingParameter')).settings.name) };
    case 'ListQueues':
      return { QueueUrls: queues.names().filter((name) => name.startsWith(String(body.QueueNamePrefix ?? ''))).map(url) };
    case 'PurgeQueue': {
      const name = queueName(body);
      queues.delete(name, [...queues.queue(name).messages.keys()]);
      return {};
    }
    case 'StartMessageMoveTask': {
      const source = queues.queueOfArn(requiredText(body, 'SourceArn', 'MissingParameter'));
      const destination = typeof body.DestinationArn === 'string' ? queues.queueOfArn(body.DestinationArn) : undefined;
      const StartedTimestamp = queues.clock.now().getTime();
      const moved = queues.redrive(source, destination);
      moves.unshift({ Status: 'COMPLETED', SourceArn: body.SourceArn, DestinationArn: body.DestinationArn, ApproximateNumberOfMessagesMoved: moved, ApproximateNumberOfMessagesToMove: moved, StartedTimestamp });
      return { TaskHandle: Buffer.from(randomUUID()).toString('base64') };
    }
    case 'ListMessageMoveTasks':
      return { Results: moves.filter((move) => (move as { SourceArn: unknown }).SourceArn === body.SourceArn).slice(0, Number(body.MaxResults ?? 1)) };
    default:
      throw new AwsFault('UnsupportedOperation', `the local SQS does not know the operation ${request.operation}`);
  }
};

/** What a send that is not carried out answers, so that an SDK's checksum test still passes. */
const pretended = (request: AwsRequest): AwsAnswer => {
  const body = objectBody(request);
  const sent = (entry: Body) => sentAnswer({ id: randomUUID(), body: String(entry.MessageBody ?? ''), attributes: attributesOf(entry) });
  if (request.operation === 'SendMessage') return { status: 200, body: sent(body) };
  if (request.operation.endsWith('Batch')) {
    const Successful = ((body.Entries ?? []) as Entry[]).map((entry) => ({ Id: entry.Id, ...(request.operation === 'SendMessageBatch' ? sent(entry) : {}) }));
    return { status: 200, body: { Successful, Failed: [] } };
  }
  return { status: 200, body: {} };
};

/** SQS on one machine: standard queues with delays, visibility, receive counts and dead-letter queues, over the JSON protocol. */
export const createSqs = (options: QueuesOptions & { signal?: AbortSignal }): Sqs => {
  const queues = new Queues(options);
  const moves: object[] = [];
  const signal = options.signal ?? new AbortController().signal;
  const service = answering(async (request) => ({ status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: await answer(queues, request, moves, signal) }));
  const changes = (request: AwsRequest) => CHANGES.has(request.operation);
  return { service: pretending({ clock: options.clock, changes, pretended }, service), queues };
};

export type { QueueSettings };

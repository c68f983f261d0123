import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishBatchCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterEach, expect, test } from 'vitest';
import { clockOf } from '../../../../local/clock.ts';
import { Behaviours } from '../../../../local/fakes/behaviour.ts';
import type { EventEnvelope } from '../../../../local/fakes/platform/events.ts';
import { createEvents } from '../../../../local/fakes/platform/events.ts';
import { createSns } from '../../../../local/fakes/platform/sns.ts';
import { ACCOUNT, REGION, served } from './server.ts';

const clock = clockOf();
const topic = `arn:aws:sns:${REGION}:${ACCOUNT}:cases`;
let close: () => Promise<void> = async () => undefined;
afterEach(() => close());

const start = async (behaviours = new Behaviours()) => {
  const heard: string[] = [];
  const events: { event: EventEnvelope; bus: string }[] = [];
  const sns = createSns({ topics: [topic], clock, onPublish: ({ message }) => heard.push(message) });
  const server = await served({ sns: sns.service, events: createEvents({ account: ACCOUNT, region: REGION, clock, onEvent: (event, bus) => void events.push({ event, bus }) }) }, behaviours);
  close = server.close;
  return { sns, heard, events, publisher: new SNSClient(server.config), bus: new EventBridgeClient(server.config) };
};

test('a published message is heard with its subject and attributes; an unknown topic and an empty message are refused', async () => {
  const { sns, heard, publisher } = await start();
  const { MessageId } = await publisher.send(new PublishCommand({ TopicArn: topic, Subject: 'Case waits', Message: 'a <b> & c', MessageAttributes: { status: { DataType: 'String', StringValue: 'waiting' } } }));
  expect(sns.published).toMatchObject([{ id: MessageId, topic, subject: 'Case waits', message: 'a <b> & c', attributes: { status: 'waiting' } }]);
  expect(heard).toEqual(['a <b> & c']);
  const batch = await publisher.send(new PublishBatchCommand({ TopicArn: topic, PublishBatchRequestEntries: [{ Id: 'x', Message: '1' }, { Id: 'y', Message: '2' }] }));
  expect(batch.Successful?.map(({ Id }) => Id)).toEqual(['x', 'y']);
  await expect(publisher.send(new PublishCommand({ TopicArn: `${topic}-not`, Message: 'x' }))).rejects.toMatchObject({ name: 'NotFoundException' });
  await expect(publisher.send(new PublishCommand({ TopicArn: topic, Message: '' }))).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('a lie publishes nothing and a throttled publish says so', async () => {
  const { sns, publisher } = await start(new Behaviours([{ service: 'sns', effect: 'lie', times: 1 }, { service: 'sns', resource: 'cases', effect: 'throttle', times: 2 }]));
  await expect(publisher.send(new PublishCommand({ TopicArn: topic, Message: 'x' }))).rejects.toMatchObject({ name: 'Throttling' });
  expect(sns.published).toEqual([]);
});

test('put events come out as envelopes; each wrong entry is refused by itself', async () => {
  const { events, bus } = await start();
  const answer = await bus.send(new PutEventsCommand({
    Entries: [
      { Source: 'rescind', DetailType: 'CopyReplaced', Detail: '{"copy":"a"}', Resources: ['arn:x'], EventBusName: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/main`, Time: new Date('2026-01-02T03:04:05Z') },
      { Source: 'rescind', DetailType: 'CopyReplaced', Detail: 'not json' },
      { Source: 'aws.health', DetailType: 'x', Detail: '{}' },
    ],
  }));
  expect(answer.FailedEntryCount).toBe(2);
  expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([undefined, 'MalformedDetail', 'NotAuthorizedForSourceException']);
  expect(events).toEqual([{ bus: 'main', event: { version: '0', id: answer.Entries?.[0]?.EventId, source: 'rescind', 'detail-type': 'CopyReplaced', account: ACCOUNT, region: REGION, time: '2026-01-02T03:04:05Z', resources: ['arn:x'], detail: { copy: 'a' } } }]);
});

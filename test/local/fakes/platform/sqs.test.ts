import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeMessageVisibilityCommand, DeleteMessageBatchCommand, DeleteMessageCommand, GetQueueAttributesCommand, GetQueueUrlCommand, ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand, SQSClient, StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, expect, test } from 'vitest';
import { clockOf } from '../../../../local/clock.ts';
import { Behaviours } from '../../../../local/fakes/behaviour.ts';
import { journalInFile } from '../../../../local/fakes/platform/sqs-journal.ts';
import { createSqs } from '../../../../local/fakes/platform/sqs.ts';
import { ACCOUNT, REGION, served } from './server.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const clock = clockOf(20);
const start = async (behaviours = new Behaviours()) => {
  const sqs = createSqs({ queues: [{ name: 'work', visibilityTimeout: 4, deadLetter: 'dead', maxReceiveCount: 2 }, { name: 'dead' }], account: ACCOUNT, region: REGION, clock });
  const { url, close, config } = await served({ sqs: sqs.service }, behaviours, clock);
  const client = new SQSClient(config);
  ends.push(close);
  return { sqs, client, QueueUrl: `${url}/${ACCOUNT}/work`, dead: `${url}/${ACCOUNT}/dead` };
};

test('a message with attributes is received with its checksums, deleted once and gone', async () => {
  const { client, QueueUrl } = await start();
  expect((await client.send(new GetQueueUrlCommand({ QueueName: 'work' }))).QueueUrl).toBe(QueueUrl);
  const sent = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'ä ⟨body⟩', MessageAttributes: { n: { DataType: 'Number', StringValue: '7' }, b: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2, 255]) } } }));
  const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'] }));
  const message = Messages?.[0];
  expect(message).toMatchObject({ MessageId: sent.MessageId, Body: 'ä ⟨body⟩', MD5OfMessageAttributes: sent.MD5OfMessageAttributes, Attributes: { ApproximateReceiveCount: '1' } });
  expect(message?.MessageAttributes?.b?.BinaryValue).toEqual(new Uint8Array([1, 2, 255]));
  expect((await client.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toBeUndefined();
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0', QueueArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:work` });
});

test('the checksum over attributes is the one that AWS documents for its algorithm', async () => {
  const { client, QueueUrl } = await start();
  const sent = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', MessageAttributes: { timestamp: { DataType: 'Number', StringValue: '1493147359900' } } }));
  // The value that boto's and moto's own tests hold against the real service.
  expect(sent.MD5OfMessageAttributes).toBe('235c5c510d26fb653d073faed50ae77c');
});

test('a message whose visibility ends comes back, then goes to the dead-letter queue, and a redrive brings it home', async () => {
  const { client, QueueUrl, dead } = await start();
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }));
  const receive = async () => (await client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 8 }))).Messages?.[0];
  const first = await receive();
  await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 }));
  const second = await receive();
  expect(second?.MessageId).toBe(first?.MessageId);
  expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
  // An outdated handle deletes nothing.
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }));
  expect(await receive()).toBeUndefined();
  const buried = await client.send(new ReceiveMessageCommand({ QueueUrl: dead, VisibilityTimeout: 0, MessageSystemAttributeNames: ['DeadLetterQueueSourceArn'] }));
  expect(buried.Messages?.[0]).toMatchObject({ Body: 'poison', Attributes: { DeadLetterQueueSourceArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:work` } });
  await client.send(new StartMessageMoveTaskCommand({ SourceArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:dead` }));
  expect((await receive())?.Body).toBe('poison');
});

test('a delayed message arrives late and wakes whoever waits for it', async () => {
  const { client, QueueUrl } = await start();
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'late', DelaySeconds: 4 }));
  expect((await client.send(new ReceiveMessageCommand({ QueueUrl }))).Messages).toBeUndefined();
  const before = clock.now().getTime();
  expect((await client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }))).Messages?.[0]?.Body).toBe('late');
  expect(clock.now().getTime() - before).toBeLessThan(10_000);
});

test('batches answer for each entry, and what is too long or sent nowhere is refused', async () => {
  const { client, QueueUrl } = await start();
  const { Successful } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: '1' }, { Id: 'b', MessageBody: '2' }] }));
  expect(Successful?.map(({ Id }) => Id)).toEqual(['a', 'b']);
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  const deleted = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: [...Messages.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle })), { Id: 'bad', ReceiptHandle: 'nonsense' }] }));
  expect(deleted.Successful).toHaveLength(2);
  expect(deleted.Failed).toMatchObject([{ Id: 'bad', Code: 'ReceiptHandleIsInvalid' }]);
  await expect(client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x'.repeat(1_048_577) }))).rejects.toThrow('must be shorter');
  await expect(client.send(new SendMessageBatchCommand({ QueueUrl, Entries: ['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat(600_000) })) }))).rejects.toMatchObject({ name: 'BatchRequestTooLong' });
  await expect(client.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}-not`, MessageBody: 'x' }))).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
});

test('a lie sends nothing, a drop sends and hangs up, later sends afterwards', async () => {
  const behaviours = new Behaviours([
    { service: 'sqs', operation: 'SendMessage', effect: 'lie', times: 1 },
  ]);
  const { sqs, client, QueueUrl } = await start(behaviours);
  const send = () => client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
  await send();
  expect(sqs.queues.queue('work').messages.size).toBe(0);
  behaviours.set([{ service: 'sqs', resource: 'work', effect: 'drop', times: 1 }]);
  await expect(send()).rejects.toThrow();
  expect(sqs.queues.queue('work').messages.size).toBe(1);
  behaviours.set([{ service: 'sqs', effect: 'later', seconds: 2, times: 1 }]);
  await send();
  expect(sqs.queues.queue('work').messages.size).toBe(1);
  await clock.sleep(3000);
  expect(sqs.queues.queue('work').messages.size).toBe(2);
});

test('ten thousand messages in a file are all there after a kill, less those deleted, and what was in flight is visible again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sqs-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const open = () => createSqs({ queues: [{ name: 'work' }], account: ACCOUNT, region: REGION, clock: clockOf(), journal: journalInFile(join(folder, 'queues.jsonl')) }).queues;
  const before = open();
  for (let n = 0; n < 10_000; n += 1) before.send('work', { body: `message ${n}` });
  const taken = before.take('work', 10);
  before.delete('work', taken.slice(0, 4).map(({ message }) => message.id));
  // No close: the process is gone.
  const after = open();
  expect(after.queue('work').counts()).toEqual({ visible: 9996, inFlight: 0, delayed: 0 });
  const again = open();
  expect(again.queue('work').counts().visible).toBe(9996);
  expect(again.take('work', 6).map(({ message }) => message.receiveCount)).toEqual(Array(6).fill(2));
});

import { GetQueueAttributesCommand, GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { Deployed } from './deployed.ts';
import { until } from './until.ts';

/** Seconds between two tries of a failed message, for this check only: the stack's own six minutes would take more than half an hour. */
const SHORT_SECONDS = '2';

/** Sends a message that always fails and waits until it lies among the dead letters; answers how often it was tried. */
export const dieInTheQueue = async ({ clients: { queues }, outputs: { DeliveriesQueueUrl: QueueUrl } }: Deployed, body: string): Promise<number> => {
  const { Attributes } = await queues.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy', 'VisibilityTimeout'] }));
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(Attributes?.RedrivePolicy ?? '{}') as { deadLetterTargetArn?: string; maxReceiveCount?: number | string };
  if (!deadLetterTargetArn) throw new Error('the deliveries queue has no dead-letter queue');
  const { QueueUrl: dead } = await queues.send(new GetQueueUrlCommand({ QueueName: deadLetterTargetArn.split(':').at(-1) }));
  await queues.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: SHORT_SECONDS } }));
  try {
    await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    await until(
      async () => {
        const { Messages = [] } = await queues.send(new ReceiveMessageCommand({ QueueUrl: dead, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }));
        return Messages.find((message) => message.Body === body);
      },
      90,
      () => 'the message did not reach the dead-letter queue within 90 seconds',
    );
  } finally {
    await queues.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: Attributes?.VisibilityTimeout } }));
  }
  return Number(maxReceiveCount);
};

import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Case } from '../core/case.ts';
import type { RecordDeps } from './steps.ts';

const mostSubject = 100;

/** Publishes a case to the topic: ids, owners and words, never a value. */
export const tellTopic = async (found: Case, what: string, { clientOf, topic, configuration, log }: RecordDeps): Promise<void> => {
  const open = found.tasks.filter(({ answer }) => answer === undefined);
  const message = {
    installation: configuration.installation,
    case: found.id,
    status: found.status,
    what,
    credential: found.credential,
    outcome: found.outcome?.outcome,
    how: found.outcome?.how,
    tasks: open.map(({ id, question, owner, contact, deadline }) => ({ id, question, owner, contact, deadline })),
  };
  await clientOf(SNSClient).send(
    new PublishCommand({ TopicArn: topic, Subject: `Rescind: ${found.credential ?? found.id} ${what}`.replace(/[^\x20-\x7e]/g, ' ').slice(0, mostSubject), Message: JSON.stringify(message, null, 2) }),
  );
  log.info('told the topic', { case: found.id, what });
};

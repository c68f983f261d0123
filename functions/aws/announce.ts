import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Copy } from '../core/connector.ts';
import { errorName } from './log.ts';
import type { StepDeps } from './steps.ts';

const perCall = 10;

/** Tells consumers on the default bus which copies hold a new value, so that they can reload. A bus that is down stops nothing. */
export const announceReplaced = async (copies: readonly Copy[], caseId: string, { clientOf, log }: Pick<StepDeps, 'clientOf' | 'log'>): Promise<void> => {
  for (let start = 0; start < copies.length; start += perCall) {
    const entries = copies.slice(start, start + perCall).map(({ place, name, path }) => ({
      Source: 'rescind',
      DetailType: 'CopyReplaced',
      Resources: [place],
      Detail: JSON.stringify({ case: caseId, secret: name, arn: place, leaf: path }),
    }));
    try {
      await clientOf(EventBridgeClient).send(new PutEventsCommand({ Entries: entries }));
    } catch (error) {
      log.warn('replaced copies could not be announced', { case: caseId, error: errorName(error) });
    }
  }
};

import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { JobStarted } from '../../events/trigger.ts';
import { comesBack, endedAt, endedByItsClock } from '../core/run-end.ts';
import type { ReleaseDeps } from './lease-deps.ts';
import { markerKeyOf } from './leases.ts';
import { isConditionFailed } from './ledger.ts';

/**
 * Writes beside a run's end that the run lives again, so that who is lent something from now on is not taken for a straggler.
 * One conditional write: nothing changes where no end is known, where the end is later, or where a later return is known.
 * The next end puts it away.
 */
export const noteRunAgain = async ({ run, at }: Pick<JobStarted, 'run' | 'at'>, { leases, now }: Pick<ReleaseDeps, 'leases' | 'now'>): Promise<void> => {
  if (!comesBack(run) || Number.isNaN(Date.parse(at))) return;
  try {
    await leases.documents.send(
      new UpdateCommand({
        TableName: leases.table,
        Key: markerKeyOf(run),
        UpdateExpression: 'SET #marker.#resumed = :since',
        // both of the platform's clock: the end and the return
        ConditionExpression: '#marker.#at < :at AND (attribute_not_exists(#marker.#resumed) OR #marker.#resumed < :since)',
        ExpressionAttributeNames: { '#marker': 'marker', '#at': 'at', '#resumed': 'resumedAt' },
        ExpressionAttributeValues: { ':at': endedByItsClock({ at }, now()), ':since': endedAt({ at }, now()) },
      }),
    );
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
  }
};

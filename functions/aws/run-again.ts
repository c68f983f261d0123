import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { JobStarted } from '../../events/trigger.ts';
import { comesBack, endedAt, endedByItsClock } from '../core/run-end.ts';
import type { ReleaseDeps } from './lease-deps.ts';
import { againKeyOf, expiryOfMark } from './leases.ts';
import { isConditionFailed } from './ledger.ts';

/**
 * Writes that a run lives (again), so that who is lent something from now on is not taken for a straggler of an end before.
 * One conditional write, beside the mark of its end and not in it: either may come first. A later return stays.
 */
export const noteRunAgain = async ({ run, at }: Pick<JobStarted, 'run' | 'at'>, { leases, now }: Pick<ReleaseDeps, 'leases' | 'now'>): Promise<void> => {
  if (!comesBack(run) || Number.isNaN(Date.parse(at))) return;
  try {
    await leases.documents.send(
      new UpdateCommand({
        TableName: leases.table,
        Key: againKeyOf(run),
        // `at` by the platform's clock, as the mark of an end has it
        UpdateExpression: 'SET #at = :at, since = :since, expires = :expires',
        ConditionExpression: 'attribute_not_exists(#at) OR #at < :at',
        ExpressionAttributeNames: { '#at': 'at' },
        ExpressionAttributeValues: { ':at': endedByItsClock({ at }, now()), ':since': endedAt({ at }, now()), ':expires': expiryOfMark(now()) },
      }),
    );
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
  }
};

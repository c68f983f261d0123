import type { JobEnded } from '../../events/trigger.ts';
import { isOver } from '../core/lease.ts';
import { comesBack, endedByItsClock, endingOf, holdingRuleFor, isEndOf } from '../core/run-end.ts';
import { endLease } from './end-lease.ts';
import { sendEnd } from './ends.ts';
import { graceAfter } from './job-roles.ts';
import { rulesOf, type ReleaseDeps } from './lease-deps.ts';
import { mapLimit } from './limit.ts';

const atOnce = 16;

/**
 * Ends everything that was lent to a run, or to one job of it. The end is written down first: a lease that is being
 * registered at this moment either finds that mark or is found here. `sentAt`: milliseconds since 1970 at which its message
 * came into the queue.
 */
export const endRun = async (ended: JobEnded, deps: ReleaseDeps, signal: AbortSignal, sentAt?: number): Promise<void> => {
  const { leases, now, configuration, log } = deps;
  const heardAt = now();
  const at = endedByItsClock(ended, heardAt);
  const marker = { at, state: ended.state, source: ended.source, end: ended.end, ...(comesBack(ended.run) ? {} : { final: true }) };
  await leases.markEnded(ended.run, marker);
  const record = await leases.run(ended.run);
  // this end may be told late, or once more, when the run lives again
  const { resumedAt } = record.ended ?? {};
  const mine = record.leases.filter((lease) => lease.terms.jobRole !== true && !isOver(lease) && isEndOf({ run: ended.run, at, resumedAt }, lease));
  const failures: unknown[] = [];
  await mapLimit(mine, atOnce, (lease) => endLease(lease, endingOf(ended, now()), deps, signal).catch((error: unknown) => void failures.push(error)));
  if (holdingRuleFor(rulesOf(configuration).jobRoles, ended)) await sendEnd(deps.clientOf, deps.endsQueue, { kind: 'role', ended, heardAt: heardAt.toISOString() }, graceAfter(ended, heardAt, sentAt));
  log.info('run ended', { platform: ended.run.platform, state: ended.state, leases: mine.length });
  // the others need not wait for one that failed; the message comes again for it
  if (failures.length > 0) throw failures[0];
};

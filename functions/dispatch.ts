import { admit, type DispatchDeps } from './aws/admit.ts';
import { heed } from './aws/aws-events.ts';
import { digest } from './aws/digest.ts';
import { dispatchDeps } from './aws/composition-dispatch.ts';
import { queueLambda } from './aws/lambda.ts';
import { mapLimit } from './aws/limit.ts';
import { stored, type Message } from './aws/queue.ts';
import { admitMatch, join, type Match } from './aws/open-case.ts';
import { sweep } from './aws/sweep.ts';
import type { Report } from './core/case.ts';
import { caseIdOf } from './core/ids.ts';

const atOnce = 16;

/** Takes one message of the deliveries queue: finds what it names, opens or joins cases, starts their playbooks, wakes those that wait. */
export const handle = async (body: unknown, deps: DispatchDeps, signal: AbortSignal): Promise<void> => {
  const message = await opened(body, deps);
  switch (message?.kind) {
    case 'delivery': {
      const reports = message.findings.map(({ trigger: _, lookup, ...finding }): [Report, typeof lookup] => [
        { ...finding, delivery: message.delivery, receivedAt: message.receivedAt },
        lookup,
      ]);
      return admit(reports, message.delivery, deps, signal, (items, work) => mapLimit(items, atOnce, work));
    }
    case 'met':
      await admit([[message.report, undefined]], message.report.delivery, deps, signal, (items, work) => mapLimit(items, 1, work));
      return deps.registry.unwatch(message.fingerprint, caseIdOf(digest, message.report));
    case 'lease':
      return admitLease(message, deps);
    case 'sweep':
      return sweep(deps);
    default:
      if (typeof body === 'object' && body !== null && 'detail-type' in body) return heed(body, deps, signal);
      throw new Error('a message in the deliveries queue is neither ours nor an event: see the dead-letter queue');
  }
};

/** A lease that is not released opens a case, or joins one; one that was released after all is news to cases that are open, and opens none. */
const admitLease = async ({ report, credential: id, owner }: Extract<Message, { kind: 'lease' }>, deps: DispatchDeps): Promise<void> => {
  const colon = id.indexOf(':');
  const match: Match = { credential: { id, issuer: id.slice(0, colon), name: id.slice(colon + 1), owner, copies: [] }, proof: 'lease' };
  if (report.opening !== 'released') return admitMatch(report, match, 0, deps);
  for (const one of await deps.ledger.pointed('delivery', report.delivery)) {
    const found = await deps.ledger.load(one);
    if (found && !found.closed) await join(found, report, match, deps);
  }
};

const opened = async (body: unknown, { clientOf, bucket }: DispatchDeps): Promise<Message | undefined> => {
  if (typeof body !== 'object' || body === null || !('kind' in body)) return undefined;
  const message = body as Message;
  return message.kind === 'stored' ? stored(clientOf, bucket, message.key) : message;
};

export const handler = queueLambda(handle, dispatchDeps);

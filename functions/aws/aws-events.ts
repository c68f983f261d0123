import { awsSourceOf } from '../../events/index.ts';
import type { AwsEventSource } from '../../events/trigger.ts';
import type { Report } from '../core/case.ts';
import { isBeingWorkedOn } from '../core/case.ts';
import { deliveryIdOf } from '../core/ids.ts';
import { admit, type DispatchDeps } from './admit.ts';
import { digest } from './digest.ts';
import { wakeAll } from './executions.ts';
import { mapLimit } from './limit.ts';
import { revive } from './sweep.ts';

interface Envelope {
  'detail-type'?: unknown;
  source?: unknown;
  resources?: unknown;
  detail?: unknown;
}

const atOnce = 16;

/** The source that tells of leaks; what tells of runs goes another way. */
const parserOf = (event: object): AwsEventSource | undefined => {
  const found = awsSourceOf(event);
  return found?.tells === 'leak' ? found : undefined;
};

/** The delivery's id of what EventBridge delivers: a resend of the same detail has the same one. */
export const deliveryOfEvent = (event: object): string => deliveryIdOf(digest, parserOf(event)?.name ?? 'eventbridge', JSON.stringify((event as Envelope).detail ?? null));

/** What EventBridge put into the queue: a report, a label that moved, or a playbook that ended. */
export const heed = async (event: object, deps: DispatchDeps, signal: AbortSignal): Promise<void> => {
  const { source, 'detail-type': type, resources, detail } = event as Envelope;
  if (source === 'aws.secretsmanager' && type === 'Secret Label Updated') return rotated(resources, deps);
  if (source === 'aws.states') return ended(detail, deps);
  const parser = parserOf(event);
  const parsed = parser?.parse(event) ?? { kind: 'ignored' as const, reason: 'no source takes such events' };
  const delivery = deliveryOfEvent(event);
  if (parsed.kind !== 'triggers') {
    if (parsed.kind === 'malformed') deps.count('DeliveryRejected');
    deps.log.info('event recorded', { source: parser?.name, delivery, reason: parsed.reason });
    return deps.ledger.recordIgnored(delivery, parser?.name ?? 'eventbridge', parsed.reason);
  }
  const leaks = parsed.triggers.filter((trigger) => trigger.trigger === 'SecretLeaked');
  deps.log.info('delivery accepted', { source: parser?.name, delivery, findings: leaks.length });
  deps.count('DeliveryAccepted');
  const receivedAt = deps.now().toISOString();
  const reports = leaks.map(({ trigger: _, values: __, lookup: ___, ...finding }): [Report, undefined] => [{ ...finding, delivery, receivedAt, fingerprints: [] }, undefined]);
  await admit(reports, delivery, deps, signal, (items, work) => mapLimit(items, atOnce, work));
};

/** A label moved to a new version: whoever waits for that secret's rotation looks again. */
const rotated = async (resources: unknown, { ledger, clientOf }: DispatchDeps): Promise<void> => {
  for (const place of Array.isArray(resources) ? resources : []) if (typeof place === 'string') await wakeAll(clientOf, ledger, place);
};

/** A playbook ended. One that could not say how its case ended gets a next attempt. */
const ended = async (detail: unknown, deps: DispatchDeps): Promise<void> => {
  const { name, stateMachineArn } = (detail ?? {}) as { name?: unknown; stateMachineArn?: unknown };
  if (typeof name !== 'string') return;
  const [, id, attempt] = /^(c-[0-9a-f]+)-(\d+)$/.exec(name) ?? [];
  const found = id ? await deps.ledger.load(id) : undefined;
  if (!found || stateMachineArn !== deps.playbookFor(found.reports[0]?.source) || !isBeingWorkedOn(found) || found.attempt !== Number(attempt)) return;
  // its function may have outlived it and still act: the sweep looks at it when that one is dead for sure
  const isActing = found.lines.findLast(({ kind }) => kind === 'intent' || kind === 'acted' || kind === 'started')?.kind === 'intent';
  if (!isActing) await revive(found, 'its playbook ended without a word', deps);
};

import { sources } from '../../events/index.ts';
import type { Parsed, RunName } from '../../events/trigger.ts';
import type { Sending } from '../world/sender.ts';

/** The runs that a report says began, and those that it says are over. */
export interface RunsTold {
  began: RunName[];
  ended: RunName[];
}

const ofEvent = (body: string): Parsed | undefined => {
  let event: { source?: unknown; 'detail-type'?: unknown } | null;
  try {
    event = JSON.parse(body) as typeof event;
  } catch {
    return undefined;
  }
  const source = sources.find(
    (one) => one.transport === 'aws-event' && one.tells === 'run' && [one.pattern, one.starts].some((rule) => rule?.source.includes(String(event?.source)) && rule.detailType.includes(String(event?.['detail-type']))),
  );
  return source?.transport === 'aws-event' ? source.parse(event) : undefined;
};

const ofWebhook = (name: string, { headers, body }: Sending): Parsed | undefined => {
  const source = sources.find((one) => one.transport === 'webhook' && one.name === name);
  return source?.transport === 'webhook' ? source.parse({ method: 'POST', headers, query: {}, body: Buffer.from(body) }) : undefined;
};

/** Which runs a report tells of, as its source reads it. */
export const runsOf = (source: string, sending: Sending): RunsTold => {
  const parsed = source === 'aws-events' ? ofEvent(sending.body) : ofWebhook(source, sending);
  const triggers = parsed?.kind === 'triggers' ? parsed.triggers : [];
  return {
    began: triggers.flatMap((one) => (one.trigger === 'JobStarted' ? [one.run] : [])),
    ended: triggers.flatMap((one) => (one.trigger === 'JobEnded' ? [one.run] : [])),
  };
};

/** Whether two names mean the same attempt of a run; `named`, where it names one job, means that one only. */
export const isOfRun = (named: RunName, { platform, run, attempt, job }: RunName): boolean =>
  named.platform === platform && named.run === run && named.attempt === attempt && (named.job === undefined || named.job === job);

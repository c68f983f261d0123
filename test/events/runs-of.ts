import type { JobEnded, JobStarted, Source } from '../../events/trigger.ts';
import { sampleText } from './samples.ts';

/** A sample of the source as an object; `detail` replaces fields of its detail. */
export const eventOf = (source: Source, file: string, detail: object = {}): Record<string, unknown> & { detail: Record<string, unknown> } => {
  const event = JSON.parse(sampleText(source.name, file)) as { detail: Record<string, unknown> };
  return { ...event, detail: { ...event.detail, ...detail } };
};

/** The one run that an event tells of; throws where it tells of none. */
export const runOf = (source: Source, event: unknown): JobEnded | JobStarted => {
  if (source.transport !== 'aws-event') throw new Error('not a source of AWS events');
  const parsed = source.parse(event);
  if (parsed.kind !== 'triggers') throw new Error(parsed.reason);
  const [trigger] = parsed.triggers;
  if (parsed.triggers.length !== 1 || !trigger || trigger.trigger === 'SecretLeaked') throw new Error('not one run');
  return trigger;
};

/** The end of which an event tells; throws where it tells of something else. */
export const endOf = (source: Source, event: unknown): JobEnded => {
  const run = runOf(source, event);
  if (run.trigger !== 'JobEnded') throw new Error('not an end');
  return run;
};

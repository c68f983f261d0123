/** What the webhooks of job platforms have in common: ids that are checked, and one way to say that a run is over. */
import { bodyText, jsonValue, mediaType, type Read } from './body.ts';
import { at, isRecord, type JsonRecord } from './fields.ts';
import type { JobEnded, JobStarted, Parsed, RunName, WebhookRequest } from './trigger.ts';

/** Some platforms tell of a whole pipeline with all of its jobs. Lambda takes 6 MB, in base64. */
export const mostBytesOfRuns = 4 * 1024 * 1024;

/** Not what its type says. The reason never quotes the content. */
export const malformed = (reason: string): Parsed => ({ kind: 'malformed', reason });

/** Authentic and of no consequence. A reason `not a ... event` says that it is of a kind which this source does not hear. */
export const ignored = (reason: string): Parsed => ({ kind: 'ignored', reason });

/** The JSON object of a body whose content type is JSON of any kind, or missing. */
export const jsonBody = (request: WebhookRequest): Read<JsonRecord> => {
  const type = mediaType(request);
  if (type !== '' && !/^application\/(?:[a-z0-9.-]+\+)?json$/.test(type)) return { ok: false, reason: 'the content type must be application/json' };
  const text = bodyText(request);
  if (!text.ok) return text;
  const body = jsonValue(text.value);
  if (!body.ok) return body;
  return isRecord(body.value) ? { ok: true, value: body.value } : { ok: false, reason: 'the body is not a JSON object' };
};

/** The id at the path: 1 to 256 visible ASCII characters, or a positive whole number as text. '' for anything else. */
export const idAt = (value: unknown, ...path: string[]): string => {
  const found = at(value, ...path);
  if (typeof found === 'string') return /^[!-~]{1,256}$/.test(found) ? found : '';
  return typeof found === 'number' && Number.isSafeInteger(found) && found > 0 ? String(found) : '';
};

/** An end that is told by run, attempt and job; `again` tells it from a later end of the same, where a run can come back under its id. */
export const jobEnded = (end: Omit<JobEnded, 'trigger' | 'end'>, again: readonly string[] = []): JobEnded => {
  const { run, attempt, job }: RunName = end.run;
  // No two ends have one text: an id holds no space, and of run and `again` at most one does.
  return { trigger: 'JobEnded', ...end, end: [run, attempt, job ?? '', ...again].join(' ') };
};

/** The same as all that a message says. */
export const ended = (end: Omit<JobEnded, 'trigger' | 'end'>, again: readonly string[] = []): Parsed => ({ kind: 'triggers', triggers: [jobEnded(end, again)] });

/** All that a message says is that a run is at work, perhaps again: for platforms where a run that ended can come back under its id. */
export const started = (start: Omit<JobStarted, 'trigger'>): Parsed => ({ kind: 'triggers', triggers: [{ trigger: 'JobStarted', ...start }] });

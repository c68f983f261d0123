import { awsRunName } from '../../events/aws-run-names.ts';
import { attemptTold, type RunName } from '../../events/trigger.ts';
import type { Digest } from './ids.ts';

const runLength = 20;
const leaseLength = 16;

/** The part of a lease's id that its run decides: all leases of one attempt of a run share it. */
export const runKeyOf = (digest: Digest, { platform, run, attempt }: RunName): string => digest(JSON.stringify(['run', platform, run, attempt])).slice(0, runLength);

/** A lease's id: the same run, job, credential and holder give the same lease. */
export const leaseIdOf = (digest: Digest, run: RunName, credential: string, holder: { issuer: string; subject: string }): string =>
  `l-${runKeyOf(digest, run)}-${digest(JSON.stringify(['lease', run.job ?? '', credential, holder.issuer, holder.subject])).slice(0, leaseLength)}`;

/** The run's part of a lease's id; undefined where it is no lease's id. */
export const runKeyOfLease = (id: string): string | undefined => new RegExp(`^l-([0-9a-f]{${runLength}})-[0-9a-f]{${leaseLength}}$`).exec(id)?.[1];

const mostEarly = { share: 0.1, slackSeconds: 60, spreadSeconds: 300 };

/** A share of 1 that is the same for the same lease, from both parts of its id: many runs may be lent the same by the same holder. */
const shareOf = (id: string): number => {
  const [run = 0, own = 0] = id.split('-').slice(1).map((part) => Number.parseInt(part.slice(-8), 16) / 2 ** 32);
  return (run + own) % 1;
};

/**
 * When a lease's timer goes off: before its expiry, so that it is dead by then although EventBridge keeps time to the minute, and
 * spread, so that many leases that end on the hour do not end in one second. Earlier and never later.
 */
export const timerAt = (id: string, from: Date, expiresAt: string): Date => {
  const expiry = new Date(expiresAt).getTime();
  const seconds = Math.max(0, (expiry - from.getTime()) / 1000);
  const early = Math.min(mostEarly.slackSeconds, seconds * mostEarly.share) + shareOf(id) * Math.min(mostEarly.spreadSeconds, seconds * mostEarly.share);
  // timers know whole seconds
  return new Date(Math.floor((expiry - early * 1000) / 1000) * 1000);
};

const leastGain = { share: 0.01, milliseconds: 30_000, atAll: 1_000 };
const mostShort = 0.1;

/**
 * When a lease ends (milliseconds) whose holder wishes it to end then: at most at its maximum, never earlier than it does now.
 * Each renewal gains at least a hundredth of the longest time that it can live, or reaches the maximum, so that no holder can
 * fill the ledger: one that wishes for less is given so much, or, where it is short of next to nothing, keeps what it has, which
 * is undefined.
 */
export const renewedUntil = ({ registeredAt, expiresAt, terms }: { registeredAt: string; expiresAt: string; terms: { maximumAt: string } }, wanted: number, now: Date): number | undefined => {
  const [from, end, most] = [registeredAt, expiresAt, terms.maximumAt].map((time) => new Date(time).getTime()) as [number, number, number];
  const asked = Math.min(wanted, most);
  const least = Math.max(leastGain.milliseconds, (most - from) * leastGain.share);
  // a tenth of what is asked for is what timers take as well
  const isShort = asked === most || asked - end >= Math.min(least, (asked - now.getTime()) * mostShort);
  return asked - end >= leastGain.atAll && isShort ? Math.min(Math.max(asked, Math.ceil(end + least)), most) : undefined;
};

/** What a caller asks for, checked. */
export interface Wish {
  /** Without an attempt where none was given: the token may know. */
  run?: Omit<RunName, 'attempt'> & { attempt?: string };
  /** `run`: it ends with the whole run although the token names a job. */
  until?: 'run' | 'job';
  credential: { connector: string; id: string };
  reason: string;
  /** Seconds from now. */
  seconds: number;
}

/** Why a request is refused, for whoever sent it. Never quotes more than names of fields. */
export class Refused extends Error {
  readonly status: number;
  /** The lease that it is about, where its holder may know. */
  readonly lease: string | undefined;
  constructor(status: number, reason: string, lease?: string) {
    super(reason);
    this.name = 'Refused';
    this.status = status;
    this.lease = lease;
  }
}

const bad = (reason: string): never => {
  throw new Refused(400, reason);
};

const printable = (value: unknown, most: number): value is string => typeof value === 'string' && value.length > 0 && value.length <= most && !/[\u0000-\u001f\u007f]/.test(value);

const known = (body: Record<string, unknown>, keys: readonly string[], what: string): void => {
  const other = Object.keys(body).find((key) => !keys.includes(key));
  if (other !== undefined) bad(`${what} has a field that is not known here; it may have ${keys.join(', ')}`);
};

const objectIn = (value: unknown, what: string): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : bad(`${what} is not an object`));

/** As those who tell of ends name runs and jobs: what no end could name would only ever end by its timer. AWS alone has names in other letters. */
const isRunName = (platform: string, run: string): boolean => platform.startsWith('aws-') || /^[!-~](?:[ -~]{0,510}[!-~])?$/.test(run);
const isIdOf = (value: unknown, most: number): boolean => typeof value === 'string' && value.length <= most && /^[!-~]+$/.test(value);

const runIn = (value: unknown): Wish['run'] => {
  const run = objectIn(value, 'run');
  known(run, ['platform', 'run', 'id', 'attempt', 'job'], 'run');
  const id = run.run ?? run.id;
  const [text, attempt, job] = [id, run.attempt ?? undefined, run.job ?? undefined].map((part) => (typeof part === 'number' && Number.isSafeInteger(part) && part > 0 ? String(part) : part));
  if (!printable(run.platform, 64) || !/^[a-z0-9][a-z0-9-]*$/.test(run.platform)) bad('run.platform is not the name of a platform such as github-actions or aws-batch');
  if (!printable(text, 1024)) bad("run.run is not the platform's id of the run (1 to 1024 printable characters)");
  if (!isRunName(run.platform as string, text as string)) bad("run.run is not the platform's id of the run (1 to 512 visible ASCII characters, spaces between them)");
  if (attempt !== undefined && !isIdOf(attempt, 64)) bad('run.attempt is neither a positive whole number nor an id of 1 to 64 visible ASCII characters');
  if (job !== undefined && !isIdOf(job, 256)) bad("run.job is not the platform's id of a job (a positive whole number, or 1 to 256 visible ASCII characters)");
  const platform = run.platform as string;
  const named = awsRunName(platform, text as string);
  if ('expected' in named) return bad(`run.run is not as the events of ${platform} name a run: expected ${named.expected}`);
  return { platform, run: named.run, ...(attempt === undefined ? {} : { attempt: attemptTold(platform, attempt as string) }), ...(job === undefined ? {} : { job: job as string }) };
};

/** Seconds from now that a request asks for: `minutes`, or `expiresAt` as ISO 8601; `fallback` where it says neither. */
export const secondsIn = (body: Record<string, unknown>, now: Date, mostMinutes: number, fallback = mostMinutes): number => {
  const [minutes, expiresAt] = [body.minutes ?? undefined, body.expiresAt ?? undefined];
  if (minutes !== undefined && expiresAt !== undefined) bad('minutes and expiresAt are given; expected one of them');
  if (expiresAt !== undefined) {
    const time = typeof expiresAt === 'string' && /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(expiresAt) ? Date.parse(expiresAt) : Number.NaN;
    if (Number.isNaN(time)) bad('expiresAt is no time; expected ISO 8601 with a zone, such as 2030-01-31T12:00:00Z');
    const seconds = (time - now.getTime()) / 1000;
    if (seconds <= 0) bad('expiresAt has passed');
    if (seconds > mostMinutes * 60 + 60) bad(`expiresAt is later than ${mostMinutes} minutes from now, the most that is allowed here`);
    return Math.min(seconds, mostMinutes * 60);
  }
  if (minutes === undefined) return fallback * 60;
  if (typeof minutes !== 'number' || !Number.isFinite(minutes) || minutes <= 0) return bad('minutes is no number above 0');
  if (minutes > mostMinutes) bad(`minutes is above ${mostMinutes}, the most that is allowed here`);
  return minutes * 60;
};

/** Reads a registration. Throws `Refused` with the reason. */
export const wishOf = (value: unknown, now: Date, mostMinutes: number): Wish => {
  const body = objectIn(value, 'the body');
  known(body, ['run', 'until', 'credential', 'reason', 'minutes', 'expiresAt'], 'the body');
  const credential = objectIn(body.credential, 'credential');
  known(credential, ['connector', 'id'], 'credential');
  if (!printable(credential.connector, 64)) bad('credential.connector is not the name of a connector');
  if (!printable(credential.id, 1024)) bad("credential.id is not the issuer's id of a credential (1 to 1024 printable characters, never a value)");
  if (!printable(body.reason, 500) || body.reason.trim() === '') bad('reason is missing: say in a sentence why the run gets this credential');
  // what a client's library writes for what was not given
  const [run, until] = [body.run ?? undefined, body.until ?? undefined];
  if (until !== undefined && until !== 'run' && until !== 'job') bad('until is neither "run" nor "job"');
  return {
    ...(run === undefined ? {} : { run: runIn(run) }),
    ...(until === undefined ? {} : { until: until as 'run' | 'job' }),
    credential: { connector: credential.connector as string, id: credential.id as string },
    reason: body.reason as string,
    seconds: secondsIn(body, now, mostMinutes),
  };
};

import type { JobEnded, JobStarted, RunName } from '../../events/trigger.ts';
import type { JobRole } from './configuration.ts';
import type { Caller, Ending, Lease } from './lease.ts';

/** Platforms where a run that ended can come back under the same id: a job of a pipeline is retried, a stage of it, or an agent is asked once more. */
const comingBack = ['gitlab', 'buildkite', 'cursor', 'aws-codepipeline', 'aws-sagemaker'];

/** Whether what has this name can live again under it. A job of a run never does: a retried one has an id of its own. At SageMaker only a pipeline's execution does. */
export const comesBack = ({ platform, run, job }: Pick<RunName, 'platform' | 'run' | 'job'>): boolean =>
  job === undefined && comingBack.includes(platform) && (platform !== 'aws-sagemaker' || /^arn:[^/]+:pipeline\/[^/]+\/execution\/./.test(run));

/** What is known of an end: when it was (ISO 8601, by the platform's clock where it told a time), whether it is for ever, and since when (ISO 8601, never later than when we heard of it) the run lives again. */
export interface RunEnd {
  at: string;
  final?: boolean;
  resumedAt?: string;
}

/** Where the platform does not say that the run lives again, a caller whose token is not its platform's is taken for one of its next life from so long after its end. */
const straggleMilliseconds = 60_000;

/** When a run ended, by its platform; never later than now, whatever its clock says, and now where it does not say. ISO 8601. */
export const endedAt = ({ at }: Pick<JobEnded, 'at'>, now: Date): string => {
  const time = Date.parse(at);
  return new Date(Number.isNaN(time) ? now.getTime() : Math.min(time, now.getTime())).toISOString();
};

/** So far may a platform's clock be ahead of ours, as its tokens' may. */
const aheadMilliseconds = 60_000;

/**
 * When a run ended by its platform's own clock: what is compared with when the same clock says that a token was issued. A clock
 * that is ahead of ours is ahead for both; one that is wrong counts as a minute ahead. ISO 8601.
 */
export const endedByItsClock = ({ at }: Pick<JobEnded, 'at'>, now: Date): string => {
  const time = Date.parse(at);
  return new Date(Number.isNaN(time) ? now.getTime() : Math.min(time, now.getTime() + aheadMilliseconds)).toISOString();
};

/**
 * Whether what was lent belongs to the run's life after that end: its platform issued its token later, or, where somebody
 * else did, it was registered (milliseconds since 1970, by our clock) since the run lives again, or well after its end.
 */
export const isAfter = ({ issuedAt }: Pick<Caller, 'issuedAt'>, platform: string, ended: RunEnd, registeredAt: number): boolean => {
  if (ended.final || !comingBack.includes(platform)) return false;
  // only GitLab issues its jobs' tokens itself, by the clock that tells the end
  if (platform === 'gitlab' && issuedAt !== undefined) return issuedAt > Date.parse(ended.at);
  if (ended.resumedAt !== undefined && registeredAt >= Date.parse(ended.resumedAt)) return true;
  return registeredAt - straggleMilliseconds > Date.parse(ended.at);
};

/** Whether a run that began (or was noted) at that time has come back after that end. */
export const isResumed = ({ run, at }: Pick<JobStarted, 'run' | 'at'>, ended: { at: string }): boolean => comesBack(run) && Date.parse(at) > Date.parse(ended.at);

/** Whether an end of this run, or of this one job of it, ends that lease. */
export const isEndOf = (ended: Pick<JobEnded, 'run'> & RunEnd, { terms, by, registeredAt }: Pick<Lease, 'terms' | 'by' | 'registeredAt'>): boolean =>
  (ended.run.job === undefined || ended.run.job === terms.run.job) && !(comesBack(ended.run) && isAfter(by, terms.run.platform, ended, new Date(registeredAt).getTime()));

/** Why a run's leases end. */
export const endingOf = ({ state, source, at }: Pick<JobEnded, 'state' | 'source' | 'at'>, now: Date): Ending => ({ kind: 'run-ended', at: endedAt({ at }, now), state, source });

/** The rule that an installation opted in to for the role of such runs. A role that the event names must be the rule's. */
export const ruleFor = (rules: readonly JobRole[], { run, role, name }: Pick<JobEnded | JobStarted, 'run' | 'role' | 'name'>): JobRole | undefined =>
  rules.find((rule) => rule.platform === run.platform && (role === undefined ? rule.name !== undefined : rule.role === role) && (rule.name === undefined || rule.name === name));

/** A rule of the role that such a run has, whatever the rule's name for the runs that it ends: all of them share the role. */
export const holdingRuleFor = (rules: readonly JobRole[], { run, role, name }: Pick<JobEnded | JobStarted, 'run' | 'role' | 'name'>): JobRole | undefined =>
  rules.find((rule) => rule.platform === run.platform && (role === undefined ? rule.name !== undefined && rule.name === name : rule.role === role));

/** A run without the job that was named: what its leases are grouped by. */
export const wholeOf = ({ platform, run, attempt }: RunName): RunName => ({ platform, run, attempt });

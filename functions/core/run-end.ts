import type { JobEnded, JobStarted, RunName } from '../../events/trigger.ts';
import type { JobRole } from './configuration.ts';
import type { Caller, Ending, Lease } from './lease.ts';

/** Platforms where a run that ended can come back under the same id: a job of a pipeline is retried, a stage of it, or an agent is asked once more. */
const comingBack = ['gitlab', 'buildkite', 'cursor', 'aws-codepipeline', 'aws-sagemaker'];

/** A caller whose token is not its platform's is taken for one of the run's next life from so long after its end. */
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
 * else did, it was registered (milliseconds since 1970, by our clock) well after it.
 */
export const isAfter = ({ issuedAt }: Pick<Caller, 'issuedAt'>, platform: string, ended: { at: string }, registeredAt: number): boolean => {
  if (!comingBack.includes(platform)) return false;
  // only GitLab issues its jobs' tokens itself, by the clock that tells the end
  const born = platform === 'gitlab' && issuedAt !== undefined ? issuedAt : registeredAt - straggleMilliseconds;
  return born > Date.parse(ended.at);
};

/** Whether a run that began (or was noted) at that time has come back after that end. */
export const isResumed = ({ run, at }: Pick<JobStarted, 'run' | 'at'>, ended: { at: string }): boolean => comingBack.includes(run.platform) && Date.parse(at) > Date.parse(ended.at);

/** Whether an end of this run, or of this one job of it, ends that lease. */
export const isEndOf = (ended: Pick<JobEnded, 'run'> & { at: string }, { terms, by, registeredAt }: Pick<Lease, 'terms' | 'by' | 'registeredAt'>): boolean =>
  (ended.run.job === undefined || ended.run.job === terms.run.job) && !isAfter(by, terms.run.platform, ended, new Date(registeredAt).getTime());

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

import type { JobEnded, JobStarted } from '../../events/trigger.ts';
import type { JobRole } from '../core/configuration.ts';
import { isOver, type Caller, type Ending, type Lease } from '../core/lease.ts';
import { leaseIdOf } from '../core/lease-terms.ts';
import { endedAt, endingOf, holdingRuleFor, isResumed, ruleFor } from '../core/run-end.ts';
import { digest } from './digest.ts';
import { endLease } from './end-lease.ts';
import { rulesOf, type ReleaseDeps } from './lease-deps.ts';
import { addRoleHolder, leaveRole } from './lease-holders.ts';

/**
 * Seconds between a run's end and the look at who shares its role: a run that has just begun is heard of a little later, and
 * what died while it noted that comes again well within this time (`starts-first.ts`).
 */
export const graceSeconds = 45;

/** From so much on it is not chance that an end came late: the queue, or the bus, is behind. */
const lateSeconds = 10;
/** The most that a queue can put a message off. */
const longestSeconds = 900;

/** Seconds until that look. An end that came late tells that beginnings may come as late. `sentAt`: milliseconds since 1970 at which its message came into the queue. */
export const graceAfter = (ended: Pick<JobEnded, 'at'>, now: Date, sentAt: number = now.getTime()): number => {
  const late = (now.getTime() - Math.min(sentAt, Date.parse(endedAt(ended, now)))) / 1000;
  return Math.min(longestSeconds, graceSeconds + (late > lateSeconds ? late : 0));
};

/** A run whose end was not heard of in so many days counts no longer among those that have its role. */
const longestDays = 14;

const credentialOfRole = ({ role }: JobRole): string => `aws-role-session:${role}`;

/** A run that comes back under its id has another life, with a note of its own. */
const byPlatform = (source: string, life = ''): Caller => ({ issuer: 'aws-events', subject: life === '' ? source : `${source} ${life}` });

/** Notes that a run has a role that a rule ends for some runs: until its end it is one of the role's holders, whatever rule it has of its own. */
export const startRole = async (started: JobStarted, deps: ReleaseDeps): Promise<void> => {
  const rule = holdingRuleFor(rulesOf(deps.configuration).jobRoles, started);
  if (!rule) return;
  const { leases, now } = deps;
  const { ended, jobs } = await leases.run(started.run);
  const marker = ended ?? (started.run.job === undefined ? undefined : jobs.get(started.run.job));
  const isBack = marker !== undefined && isResumed(started, marker);
  // its end came first: if that was just now, whoever looks after the grace finds the note; else what had begun is over
  if (marker && !isBack && now().getTime() - Date.parse(marker.at) > (graceSeconds * 1000) / 2) return;
  const lease = await noted(rule, started, { life: isBack ? started.at : '', unseen: false }, deps);
  if (!isOver(lease)) await addRoleHolder(leases, lease.terms.credential, lease.id);
};

const noted = async (rule: JobRole, { run, source, name }: JobStarted | JobEnded, { life, unseen }: { life: string; unseen: boolean }, { leases, now }: ReleaseDeps): Promise<Lease> => {
  const by = byPlatform(source, life);
  const credential = credentialOfRole(rule);
  const terms = { run, credential, owner: rule.owner, reason: `the role of ${name || rule.name || 'the run'}, by an opt-in rule`, expiresAt: never, maximumAt: never, jobRole: true, ...(unseen ? { unseen: true } : {}) };
  const timerAt = new Date(now().getTime() + longestDays * 86_400_000).toISOString();
  const id = leaseIdOf(digest, run, credential, by);
  const told = await leases.tell(id, (current) => (current ? undefined : { kind: 'registered', terms, timerAt, by }));
  if (!told) throw new Error(`the note about the role of ${id} was not written at ${now().toISOString()}: it comes again`);
  return told;
};

/** A role is not lent by us: it has no time after which its sessions end by themselves. */
const never = '9999-12-31T00:00:00.000Z';

/** Ends the sessions of a run's role that were issued before its end, where a rule says so and it was the only run that had the role. */
export const endRole = async (ended: JobEnded, deps: ReleaseDeps, signal: AbortSignal, heardAt = ended.at): Promise<void> => {
  const { jobRoles } = rulesOf(deps.configuration);
  const [rule, holding] = [ruleFor(jobRoles, ended), holdingRuleFor(jobRoles, ended)];
  if (!holding) return;
  const { leases, now, count } = deps;
  const at = endedAt(ended, now());
  const why = endingOf(ended, now());
  const { leases: all } = await leases.run(ended.run);
  const held = all.filter(({ terms, registeredAt, by }) => terms.jobRole === true && terms.credential === credentialOfRole(holding) && isOfEnd(terms.run.job, ended.run.job) && !isOfLaterLife({ registeredAt, by }, ended, at, heardAt > at ? heardAt : at));
  const seen = held.filter(({ terms }) => !terms.unseen);
  for (const lease of seen) await (rule || isOver(lease) ? endLease(lease, why, deps, signal) : leave(lease, why, deps));
  // what never worked had no role, and its beginning cannot have been missed
  if (seen.length > 0 || !rule || ended.neverWorked) return;
  const unseen = held[0] ?? (await noted(rule, ended, { life: '', unseen: true }, deps));
  const note = 'its start was not heard of, so nobody knows which other runs have the role: its sessions are not cut';
  let isOurs = false;
  await leases.tell(unseen.id, (current) => ((isOurs = current !== undefined && !isOver(current)) ? { kind: 'shared', why, with: [], note } : undefined), unseen);
  if (isOurs) count('LeaseShared');
};

/** An end of the whole run is one of all its jobs. */
const isOfEnd = (job: string | undefined, ended: string | undefined): boolean => ended === undefined || job === ended;

/** Whether a note is of a life that the run has come back to: it says so, or was made so long after that end was heard of. */
const isOfLaterLife = ({ registeredAt, by }: Pick<Lease, 'registeredAt' | 'by'>, { run, source }: JobEnded, at: string, heardAt: string): boolean => {
  const life = by.subject.slice(source.length + 1);
  if (life !== '') return isResumed({ run, at: life }, { at });
  return isResumed({ run, at: registeredAt }, { at: new Date(Date.parse(heardAt) + graceSeconds * 1000).toISOString() });
};

/** A run that had the role and that no rule is about: it has it no longer, and nothing is cut. */
const leave = async (lease: Lease, why: Ending, { leases }: ReleaseDeps): Promise<void> => {
  await leaveRole(leases, lease.terms.credential, lease.id);
  await leases.tell(lease.id, (current) => (current && !isOver(current) ? { kind: 'handed-on', why, to: ['whoever else has the role: no rule ends it with this run'] } : undefined), lease);
};

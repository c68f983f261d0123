import type { JobEnded, JobStarted } from '../../events/trigger.ts';
import type { JobRole } from '../core/configuration.ts';
import { isOver, type Caller, type Lease } from '../core/lease.ts';
import { leaseIdOf } from '../core/lease-terms.ts';
import { endedAt, endingOf, isEndOf, ruleFor } from '../core/run-end.ts';
import { digest } from './digest.ts';
import { endLease } from './end-lease.ts';
import { rulesOf, type ReleaseDeps } from './lease-deps.ts';
import { addHolder } from './lease-holders.ts';

/** Seconds between a run's end and the look at who shares its role: a run that has just begun is heard of a little later. */
export const graceSeconds = 20;

const credentialOfRole = ({ role }: JobRole): string => `aws-role-session:${role}`;

const byPlatform = (source: string): Caller => ({ issuer: 'aws-events', subject: source });

/** Notes that a run has a role that ends with it: until then it is one of the role's holders. */
export const startRole = async (started: JobStarted, deps: ReleaseDeps): Promise<void> => {
  const rule = ruleFor(rulesOf(deps.configuration).jobRoles, started);
  if (!rule) return;
  const { leases } = deps;
  const record = await leases.run(started.run);
  const marker = record.ended ?? (started.run.job === undefined ? undefined : record.jobs.get(started.run.job));
  // the end came first: what had begun is over
  if (marker) return;
  const lease = await holdRole(rule, started, deps);
  if (isOver(lease)) return;
  if (!(await addHolder(leases, lease.terms.credential, lease.id))) throw new Error('the sessions of the role are being ended at this moment: the run is noted after that');
  // the end may have come between the look and the note
  const again = await leases.run(started.run);
  if (again.ended) await endLease(lease, endingOf({ state: again.ended.state, source: again.ended.source, at: again.ended.at }, deps.now()), deps, new AbortController().signal);
};

const holdRole = async (rule: JobRole, { trigger, run, source, name }: JobStarted | JobEnded, { leases, now }: ReleaseDeps): Promise<Lease> => {
  const by = byPlatform(source);
  const credential = credentialOfRole(rule);
  const terms = { run, credential, owner: rule.owner, reason: `the role of ${name || rule.name || 'the run'}, by an opt-in rule`, expiresAt: never, maximumAt: never, jobRole: true, ...(trigger === 'JobEnded' ? { unseen: true } : {}) };
  const id = leaseIdOf(digest, run, credential, by);
  const told = await leases.tell(id, (current) => (current ? undefined : { kind: 'registered', terms, by }));
  if (!told) throw new Error(`the note about the role of ${id} was not written at ${now().toISOString()}: it comes again`);
  return told;
};

/** A role is not lent by us: it has no time after which its sessions end by themselves. */
const never = '9999-12-31T00:00:00.000Z';

/** Ends the sessions of a run's role that were issued before its end, where it was the only run that had the role. */
export const endRole = async (ended: JobEnded, deps: ReleaseDeps, signal: AbortSignal): Promise<void> => {
  const rule = ruleFor(rulesOf(deps.configuration).jobRoles, ended);
  if (!rule) return;
  const { leases, now, count } = deps;
  const at = endedAt(ended, now());
  const why = endingOf(ended, now());
  const record = await leases.run(ended.run);
  const held = record.leases.find(({ terms }) => terms.jobRole === true && terms.credential === credentialOfRole(rule));
  if (held && !held.terms.unseen) {
    // one that is over may have died before it forgot its claim, and no timer comes for a role
    if (isOver(held) || isEndOf({ run: ended.run, at }, held)) await endLease(held, why, deps, signal);
    return;
  }
  const unseen = held ?? (await holdRole(rule, ended, deps));
  const note = 'its start was not heard of, so nobody knows which other runs have the role: its sessions are not cut';
  let isOurs = false;
  await leases.tell(unseen.id, (current) => ((isOurs = current !== undefined && !isOver(current)) ? { kind: 'shared', why, with: [], note } : undefined), unseen);
  if (isOurs) count('LeaseShared');
};

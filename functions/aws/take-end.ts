import { isOver, type Ending, type Lease } from '../core/lease.ts';
import { runInWords } from '../core/lease-view.ts';
import type { ReleaseDeps } from './lease-deps.ts';
import { addHolder, claimEnd, claimRole, dropHolder, forgetHolders, holdersOf, leaveRole, leaveTo, unclaimEnd } from './lease-holders.ts';
import { armTimer } from './timers.ts';

/** Of many that end at once about every other one gets through in each turn. */
const mostTurns = 16;
/** Of those that share a role, so many are looked at, for the names of their runs. */
const mostRuns = 5;
/** And so many of those that have a credential or a role are named in a line. */
const mostNamed = 10;

/** Who else has a credential: some that were seen to be not over, and those that nobody looked at. */
interface Others {
  living: Lease[];
  unread: string[];
}

/** A lease whose credential is to be taken back now, and why. */
interface Taken {
  lease: Lease;
  why: Ending;
}

/**
 * Claims a lease's credential for its end. The lease comes back where it is the last that holds it; undefined where the
 * credential lives on with others, or the lease was renewed meanwhile: that is written by then.
 */
export const takeEnd = async (lease: Lease, why: Ending, deps: ReleaseDeps): Promise<Taken | undefined> => {
  if (lease.terms.jobRole) return takeRole(lease, why, deps);
  const taken = await takeCredential(lease, why, deps);
  return taken && { lease: taken, why };
};

const takeCredential = async (lease: Lease, why: Ending, deps: ReleaseDeps): Promise<Lease | undefined> => {
  const { leases, now } = deps;
  const { credential } = lease.terms;
  for (let turn = 0; turn < mostTurns; turn += 1) {
    if (await claimEnd(leases, credential, lease.id, now())) return why.kind === 'expired' ? stillExpired(lease, deps) : lease;
    const { leases: holders, ending } = await holdersOf(leases, credential);
    if (ending !== undefined && ending !== lease.id) {
      const other = await leases.load(ending);
      // whoever ends it at this moment ends it for us as well; one that is over has died before it forgot its claim
      if (other && !isOver(other)) return handOn(lease, why, { living: [other], unread: [] }, deps);
      await forgetHolders(leases, credential, ending);
      continue;
    }
    // one is enough to know that it lives on
    const others = await othersOf(lease, holders, 1, deps);
    const [heir] = others.living;
    if (heir && (await leaveTo(leases, credential, lease.id, heir.id))) return handOn(lease, why, others, deps);
  }
  throw new Error(`who holds the credential of ${lease.id} changes faster than it can be read: it comes again`);
};

/**
 * A role's sessions are cut as of the run's end, so a run that began since does not mind; or, where ends come out of order, as of
 * the end of the last run that left the role to this one. The lease comes back where no other run had the role, and where that
 * was found before.
 */
const takeRole = async (lease: Lease, why: Ending, deps: ReleaseDeps): Promise<Taken | undefined> => {
  const { leases } = deps;
  const { credential } = lease.terms;
  if (lease.status === 'pending-revocation') return { lease, why };
  if (why.kind === 'expired') {
    await leaveRole(leases, credential, lease.id);
    return share(lease, why, { living: [], unread: [] }, 'its end was not heard of: its sessions are not cut, and it counts no longer among those that have the role', deps);
  }
  for (let turn = 0; turn < mostTurns; turn += 1) {
    const claimed = await claimRole(leases, credential, lease.id);
    if (claimed) return { lease, why: { ...why, ...(claimed.lastEnd !== undefined && claimed.lastEnd > why.at ? { cutAt: claimed.lastEnd } : {}) } };
    const others = await othersOf(lease, (await holdersOf(leases, credential)).leases, mostRuns, deps);
    if (others.living.length === 0) continue;
    await leaveRole(leases, credential, lease.id, why.at);
    return share(lease, why, others, 'the role is shared with runs that go on, so its sessions are not cut', deps);
  }
  throw new Error(`who has the role of ${lease.id} changes faster than it can be read: it comes again`);
};

/**
 * Looks at the others until so many were seen to be not over. One that is over, or that was never written, has died before it
 * left the list, and is taken off it. Each lease begins at another place: many that end at once do not all wait for the same one.
 */
const othersOf = async ({ id, terms: { credential } }: Lease, holders: readonly string[], most: number, { leases }: ReleaseDeps): Promise<Others> => {
  const others = holders.filter((other) => other !== id);
  const start = Number.parseInt(id.slice(-8), 16) % others.length || 0;
  const unread = [...others.slice(start), ...others.slice(0, start)];
  const living: Lease[] = [];
  while (living.length < most) {
    const next = unread.shift();
    if (next === undefined) break;
    const other = await leases.load(next);
    if (other && !isOver(other)) living.push(other);
    else await dropHolder(leases, credential, next);
  }
  return { living, unread };
};

const inWords = ({ living, unread }: Others): string[] => {
  const named = [...living.map(({ id, terms }) => `${id} (${runInWords(terms.run)})`), ...unread].slice(0, mostNamed);
  const more = living.length + unread.length - named.length;
  return more === 0 ? named : [...named, `${more} more`];
};

const share = async (lease: Lease, why: Ending, others: Others, note: string, { leases, count, log }: ReleaseDeps): Promise<undefined> => {
  let isOurs = false;
  await leases.tell(lease.id, (current) => ((isOurs = current !== undefined && !isOver(current)) ? { kind: 'shared', why, with: inWords(others), note } : undefined), lease);
  if (!isOurs) return undefined;
  count('LeaseShared');
  log.info('job role shared', { lease: lease.id, with: others.living.map(({ id }) => id), notLookedAt: others.unread.length });
  return undefined;
};

/** Whether a lease that was to expire was renewed since it was looked at. */
const isRenewed = (current: Lease, why: Ending, now: Date): boolean =>
  why.kind === 'expired' && current.status === 'active' && current.timerAt !== undefined && now.getTime() < new Date(current.timerAt).getTime();

const handOn = async (lease: Lease, why: Ending, others: Others, deps: ReleaseDeps): Promise<undefined> => {
  const { leases, log, now } = deps;
  // whether it was renewed is looked up; any other end is the same whatever happened since
  const known = why.kind === 'expired' ? undefined : lease;
  const write = (isLost: boolean) =>
    leases.tell(lease.id, (current) => (current === undefined || isOver(current) || (!isLost && isRenewed(current, why, now())) ? undefined : { kind: 'handed-on', why, to: inWords(others) }), known);
  const current = await write(false);
  const isKept = current !== undefined && isRenewed(current, why, now());
  // its holder was told that it lives on: it takes its place among the holders again, unless that is too late
  if (isKept) {
    if (await addHolder(leases, lease.terms.credential, lease.id)) await armTimer(current, deps, { isNew: true });
    else await write(true);
  }
  log.info(isKept ? 'lease was renewed in time' : 'lease handed on', { lease: lease.id, to: others.living.map(({ id }) => id), notLookedAt: others.unread.length });
  return undefined;
};

/** After the claim a renewal can no longer be accepted; one that came before it counts, and the claim is given back. */
const stillExpired = async (lease: Lease, deps: ReleaseDeps): Promise<Lease | undefined> => {
  const { leases, now, log } = deps;
  const { credential } = lease.terms;
  const current = await leases.load(lease.id);
  if (!current || isOver(current)) {
    // it was ended between our look and our claim
    await forgetHolders(leases, credential, lease.id);
    return undefined;
  }
  if (current.status !== 'active' || current.timerAt === undefined || now().getTime() >= new Date(current.timerAt).getTime()) return current;
  await unclaimEnd(leases, credential, lease.id);
  await armTimer(current, deps, { isNew: true });
  log.info('lease was renewed in time', { lease: lease.id, until: current.expiresAt });
  return undefined;
};

import { isOver, runInWords, type Ending, type Lease } from '../core/lease.ts';
import type { ReleaseDeps } from './lease-deps.ts';
import { addHolder, claimEnd, claimRole, dropHolder, forgetHolders, holdersOf, leaveHolders, leaveRole, unclaimEnd } from './lease-holders.ts';
import { armTimer } from './timers.ts';

const mostTurns = 8;
const mostShown = 20;

/**
 * Claims a lease's credential for its end. The lease comes back where it is the last that holds it; undefined where the
 * credential lives on with others, or the lease was renewed meanwhile: that is written by then.
 */
export const takeEnd = async (lease: Lease, why: Ending, deps: ReleaseDeps): Promise<Lease | undefined> => {
  const { leases, now } = deps;
  const { credential } = lease.terms;
  if (lease.terms.jobRole) return takeRole(lease, why, deps);
  for (let turn = 0; turn < mostTurns; turn += 1) {
    if (await claimEnd(leases, credential, lease.id, now())) return why.kind === 'expired' ? stillExpired(lease, deps) : lease;
    const { leases: holders, ending } = await holdersOf(leases, credential);
    if (ending !== undefined && ending !== lease.id) {
      // whoever ends it at this moment ends it for us as well; one that is over has died before it forgot its claim
      if ((await living([ending], credential, deps)).length > 0) return handOn(lease, why, [ending], deps);
      await forgetHolders(leases, credential, ending);
      continue;
    }
    const others = await living(holders.filter((id) => id !== lease.id), credential, deps);
    if (others.length > 0 && (await leaveHolders(leases, credential, lease.id))) return handOn(lease, why, others, deps);
  }
  throw new Error(`who holds the credential of ${lease.id} changes faster than it can be read: it comes again`);
};

/**
 * A role's sessions are cut as of the run's end, so a run that began since does not mind. The lease comes back where no
 * other run had the role, and where that was found before.
 */
const takeRole = async (lease: Lease, why: Ending, deps: ReleaseDeps): Promise<Lease | undefined> => {
  const { leases } = deps;
  const { credential } = lease.terms;
  if (lease.status === 'pending-revocation') return lease;
  if (why.kind === 'expired') {
    await leaveRole(leases, credential, lease.id);
    return share(lease, why, [], 'its end was not heard of: its sessions are not cut, and it counts no longer among those that have the role', deps);
  }
  for (let turn = 0; turn < mostTurns; turn += 1) {
    if (await claimRole(leases, credential, lease.id)) return lease;
    const others = await living((await holdersOf(leases, credential)).leases.filter((id) => id !== lease.id), credential, deps);
    if (others.length === 0) continue;
    await leaveRole(leases, credential, lease.id);
    return share(lease, why, others, 'the role is shared with runs that go on, so its sessions are not cut', deps);
  }
  throw new Error(`who has the role of ${lease.id} changes faster than it can be read: it comes again`);
};

/** Holders that are not over. One that is, or that was never written, has died before it left the list, and is taken off it. */
const living = async (holders: readonly string[], credential: string, { leases }: ReleaseDeps): Promise<string[]> => {
  const alive: string[] = [];
  for (const id of holders) {
    // one is enough to know that it lives on
    if (alive.length >= mostShown) break;
    const other = await leases.load(id);
    if (other && !isOver(other)) alive.push(id);
    else await dropHolder(leases, credential, id);
  }
  return alive;
};

const inWords = async (ids: readonly string[], { leases }: ReleaseDeps): Promise<string[]> => {
  const others = await Promise.all(ids.map(async (id) => [id, await leases.load(id)] as const));
  return others.map(([id, other]) => (other ? `${id} (${runInWords(other.terms.run)})` : id));
};

const share = async (lease: Lease, why: Ending, to: readonly string[], note: string, deps: ReleaseDeps): Promise<undefined> => {
  const { leases, count, log } = deps;
  const runs = await inWords(to, deps);
  let isOurs = false;
  await leases.tell(lease.id, (current) => ((isOurs = current !== undefined && !isOver(current)) ? { kind: 'shared', why, with: runs, note } : undefined), lease);
  if (!isOurs) return undefined;
  count('LeaseShared');
  log.info('job role shared', { lease: lease.id, to });
  return undefined;
};

/** Whether a lease that was to expire was renewed since it was looked at. */
const isRenewed = (current: Lease, why: Ending, now: Date): boolean =>
  why.kind === 'expired' && current.status === 'active' && current.timerAt !== undefined && now.getTime() < new Date(current.timerAt).getTime();

const handOn = async (lease: Lease, why: Ending, to: readonly string[], deps: ReleaseDeps): Promise<undefined> => {
  const { leases, log, now } = deps;
  const runs = await inWords(to, deps);
  const write = (isLost: boolean) =>
    leases.tell(lease.id, (current) => (current === undefined || isOver(current) || (!isLost && isRenewed(current, why, now())) ? undefined : { kind: 'handed-on', why, to: runs }));
  const current = await write(false);
  const isKept = current !== undefined && isRenewed(current, why, now());
  // its holder was told that it lives on: it takes its place among the holders again, unless that is too late
  if (isKept) {
    if (await addHolder(leases, lease.terms.credential, lease.id)) await armTimer(current, deps, { isNew: true });
    else await write(true);
  }
  log.info(isKept ? 'lease was renewed in time' : 'lease handed on', { lease: lease.id, to });
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

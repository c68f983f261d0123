import { isOver, runInWords, type Ending, type Lease } from '../core/lease.ts';
import type { ReleaseDeps } from './lease-deps.ts';
import { claimEnd, dropHolder, holdersOf, leaveHolders, unclaimEnd } from './lease-holders.ts';
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
  for (let turn = 0; turn < mostTurns; turn += 1) {
    if (await claimEnd(leases, credential, lease.id, now())) return why.kind === 'expired' ? stillExpired(lease, deps) : lease;
    const { leases: holders, ending } = await holdersOf(leases, credential);
    // whoever ends it at this moment ends it for us as well
    if (ending !== undefined && ending !== lease.id) return handOn(lease, why, [ending], deps);
    const others = await living(holders.filter((id) => id !== lease.id), credential, deps);
    if (others.length > 0 && (await leaveHolders(leases, credential, lease.id))) return handOn(lease, why, others, deps);
  }
  throw new Error(`who holds the credential of ${lease.id} changes faster than it can be read: it comes again`);
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

const handOn = async (lease: Lease, why: Ending, to: readonly string[], deps: ReleaseDeps): Promise<undefined> => {
  const { leases, count, log } = deps;
  const others = await Promise.all(to.map(async (id) => [id, await leases.load(id)] as const));
  const runs = others.map(([id, other]) => (other ? `${id} (${runInWords(other.terms.run)})` : id));
  const isRole = lease.terms.jobRole === true;
  let isOurs = false;
  await leases.tell(lease.id, (current) => {
    isOurs = current !== undefined && !isOver(current);
    if (!isOurs) return undefined;
    return isRole ? { kind: 'shared', why, with: runs, note: 'the role is shared with runs that go on, so its sessions are not cut' } : { kind: 'handed-on', why, to: runs };
  }, lease);
  if (!isOurs) return undefined;
  if (isRole) count('LeaseShared');
  log.info(isRole ? 'job role shared' : 'lease handed on', { lease: lease.id, to });
  return undefined;
};

/** After the claim a renewal can no longer be accepted; one that came before it counts, and the claim is given back. */
const stillExpired = async (lease: Lease, deps: ReleaseDeps): Promise<Lease | undefined> => {
  const { leases, now, log } = deps;
  const current = await leases.load(lease.id);
  if (!current || isOver(current)) return undefined;
  if (current.status !== 'active' || current.timerAt === undefined || now().getTime() >= new Date(current.timerAt).getTime()) return current;
  await unclaimEnd(leases, lease.terms.credential, lease.id);
  await armTimer(current, deps, { isNew: true });
  log.info('lease was renewed in time', { lease: lease.id, until: current.expiresAt });
  return undefined;
};

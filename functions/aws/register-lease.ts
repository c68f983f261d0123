import type { RunName } from '../../events/trigger.ts';
import { isOver, type Caller, type Ending, type Lease, type LeaseEntry, type Terms } from '../core/lease.ts';
import { leaseIdOf, Refused, renewedUntil, timerAt } from '../core/lease-terms.ts';
import { isAfter } from '../core/run-end.ts';
import { digest } from './digest.ts';
import { sendEnd } from './ends.ts';
import { rulesOf, type LeaseDeps } from './lease-deps.ts';
import { addHolder, dropClaim, holdersOf } from './lease-holders.ts';
import type { EndMarker, RunRecord } from './leases.ts';
import { armTimer } from './timers.ts';

/** What is lent, checked, to a caller who may. */
export interface Lending {
  run: RunName;
  /** The caller did not say which attempt it is, of a platform that counts them: the first was taken. */
  isAttemptGuessed?: boolean;
  credential: string;
  owner: string;
  /** As its issuer sees it now. */
  principal?: string;
  account?: string;
  reason: string;
  seconds: number;
  by: Caller;
}

/** Leases that one attempt of a run can have. */
const mostOfRun = 200;

const beingEnded = 'this credential is being taken back at this moment: it cannot be lent';

/** What its holder is told who asks for it again. */
export const refusedAsOver = ({ id, status }: Lease): Refused => new Refused(409, `this lease is over (${status}), as ${id}: a new credential is another lease`, id);

/** The same while that goes on. */
export const refusedAsEnding = ({ id }: Pick<Lease, 'id'>): Refused => new Refused(409, `${beingEnded}, as lease ${id}`, id);

/** The end that is known of a run or of that job of it, as far as it is later than what the caller's token belongs to. */
const endFor = ({ ended, jobs }: Pick<RunRecord, 'ended' | 'jobs'>, { run, by }: Pick<Lending, 'run' | 'by'>, registeredAt: number): EndMarker | undefined =>
  [ended, run.job === undefined ? undefined : jobs.get(run.job)].find((marker) => marker !== undefined && !isAfter(by, run.platform, marker, registeredAt));

/**
 * Registers a lease, or finds the one that the same request made before. A run that is over gets nothing: what was asked
 * for is ended at once, so that nothing stays alive. Throws `Refused`. Every line may be run again.
 */
export const register = async (lending: Lending, deps: LeaseDeps): Promise<{ lease: Lease; isNew: boolean }> => {
  const { leases, configuration, now, count, log } = deps;
  const { run, credential, by } = lending;
  const id = leaseIdOf(digest, run, credential, by);
  const record = await leases.run(run);
  const known = record.leases.find((lease) => lease.id === id);
  if (known && isOver(known)) throw refusedAsOver(known);
  // a later attempt may be at work with what is named: nothing is taken back for that
  if (lending.isAttemptGuessed && record.ended) throw new Refused(409, `attempt ${run.attempt} of this run is over (${record.ended.state}), and the request does not say which attempt it is of: name run.attempt`);
  if (!known && record.leases.length >= mostOfRun) throw new Refused(409, `the run has ${mostOfRun} leases, the most that one run can have`);
  const { lease, isNew } = known ? { lease: known, isNew: false } : await written(id, lending, deps);
  // the same request at the same moment may have been answered, and its lease have ended, since the look
  if (isOver(lease)) throw refusedAsOver(lease);
  // a head that was not written keeps a lease off every list and every sweep
  if (!isNew) await leases.project(lease);
  await armTimer(lease, deps, { isNew });
  if (!(await addHolder(leases, credential, id)) && !(await takeOver(lease, deps))) await beEnded(lease, deps);
  // the end may have come between the look and the line: whoever writes second sees the other
  const registeredAt = new Date(lease.registeredAt).getTime();
  const over = endFor(record, lending, registeredAt) ?? endFor(await leases.run(run), lending, registeredAt);
  if (over) await endAtOnce(lease, over, deps);
  if (isNew) {
    count('LeaseRegistered');
    log.info('lease registered', { lease: id, platform: run.platform, connector: credential.slice(0, credential.indexOf(':')), maximumMinutes: rulesOf(configuration).maximumMinutes, at: now().toISOString() });
  }
  return { lease, isNew };
};

/** The lease with its first line; `isNew` for the one of several that wrote it. */
const written = async (id: string, { run, credential, owner, principal, account, reason, seconds, by }: Lending, { leases, configuration, now }: LeaseDeps): Promise<{ lease: Lease; isNew: boolean }> => {
  const from = now();
  const expiresAt = new Date(from.getTime() + seconds * 1000).toISOString();
  const terms: Terms = { run, credential, owner, ...(principal === undefined ? {} : { principal }), ...(account === undefined ? {} : { account }), reason, expiresAt, maximumAt: new Date(from.getTime() + rulesOf(configuration).maximumMinutes * 60_000).toISOString() };
  let isNew = false;
  const lease = await leases.tell(id, (current) => (!(isNew = current === undefined) ? undefined : { kind: 'registered', terms, timerAt: timerAt(id, from, expiresAt).toISOString(), by }));
  if (!lease) throw new Error('the lease was not written');
  return { lease, isNew };
};

/** Takes a place among the holders where the lease that claimed the end is over itself, and has died before it forgot its claim. */
const takeOver = async ({ id, terms }: Lease, { leases }: LeaseDeps): Promise<boolean> => {
  const { ending } = await holdersOf(leases, terms.credential);
  const other = ending === undefined ? undefined : await leases.load(ending);
  if (ending !== undefined && (!other || !isOver(other))) return false;
  if (ending !== undefined) await dropClaim(leases, terms.credential, ending);
  return addHolder(leases, terms.credential, id);
};

/** The credential is being ended: by an end of this very lease, which goes on, or by another's, and then nothing was lent. */
const beEnded = async (lease: Lease, { leases }: LeaseDeps): Promise<never> => {
  const { ending } = await holdersOf(leases, lease.terms.credential);
  if (ending !== lease.id) await leases.tell(lease.id, (current) => (current && !isOver(current) ? { kind: 'refused', reason: beingEnded } : undefined), lease);
  throw refusedAsEnding(lease);
};

const endAtOnce = async (lease: Lease, { at, state, source }: EndMarker, { clientOf, endsQueue, count, log }: LeaseDeps): Promise<never> => {
  const why: Ending = { kind: 'run-was-over', at, state, source };
  await sendEnd(clientOf, endsQueue, { kind: 'end', lease: lease.id, why });
  count('LeaseRefused');
  log.warn('lease of a run that is over', { lease: lease.id });
  throw new Refused(409, `the run is over (${state}): what was to be lent to it is taken back at once, as lease ${lease.id}`, lease.id);
};

/** Moves a lease's expiry to so many seconds from now, as far as `renewedUntil` says. An ending that has begun wins. Throws `Refused`. */
export const renew = async (lease: Lease, seconds: number, by: Caller, deps: LeaseDeps): Promise<Lease> => {
  const { leases, now } = deps;
  const record = await leases.run(lease.terms.run);
  if (isOver(lease) || lease.status !== 'active') throw new Refused(409, `this lease is over (${lease.status})`);
  if (endFor(record, { run: lease.terms.run, by: lease.by }, new Date(lease.registeredAt).getTime())) throw new Refused(409, 'the run is over: its leases end');
  const from = now();
  const renewal = (current: Lease): LeaseEntry | undefined => {
    const until = renewedUntil(current, from.getTime() + seconds * 1000, from);
    if (until === undefined) return undefined;
    const expiresAt = new Date(until).toISOString();
    return { kind: 'renewed', expiresAt, timerAt: timerAt(lease.id, from, expiresAt).toISOString(), by };
  };
  if (renewal(lease) === undefined) return lease;
  // as it is when the line is written: many renewals at one moment gain no more than one
  const told = await leases.tell(lease.id, (current) => (current?.status === 'active' ? renewal(current) : undefined), lease);
  if (told?.status !== 'active') throw new Refused(409, 'this lease has just ended');
  await armTimer(told, deps, { isNew: false });
  // an end that was claimed before our line was written does not know of it
  const { ending, leases: holders } = await holdersOf(leases, lease.terms.credential);
  if (ending !== undefined) throw new Refused(409, beingEnded);
  // and one that is through has left no claim behind
  if (!holders.includes(lease.id) && (await leases.load(lease.id))?.status !== 'active') throw new Refused(409, 'this lease has just ended');
  return told;
};

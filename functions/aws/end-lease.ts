import { isOver, type Ending, type Lease, type LeaseEntry } from '../core/lease.ts';
import { endingInWords, runInWords } from '../core/lease-view.ts';
import { caseReason, deathAfter, dueAfter, mustAct, noteOf, type Tried } from '../core/lease-move.ts';
import type { ConnectorFacts, Context, Issuer } from '../core/connector.ts';
import { sendEnd } from './ends.ts';
import { credentialOf, type ReleaseDeps } from './lease-deps.ts';
import { dropHolder, forgetHolders } from './lease-holders.ts';
import { takeEnd } from './take-end.ts';
import { errorSays } from './log.ts';
import { noticing } from './notices.ts';
import { heard } from './silence.ts';
import { enqueue } from './queue.ts';
import { deleteTimer } from './timers.ts';

/** Probes that are due within this time are waited for here; later ones come as a message. */
const patienceMilliseconds = 2_000;
const mostProbes = 12;
/** Delays up to this are a message's; for longer ones, and for lost messages, there is the sweep by the minute. */
const mostDelaySeconds = 60;
const sweepSeconds = 90;

const bare: ConnectorFacts['settleSeconds'] = { typical: 0, max: 0 };

/**
 * Ends one lease: takes its credential back unless others hold it, and records it as released only when it was seen dead.
 * Every line of it may be run again. What it cannot finish stays pending, is tried again, and becomes a case.
 */
export const endLease = async (found: Lease, why: Ending, deps: ReleaseDeps, signal: AbortSignal): Promise<void> => {
  if (isOver(found)) return tidy(found, deps);
  const { leases, configuration, clientOf, timers } = deps;
  const reason = found.ending ?? why;
  // a role's time is kept by the sweep alone
  const stopTimer = async (): Promise<void> => (found.timerAt === undefined || found.terms.jobRole ? undefined : deleteTimer(clientOf, timers, found.id));
  if (configuration.mode === 'observe') {
    await leases.tell(found.id, (current) => (current && !isOver(current) ? { kind: 'observed', why: reason } : undefined), found);
    // it may have been claimed in mode enforce
    await forgetHolders(leases, found.terms.credential, found.id);
    await dropHolder(leases, found.terms.credential, found.id);
    return stopTimer();
  }
  const taken = await takeEnd(found, reason, deps);
  if (taken) return settle(taken.lease, taken.why, deps, signal, stopTimer);
  // one that expired may have been renewed: its timer is its new one
  if (reason.kind !== 'expired') await stopTimer();
};

/** What a crash right after the release may have left undone. */
const tidy = async (lease: Lease, deps: ReleaseDeps): Promise<void> => {
  // a list may show it as it was before
  await deps.leases.project(lease);
  if (lease.status !== 'released' || !lease.ending) return;
  await forgetHolders(deps.leases, lease.terms.credential, lease.id);
  if (lease.case !== undefined) await report(lease, lease.ending, 'released', released, deps);
};

const released = 'it was released after all';

const settle = async (lease: Lease, why: Ending, deps: ReleaseDeps, signal: AbortSignal, stopTimer: () => Promise<void>): Promise<void> => {
  const { leases, issuers, now, log, count } = deps;
  const credential = credentialOf(actedName(lease, why));
  const issuer = issuers.get(credential.issuer);
  const settleSeconds = issuer?.facts({ owner: lease.terms.owner }).settleSeconds ?? bare;
  const tried = await noticing(
    () => attempt(lease, credential.id, issuer, settleSeconds, deps, signal),
    async (noticed) => noticed.forEach(() => count('ProviderThrottled')),
  );
  heard(issuers, credential.issuer, tried.error === undefined, now());
  const verdict = deathAfter(lease, tried, settleSeconds);
  let isOurs = false;
  const write = (entry: LeaseEntry, first?: () => Promise<unknown>): Promise<Lease | undefined> => leases.tell(lease.id, (current) => ((isOurs = current !== undefined && !isOver(current)) ? entry : undefined), lease, first);
  if (verdict?.verdict === 'dead') {
    const acted = tried.acted ?? lease.act?.acted;
    let stopping: Promise<void> | undefined;
    // before lists show it: where a crash comes between, the list still has it, and the sweep comes by. The timer goes beside
    const forget = async (): Promise<void> => {
      stopping = stopTimer();
      stopping.catch(() => undefined);
      await forgetHolders(leases, lease.terms.credential, lease.id);
    };
    await write({ kind: 'released', why, ...(acted ? { acted } : {}), probes: tried.acted ? tried.probes : [...lease.probes, ...tried.probes], basis: verdict.basis, note: verdict.note }, forget);
    if (!stopping) await forget();
    await stopping;
    if (lease.case !== undefined) await report(lease, why, 'released', released, deps);
    // several events about one end may be handled side by side: it is one release
    if (!isOurs) return;
    count('LeaseReleased');
    log.info('lease released', { lease: lease.id, tries: lease.tries + 1, why: why.kind });
    return;
  }
  const toCase = caseReason(lease, tried, verdict, now());
  if (toCase !== undefined) await report(lease, why, 'ended', toCase, deps);
  const due = dueAfter(lease, tried, verdict, now());
  const seconds = (due - now().getTime()) / 1000;
  const isMessage = seconds <= mostDelaySeconds;
  const told = await write({ kind: 'tried', why, ...tried, note: noteOf(tried, verdict), nextAt: new Date(due).toISOString(), dueAt: new Date(due + (isMessage ? sweepSeconds * 1000 : 0)).toISOString() });
  if (toCase !== undefined) await noteCase(lease.id, toCase, deps, told);
  if (isMessage) await sendEnd(deps.clientOf, deps.endsQueue, { kind: 'again', lease: lease.id }, seconds);
  await stopTimer();
  count('LeasePending');
  log.warn('lease not released yet', { lease: lease.id, tries: lease.tries + 1, verdict: verdict?.verdict, error: tried.error });
};

const noteCase = (id: string, reason: string, { leases }: ReleaseDeps, known?: Lease): Promise<unknown> =>
  leases.tell(id, (current) => (current && current.case === undefined ? { kind: 'case', case: `/cases?delivery=${id}`, reason } : undefined), known);

/** Makes a case of a pending lease whose issuer is not even asked at this moment, once it has been pending for too long. */
export const openCaseOf = async (lease: Lease, why: Ending, deps: ReleaseDeps): Promise<void> => {
  const reason = caseReason(lease, { probes: [], error: 'its issuer leaves all unanswered' }, undefined, deps.now());
  if (reason === undefined) return;
  await report(lease, why, 'ended', reason, deps);
  await noteCase(lease.id, reason, deps, lease);
};

/**
 * A role's sessions end as of the run's end, or of the last that shared the role: later ones are another run's. A platform that tells whole seconds cuts them off,
 * and the run may have got its last session within that second.
 */
const actedName = ({ terms }: Lease, { at, cutAt = at }: Ending): string => {
  if (!terms.credential.startsWith('aws-role-session:') || /@\d{4}-\d\d-\d\dT[^@]*$/.test(terms.credential)) return terms.credential;
  const time = new Date(cutAt).getTime();
  return `${terms.credential}@${new Date(time % 1000 === 0 ? time + 1000 : time).toISOString()}`;
};

const attempt = async (lease: Lease, id: string, issuer: Issuer | undefined, settleSeconds: ConnectorFacts['settleSeconds'], deps: ReleaseDeps, signal: AbortSignal): Promise<Tried> => {
  const { now, sleep } = deps;
  const tried: Tried = { probes: [] };
  const { owner, principal, account } = lease.terms;
  const credential = credentialOf(id, { owner, principal, account });
  if (!issuer?.revoke) return { probes: [], acted: { result: 'refused', reason: `no connector takes back what ${credential.issuer} issues`, meanwhile: 'it lives until its issuer ends it' } };
  const context = contextOf(lease, deps, signal);
  try {
    if (mustAct(lease, settleSeconds)) {
      tried.acted = await issuer.revoke(credential, context);
      tried.actedAt = now().getTime();
    }
    for (let verdict = deathAfter(lease, tried, settleSeconds); verdict?.verdict === 'not-yet' && tried.probes.length < mostProbes; verdict = deathAfter(lease, tried, settleSeconds)) {
      const wait = verdict.probeAt - now().getTime();
      if (wait > patienceMilliseconds) break;
      if (wait > 0) await sleep(wait, signal);
      const probed = await issuer.probe(credential, undefined, context);
      tried.probes.push({ at: now().getTime(), probed });
    }
  } catch (error) {
    tried.error = errorSays(error);
  }
  return tried;
};

const contextOf = (lease: Lease, { leases, now, sleep }: ReleaseDeps, signal: AbortSignal): Context => ({
  case: lease.id,
  round: 0,
  now,
  sleep,
  signal,
  binding: { owner: lease.terms.owner },
  intent: {
    noted: lease.lines.flatMap((line) => (line.kind === 'noted' ? [line.fact] : [])),
    note: async (fact) => void (await leases.tell(lease.id, (current) => (current && !isOver(current) ? { kind: 'noted', fact } : undefined))),
  },
});

/** Brings a lease before dispatch: a case opens for it, or looks again. The delivery by which the case is found is the lease's id. */
const report = async (lease: Lease, why: Ending, opening: 'ended' | 'released', what: string, { clientOf, deliveriesQueue, now }: ReleaseDeps): Promise<void> => {
  const { credential, owner, run, account } = lease.terms;
  const { issuer, name } = credentialOf(actedName(lease, why));
  await enqueue(clientOf, deliveriesQueue, {
    kind: 'lease',
    credential: `${issuer}:${name}`,
    owner,
    report: {
      source: 'leases',
      delivery: lease.id,
      receivedAt: now().toISOString(),
      finding: lease.id,
      opening,
      at: why.at,
      where: runInWords(run),
      kind: `${endingInWords(why)}; ${what}`,
      claim: 'verified',
      ...(account === undefined ? {} : { account }),
      names: [{ issuer, id: credential.slice(credential.indexOf(':') + 1) }],
      fingerprints: [],
      trigger: why.kind === 'expired' ? 'LeaseExpired' : 'JobEnded',
    },
  });
};

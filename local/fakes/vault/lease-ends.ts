import type { BackendAnswer, VaultCall } from './answers.ts';
import { dueAt } from './life.ts';
import type { StoredLease, VaultChange, VaultState } from './state.ts';
import type { VaultWorld } from './world.ts';

type Backend = VaultCall['backend'];

/** What the server says of an engine that failed, before the engine's own words. */
export const ofEngine = 'failed to revoke entry: resp: (*logical.Response)(nil) err: ';

const patch = (lease: StoredLease, fields: Partial<StoredLease>): VaultChange => ({ op: 'patch', table: 'leases', key: lease.id, fields });

/** The lease is over at the server; whether its credential is dead too is as the backend did. */
export const gone = (lease: StoredLease, backend: BackendAnswer): VaultChange => patch(lease, { gone: true, alive: backend === 'done' ? false : lease.alive });

const attempts = (lease: StoredLease, from: number, now: number, { retrySeconds = 10, attempts: most = 6 }: NonNullable<VaultWorld['revocation']>, backend: Backend): VaultChange[] => {
  let { attempts: made } = lease;
  for (let at = from; ; ) {
    if (at > now) return made === lease.attempts ? [] : [patch(lease, { attempts: made, nextAttemptAt: at })];
    const answer = backend(lease);
    if (typeof answer === 'string') return [gone(lease, answer)];
    made += 1;
    if (made >= most) return [patch(lease, { attempts: made, irrevocable: `out of retries: ${ofEngine}${answer.error}` })];
    at += retrySeconds * 2 ** (made - 1) * 1000;
  }
};

/** What has become, until now, of leases whose end is due: gone, tried again later, or irrevocable. */
export const settledLeases = (leases: readonly StoredLease[], state: VaultState, now: number, timing: VaultWorld['revocation'] = {}, backend: Backend): VaultChange[] =>
  leases.flatMap((lease) => {
    if (lease.gone || lease.irrevocable !== undefined) return [];
    const first = dueAt(lease, state) + (timing.queueSeconds ?? 0.2) * 1000;
    return first > now && lease.nextAttemptAt === undefined ? [] : attempts(lease, lease.nextAttemptAt ?? first, now, timing, backend);
  });

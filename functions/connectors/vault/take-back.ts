import type { Acted, Context } from '../../core/connector.ts';
import { VaultFailed, type Answer } from './answer.ts';
import { irrevocableUnder } from './left.ts';
import { nothing } from './kind.ts';
import type { Visit } from './visit.ts';

/** The order to take something back. `under` is the lease, or the prefix. */
export interface Order {
  path: string;
  body: Record<string, unknown>;
  namespace: string;
  under: string;
}

/** Whether an order was taken: done, or (202) queued. */
export const isTaken = ({ status }: Pick<Answer, 'status'>): boolean => status === 204 || status === 200 || status === 202;

const pendingSeconds = 15;
const afterwardsMilliseconds = 5_000;

/**
 * Gives the order and waits for its end. The answer is a success, or says that what is behind a lease did not give in; undefined
 * where none came: the engine behind may hang, and the vault waits for it.
 */
export const order = ({ path, body, namespace }: Order, visit: Visit): Promise<Answer | undefined> =>
  unlessSilent(visit.ask({ method: 'POST', path, namespace, body: { ...body, sync: true }, isWaitedFor: true }), visit);

/** An answer; undefined where none came. */
const unlessSilent = async (asked: Promise<Answer>, { signal }: Visit): Promise<Answer | undefined> => {
  try {
    return await asked;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof VaultFailed && error.isUnanswered) return undefined;
    throw error;
  }
};

/**
 * What becomes of leases that are there after the order, or of which it was not answered: those that the vault has given up are
 * counted, kept as evidence and reported; the others are queued, once, and the vault goes on trying. A vault that still waits for
 * the engine does not answer that order either: it is given anew with the next try. Takes five seconds at most, whatever the order took. Force is never used: it makes the vault forget a credential that lives.
 */
export const stillThere = async (given: Order, what: string, visit: Visit, { intent }: Context): Promise<Acted> => {
  const afterwards = visit.anew(afterwardsMilliseconds);
  const found = await irrevocableUnder(given.under, given.namespace, afterwards);
  const isHopeless = found?.leases.includes(given.under) ?? false;
  if (!isHopeless && !intent.noted.some(({ queued }) => queued === true)) {
    // a synchronous order ends at the first lease that fails: queued, every one gets its tries
    const queued = await unlessSilent(afterwards.ask({ method: 'POST', path: given.path, namespace: given.namespace, body: { ...given.body, sync: false } }), visit);
    if (!queued) return { result: 'pending', note: `${what}: the engine behind holds the vault up, and so does the order to go on trying; it is given again`, seconds: pendingSeconds };
    if (!isTaken(queued)) return { result: 'refused', reason: `${what}, and the vault did not take the order to go on trying (status ${queued.status})`, meanwhile: nothing };
    await intent.note({ queued: true });
  }
  if (found && found.irrevocable > 0) {
    await intent.note(found);
    const refused = {
      result: 'refused' as const,
      reason: `${what}, and the vault has given up on ${found.irrevocable} of ${found.irrevocable === 1 ? 'it' : 'them'} as irrevocable: mend the engine behind ${given.under}, then revoke again (sys/leases?type=irrevocable lists why)`,
      meanwhile: 'nothing of ours: what the engine gave out works until it is removed there',
      evidence: found,
    };
    return refused;
  }
  const note = `${what}: the engine behind did not give in yet, and the vault goes on trying${found ? '' : '; whether it has given up on some could not be seen (let our token read sys/leases, with sudo)'}`;
  return { result: 'pending', note, seconds: pendingSeconds, evidence: { queued: true } };
};

import type { Child, Issuer } from '../core/connector.ts';
import { deliveryIdOf } from '../core/ids.ts';
import { digest } from './digest.ts';
import type { IndexDeps } from './index-secret.ts';
import { errorSays } from './log.ts';
import { dropLook, getLook, type Look } from './looks.ts';
import { enqueue, type SealedFinding } from './queue.ts';

/** For how long after it was due a look that fails is tried again; then that nobody can be asked is itself a report. */
const patienceMilliseconds = 6 * 3_600_000;
const mostNamed = 3;

/**
 * Asks an issuer again what was minted from a credential whose case ended green. What is not accounted for is reported like any
 * other leak, so that a case opens that is not green. Forgets the look only when that is sent; keeps it where the issuer could not be asked.
 */
export const lookAgain = async (due: Pick<Look, 'case' | 'due'>, deps: IndexDeps, signal: AbortSignal): Promise<void> => {
  const { ledger, clientOf, deliveriesQueue, log, now } = deps;
  const look = await getLook(ledger, due);
  // sent twice, and done by the other one
  if (!look) return;
  const { case: caseId } = look;
  const seen = await asked(look, deps.issuers.get(look.credential.issuer), deps, signal);
  if ('failed' in seen && now().getTime() - new Date(look.due).getTime() < patienceMilliseconds) {
    log.warn('late look failed', { case: caseId, error: seen.failed });
    return;
  }
  // a case that ended green had none of these
  const late = 'failed' in seen ? 'its issuer cannot be asked what was minted from it' : namesOf(seen.children.filter(({ accounted }) => !accounted));
  if (late !== '') {
    const delivery = deliveryIdOf(digest, 'rescind', caseId);
    await enqueue(clientOf, deliveriesQueue, { kind: 'delivery', delivery, source: 'rescind', receivedAt: now().toISOString(), findings: [findingOf(look, late)] });
    log.warn('something came to light late', { case: caseId, delivery });
  }
  await dropLook(ledger, look);
};

const asked = async (look: Look, issuer: Issuer | undefined, { now, sleep }: IndexDeps, signal: AbortSignal): Promise<{ children: Child[] } | { failed: string }> => {
  try {
    return { children: (await issuer?.watch?.({ ...look.credential, copies: [] }, new Date(look.since), { now, sleep, signal })) ?? [] };
  } catch (error) {
    signal.throwIfAborted();
    return { failed: errorSays(error) };
  }
};

const namesOf = (children: readonly Child[]): string => [...children.slice(0, mostNamed).map(({ id, how }) => `${id} (${how})`), ...(children.length > mostNamed ? [`${children.length - mostNamed} more`] : [])].join(', ');

/** Our own report: the case that it opens asks the issuer itself. */
const findingOf = ({ case: caseId, credential }: Look, late: string): SealedFinding => ({
  trigger: 'SecretLeaked',
  source: 'rescind',
  finding: caseId,
  opening: 'looked again',
  at: '',
  where: `case ${caseId}, looked at again after it was contained: ${late}`,
  kind: 'late child',
  claim: 'issuer',
  names: [{ issuer: credential.issuer, id: credential.name }],
  account: credential.account,
  fingerprints: [],
});

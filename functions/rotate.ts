import { announceReplaced } from './aws/announce.ts';
import { putWaker } from './aws/claims.ts';
import { stepDeps } from './aws/composition-steps.ts';
import { wake } from './aws/executions.ts';
import { lambda } from './aws/lambda.ts';
import { perform, type StepDeps } from './aws/steps.ts';
import type { Next, Step } from './core/step.ts';

/** Replaces the value at its bound copies: by the issuer where it can make a successor, else by the store's own rotation. */
export const handle = async (step: Step, deps: StepDeps, signal: AbortSignal): Promise<Next> => {
  const next = await perform('rotate', step, deps, signal, async ({ credential, issuer, found }, context) => {
    const opens = (value: string) => issuer?.probe(credential, value, context) ?? Promise.resolve({ verdict: 'unknown' as const, basis: 'value' as const, control: false, note: 'nobody knows its issuer' });
    const acted = issuer?.rotate ? await issuer.rotate(credential, deps.store, context) : await deps.store.rotate(credential.copies, opens, context);
    if ('replaced' in acted) await announceReplaced(acted.replaced ?? [], found.id, deps);
    if (acted.result === 'pending' && acted.wakes && step.token) await putWaker(deps.ledger, acted.wakes, step, step.token, deps.now());
    return acted;
  });
  // it was finished before anybody could be woken: wake the waiting state ourselves
  if (step.token && next.next !== 'await') await wake(deps.clientOf, step.token, step);
  return next;
};

export const handler = lambda(handle, stepDeps);

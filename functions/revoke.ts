import { stepDeps } from './aws/composition-steps.ts';
import { lambda } from './aws/lambda.ts';
import { perform, type StepDeps } from './aws/steps.ts';
import type { Next, Step } from './core/step.ts';

/** Deletes a credential for good. The plan lets this happen only to one that was proven dead. */
export const handle = (step: Step, deps: StepDeps, signal: AbortSignal): Promise<Next> =>
  perform('revoke', step, deps, signal, async ({ credential, issuer }, context) => {
    if (!issuer?.revoke) return { result: 'refused', reason: 'its issuer cannot revoke', meanwhile: 'it stays contained' };
    return issuer.revoke(credential, context);
  });

export const handler = lambda(handle, stepDeps);

import { stepDeps } from './aws/composition-steps.ts';
import { lambda } from './aws/lambda.ts';
import { perform, type StepDeps } from './aws/steps.ts';
import type { Next, Step } from './core/step.ts';

/** Stops a credential in a way that can be taken back: deactivates, denies, suspends. */
export const handle = (step: Step, deps: StepDeps, signal: AbortSignal): Promise<Next> =>
  perform('contain', step, deps, signal, async ({ credential, issuer }, context) => {
    if (!issuer?.contain) return { result: 'refused', reason: 'its issuer cannot contain', meanwhile: 'nothing' };
    return issuer.contain(credential, context);
  });

export const handler = lambda(handle, stepDeps);

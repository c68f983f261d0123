import { stepDeps } from './aws/composition-steps.ts';
import { reveal } from './aws/held.ts';
import { lambda } from './aws/lambda.ts';
import { contextOf, stepping, superseded, workOf, type StepDeps } from './aws/steps.ts';
import { valueFor } from './core/held-value.ts';
import { moveOf, nextOf, patienceSeconds } from './core/run.ts';
import type { Next, Step } from './core/step.ts';

/** Tries whether the credential still opens its door, as often and as late as its issuer's facts ask, and records each answer. */
export const handle = (step: Step, deps: StepDeps, signal: AbortSignal): Promise<Next> =>
  stepping('probe', step, deps, async () => {
    const work = await workOf(step, deps);
    if (!work) return superseded(step);
    let { found } = work;
    let value: { known: string | undefined } | undefined;
    for (let move = moveOf(found, deps.now()); move.next === 'probe'; move = moveOf(found, deps.now())) {
      const wait = move.at - deps.now().getTime();
      if (wait > patienceSeconds * 1000) break;
      if (wait > 0) await deps.sleep(wait, signal);
      value ??= { known: valueFor(work.credential, found, await reveal(deps.clientOf, deps.ledger, found.reports.flatMap(({ held }) => held ?? []))) };
      const probed = await (work.issuer?.probe(work.credential, value.known, contextOf(work, 'probe', step, deps, signal)) ??
        Promise.resolve({ verdict: 'unknown' as const, basis: 'value' as const, control: false, note: 'nobody knows its issuer' }));
      found = await deps.ledger.tell(step.case, () => ({ kind: 'probed', attempt: step.attempt, probed }), found);
    }
    return nextOf(found, step.attempt, deps.now());
  });

export const handler = lambda(handle, stepDeps);

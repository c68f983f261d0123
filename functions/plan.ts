import { planDeps } from './aws/composition-steps.ts';
import { lambda } from './aws/lambda.ts';
import { overLimitOf } from './aws/limits.ts';
import { credentialOfCase, stepping, superseded, type StepDeps } from './aws/steps.ts';
import { bindingOf } from './core/identify.ts';
import type { Case } from './core/case.ts';
import { circumstancesOf } from './core/circumstances.ts';
import { planOf } from './core/plan.ts';
import { claimSoFar, moveOf, nextOf } from './core/run.ts';
import type { Next, Step } from './core/step.ts';

/** How often one call plans anew because of what came meanwhile. */
const mostLooks = 5;

/** Decides which action the case's credential gets, in which order and why; over a limit, or in doubt, it asks. */
export const handle = (step: Step, deps: StepDeps, signal: AbortSignal): Promise<Next> =>
  stepping('plan', step, deps, async () => {
    let found = await deps.ledger.load(step.case);
    // what came while it was planned is planned for as well
    for (let look = 0; look < mostLooks && found?.attempt === step.attempt && moveOf(found, deps.now()).next === 'plan'; look += 1) found = await planned(found, step, deps, signal);
    return found?.attempt === step.attempt ? nextOf(found, step.attempt, deps.now()) : superseded(step);
  });

/** The case with a plan; or as it stands where somebody wrote meanwhile what the plan does not know of. */
const planned = async (found: Case, step: Step, deps: StepDeps, signal: AbortSignal): Promise<Case> => {
  const known = await credentialOfCase(found, deps);
  const issuer = deps.issuers.get(known.issuer);
  const { binding } = bindingOf(known, deps.configuration);
  const seen = issuer
    ? await issuer.find(known, { case: found.id, round: 0, now: deps.now, sleep: deps.sleep, signal, binding, intent: { noted: [], note: async () => undefined } })
    : { exists: true, note: 'nobody knows its issuer' };
  const credential = { ...known, principal: seen.principal ?? known.principal, account: known.account ?? seen.account };
  const circumstances = circumstancesOf(found, credential, issuer, seen, deps.configuration, deps.now());
  const settle = circumstances.facts.settleSeconds;
  const first = planOf({ ...circumstances, claim: claimSoFar(found, settle, deps.now()) });
  const counts = first.decision === 'act' && first.steps.some(({ verb }) => verb !== 'probe');
  const overLimit = counts ? await overLimitOf(found, deps) : [];
  const plan = overLimit.length === 0 ? first : planOf({ ...circumstances, claim: claimSoFar(found, settle, deps.now()), overLimit });
  const isKnown = (current: Case): boolean => current.attempt === step.attempt && !current.lines.slice(found.lines.length).some(({ kind }) => kind === 'joined' || kind === 'answered');
  const told = await deps.ledger.tell(step.case, (current) => (isKnown(current) && moveOf(current, deps.now()).next === 'plan' ? { kind: 'planned', attempt: step.attempt, plan } : undefined), found);
  deps.log.info('planned', { case: step.case, decision: plan.decision, steps: plan.steps.map(({ verb }) => verb) });
  return told;
};

export const handler = lambda(handle, planDeps);

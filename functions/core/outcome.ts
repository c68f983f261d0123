import type { Case, Outcome, OutcomeKind, Status } from './case.ts';
import { childrenOf, claimSoFar, deathOf, killingVerbOf } from './run.ts';
import { looseSuccessorsOf, unfinishedOf } from './unfinished.ts';

/** The outcome of a case's credential, from its lines alone. Undefined where nothing was planned for one. */
export const outcomeOf = (found: Case, now: Date): Outcome | undefined => {
  const { plan, credential } = found;
  if (!plan || !credential) return undefined;
  const { outcome, how } = judged(found, now);
  const children = childrenOf(found);
  const green = (outcome === 'confirmed' || outcome === 'attested') && children.every(({ accounted }) => accounted);
  return { credential, outcome, how, green, children };
};

const judged = (found: Case, now: Date): { outcome: OutcomeKind; how: string } => {
  const plan = found.plan;
  if (!plan) return { outcome: 'unconfirmed', how: 'nothing was planned' };
  // a key that was killed is dead, whatever was refused besides
  const killing = killingVerbOf(plan);
  const refused = found.lines.findLast((line) => line.kind === 'acted' && line.n > found.since && line.verb === killing && line.acted.result === 'refused');
  if (refused?.kind === 'acted' && refused.acted.result === 'refused') {
    return { outcome: 'irrevocable', how: `${refused.acted.reason}. Meanwhile: ${refused.acted.meanwhile}` };
  }
  const probes = plan.steps.some(({ verb }) => verb === 'probe');
  const verdict = plan.decision === 'record' ? claimSoFar(found, plan.facts.settleSeconds, now) : probes ? deathOf(found, plan) : undefined;
  if (!verdict) return { outcome: 'unconfirmed', how: 'nobody can show that the old value is dead' };
  switch (verdict.verdict) {
    case 'dead':
      return verdict.basis === 'value'
        ? { outcome: 'confirmed', how: `the old value was used and refused, a control was accepted: ${verdict.note}` }
        : { outcome: 'attested', how: `no value to use; its issuer's own record says dead: ${verdict.note}` };
    case 'alive':
      return { outcome: 'unconfirmed', how: `the old value still opens the door: ${verdict.note}` };
    case 'unknown':
      return { outcome: 'unconfirmed', how: `death was not seen: ${verdict.note}` };
    case 'not-yet':
      return { outcome: 'unconfirmed', how: 'the work ended before death could be seen' };
  }
};

/** How a case ends. Never green by default: only a green outcome makes it `contained`, and only where every step of its plan ended. */
export const statusOf = (found: Case, outcome: Outcome | undefined): { status: Status; note: string } => {
  const { plan } = found;
  if (!plan) return { status: 'not-contained', note: 'it could not be planned' };
  const undone = [...unfinishedOf(found).map(({ what }) => what), ...looseSuccessorsOf(found)];
  // an attempt that does nothing does not make good what an earlier one left
  if (plan.decision !== 'act' && !outcome?.green && undone.length > 0) return { status: 'not-contained', note: undone.join('; ') };
  if (plan.decision === 'observe') return { status: 'observed', note: 'mode observe: nothing was touched' };
  if (plan.decision === 'ask') return { status: 'not-contained', note: 'nobody answered in time' };
  if (outcome?.green && undone.length > 0) return { status: 'not-contained', note: `it is dead, but ${undone.join('; ')}` };
  const isDead = outcome?.outcome === 'confirmed' || outcome?.outcome === 'attested';
  // what was dead before we came may have opened something all the same
  if (plan.decision === 'record' && !isDead) return { status: 'closed', note: plan.reasons[0] ?? 'recorded, not acted upon' };
  if (outcome?.green) return { status: 'contained', note: plan.decision === 'record' ? 'it was dead already: recorded, nothing done' : outcome.how };
  if (outcome && isDead) {
    const loose = outcome.children.filter(({ accounted }) => !accounted).map(({ id }) => id);
    return { status: 'not-contained', note: `it is dead, but what it opened is not accounted for: ${loose.join(', ')}` };
  }
  return { status: 'not-contained', note: outcome?.how ?? 'no outcome' };
};

/** What remains for a person, one sentence each: the plan's rest, refusals, doubts, children. */
export const remainingOf = (found: Case, outcome: Outcome | undefined): string[] => {
  const remaining = [...(found.plan?.decision === 'act' ? found.plan.remaining : [])];
  for (const line of found.lines) {
    if (line.kind !== 'acted' || line.n <= found.since) continue;
    if (line.acted.result === 'ask') remaining.push(line.acted.question);
    if (line.acted.result === 'done') for (const { copy, reason } of line.acted.left ?? []) if (copy.bound) remaining.push(`${copy.name}: ${reason}`);
  }
  if (outcome?.outcome === 'irrevocable') remaining.push(`${outcome.credential} cannot be taken back by us: ${outcome.how}`);
  // a plan that knew from the start that death cannot be seen has said so, and what to do about it
  const isSaid = outcome !== undefined && remaining.some((what) => what.startsWith(outcome.how));
  if (outcome?.outcome === 'unconfirmed' && found.plan?.decision === 'act' && !isSaid) remaining.push(`${outcome.credential}: ${outcome.how}`);
  // who cannot take a credential back cannot replace it either: that is one task, not two
  const undone = outcome?.outcome === 'irrevocable' ? [] : unfinishedOf(found).flatMap(({ what, isSaid: alreadySaid }) => (alreadySaid ? [] : [what]));
  if (undone.length > 0) remaining.push(`${found.credential ?? 'it'}: ${undone.join('; ')}. Mend the reason and let it be reported again, or finish it by hand`);
  remaining.push(...looseSuccessorsOf(found));
  for (const child of outcome?.children ?? []) if (!child.accounted) remaining.push(`${child.id}: ${child.how}`);
  return [...new Set(remaining)];
};

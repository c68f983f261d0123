import { ownNames, type Configuration } from './configuration.ts';
import type { Binding, ConnectorFacts, Copy, Credential, Found } from './connector.ts';
import type { Proof, Report } from './case.ts';
import type { Verdict } from './verdict.ts';

export type PlannedStep =
  /** Is the reported value real, or is it dead already? Nothing has been touched before it. */
  | { verb: 'probe'; purpose: 'claim' }
  /** Is the reported value this very credential's? Tried once, so that nobody makes us act on somebody else's. */
  | { verb: 'probe'; purpose: 'pair' }
  | { verb: 'contain' }
  | { verb: 'rotate'; by: 'issuer' | 'store'; mayRepeat: boolean; ifAliveOnly: boolean }
  | { verb: 'probe'; purpose: 'death' }
  /** Only a key that was proven dead is deleted; without a condition it is what kills. */
  | { verb: 'revoke'; onlyIf?: 'dead' };

/** Which action the credential gets, in which order, and why; or why none. */
export interface Plan {
  /** The credential as it was when this was planned: acts and probes work with these places. */
  credential: Credential;
  binding: Binding;
  decision: 'act' | 'ask' | 'observe' | 'record';
  steps: PlannedStep[];
  /** One sentence per thing that decided. */
  reasons: string[];
  /** Copies that will get the new value, and those that are reported and never written. */
  bound: Copy[];
  unbound: Copy[];
  /** What a person is asked, where the decision is `ask`. */
  question?: string;
  /** Names this plan: an approval of another plan does not count. */
  about: string;
  facts: ConnectorFacts;
  /** What remains for a person even if everything goes well. */
  remaining: string[];
}

/** What the issuer's connector can do, as far as plans care. */
export interface Abilities {
  contain: boolean;
  revoke: boolean;
  rotate: boolean;
  /** Whether there is a connector at all that can show death. */
  probe: boolean;
}

export interface Circumstances {
  credential: Credential;
  reports: readonly Report[];
  proof: Proof | undefined;
  binding: Binding;
  /** Whether the owner's configuration wants a person's word first. */
  approval: boolean;
  abilities: Abilities;
  facts: ConnectorFacts;
  found: Found;
  /** Whether a value is held with which the credential can be tried. */
  held: boolean;
  /** What probes of the reported value said before anything was touched. */
  claim: Verdict | undefined;
  /** Set where an earlier case of this credential ended green. */
  again: boolean;
  /** Which limits this one would break, in words; empty where none. */
  overLimit: readonly string[];
  configuration: Configuration;
  /** Answers to earlier questions, newest last. */
  answers: readonly { about: string; answer: string }[];
  now: Date;
}

/** Facts of an issuer that nobody knows: nothing can be shown. */
export const unknownIssuerFacts: ConnectorFacts = {
  effect: 'manual',
  settleSeconds: { typical: 0, max: 0 },
  reversible: false,
  old: 'lives',
  containBeforeRotate: 'breaks-rotation',
  needsValue: true,
  children: 'unknown',
  reach: 'credential',
  rate: { per: 'account' },
};

/** Decides what happens to one credential. Pure: the same circumstances give the same plan. */
export const planOf = (c: Circumstances): Plan => {
  const bound = c.credential.copies.filter((copy) => copy.bound);
  const unbound = c.credential.copies.filter((copy) => !copy.bound);
  const { steps, reasons, remaining } = stepsOf(c, bound);
  const plan: Plan = { credential: c.credential, binding: c.binding, decision: 'act', steps, reasons, bound, unbound, about: '', facts: c.facts, remaining };
  for (const { name, path } of unbound) {
    reasons.push(`${name} also holds the value and is not in the configuration: it is reported and never written`);
    remaining.push(`look at ${name}${path ? ` (${path})` : ''}: it holds the leaked value and nobody vouched for it`);
  }
  const withAbout = (decided: Partial<Plan>): Plan => {
    const whole = { ...plan, ...decided };
    return { ...whole, about: aboutOf(c.credential.id, whole) };
  };
  const dont = reasonNotToAct(c);
  if (dont) return withAbout({ decision: 'record', steps: [], reasons: [dont, ...reasons] });
  if (needsClaim(c) && c.claim?.verdict !== 'alive') {
    const undecided = c.claim === undefined || c.claim.verdict === 'not-yet';
    if (undecided && c.held && c.abilities.probe) {
      return withAbout({ steps: [{ verb: 'probe', purpose: 'claim' }], reasons: ['the reported value is tried first, before anything is touched', ...reasons] });
    }
    if (c.claim?.verdict === 'dead') {
      return withAbout({ decision: 'record', steps: [], reasons: [`the reported value is dead already: ${c.claim.note}`] });
    }
  }
  const doubts = doubtsOf(c);
  if (doubts.length > 0) {
    const asking = withAbout({ decision: 'ask', reasons: [...doubts, ...reasons], question: `${doubts.join('; ')}. Shall Rescind act on ${c.credential.id} (${steps.map(({ verb }) => verb).join(', ')})?` });
    const answer = c.answers.filter(({ about }) => about === asking.about).at(-1)?.answer;
    if (answer === 'reject') return { ...asking, decision: 'record', steps: [], reasons: ['a person said no', ...asking.reasons] };
    if (answer !== 'approve') return c.configuration.mode === 'observe' ? { ...asking, decision: 'observe' } : asking;
    reasons.unshift('a person said yes');
  }
  return withAbout({ decision: c.configuration.mode === 'observe' ? 'observe' : 'act' });
};

/** A superseded value, or one that was proven dead before, is tried first: it may be dead already. */
const needsClaim = (c: Circumstances): boolean =>
  c.proof === 'name' || c.again || (c.proof === 'value' && c.credential.copies.length > 0 && c.credential.copies.every(({ current }) => !current));

const stepsOf = (c: Circumstances, bound: readonly Copy[]): { steps: PlannedStep[]; reasons: string[]; remaining: string[] } => {
  const steps: PlannedStep[] = [];
  const reasons: string[] = [];
  const remaining: string[] = [];
  // it was seen dead since, and may be lent again by now: it is looked at and not touched
  if (c.proof === 'lease' && c.reports.some(({ trigger, opening }) => trigger !== undefined && opening === 'released')) {
    reasons.push('its lease was released after all: whether it is dead is looked at once more');
    return { steps: [{ verb: 'probe', purpose: 'death' }], reasons, remaining };
  }
  // a lent credential goes for good
  if (c.proof === 'lease' && c.abilities.revoke) {
    reasons.push('it was lent to a run that is over');
    return { steps: [{ verb: 'revoke' }, { verb: 'probe', purpose: 'death' }], reasons, remaining };
  }
  if (c.abilities.contain) {
    if (c.held && c.proof === 'value') steps.push({ verb: 'probe', purpose: 'pair' });
    const replaceable = c.abilities.rotate && bound.some(({ current }) => current);
    const newFirst = replaceable && c.binding.newKeyFirst === true && c.found.slotFree === true;
    if (newFirst) {
      steps.push({ verb: 'rotate', by: 'issuer', mayRepeat: false, ifAliveOnly: false });
      reasons.push('the owner wants the new key first, and a slot is free');
    }
    steps.push({ verb: 'contain' }, { verb: 'probe', purpose: 'death' });
    if (replaceable && !newFirst) {
      if (c.found.slotFree === false && !(c.abilities.revoke && c.binding.deleteProvenDead)) {
        remaining.push('its copies still hold the dead key: there is no free slot for a successor. Delete a key of this user, or allow the deletion of keys proven dead, and rotate');
        reasons.push('no slot is free for a successor and the configuration does not allow to delete a key that is proven dead');
      } else {
        if (c.found.slotFree === false) {
          steps.push({ verb: 'revoke', onlyIf: 'dead' });
          reasons.push('no slot is free: the dead key is deleted, as the configuration allows once it is proven dead');
        }
        steps.push({ verb: 'rotate', by: 'issuer', mayRepeat: false, ifAliveOnly: false });
      }
    }
    return { steps, reasons, remaining };
  }
  if (c.credential.copies.length > 0 && !c.abilities.probe && !c.credential.copies.some(({ current }) => current)) {
    reasons.push('none of its copies holds it as the current value any more: there is nothing to replace');
  } else if (c.credential.copies.length > 0) {
    steps.push({ verb: 'rotate', by: 'store', mayRepeat: c.abilities.probe && c.facts.old !== 'dies-after-grace', ifAliveOnly: false });
    reasons.push(c.abilities.probe ? 'its issuer takes nothing back on request: a rotation must replace the value, and a probe must show that the old one is dead' : 'nobody knows its issuer: the value is replaced where it is kept, and nobody can show that the old one is dead');
  } else {
    remaining.push('no copy of it is known, and its issuer takes nothing back on request: take it back by hand');
  }
  if (c.abilities.probe) steps.push({ verb: 'probe', purpose: 'death' });
  if (!c.abilities.probe) remaining.push('nobody can show that the old value is dead: find out who issued it, see that it is refused there, and declare a probe');
  return { steps, reasons, remaining };
};

const reasonNotToAct = (c: Circumstances): string | undefined => {
  const { configuration, credential } = c;
  const names = [credential.id, credential.name, ...credential.copies.map(({ name }) => name)];
  if (configuration.canaries.some((canary) => names.includes(canary))) return 'it is a canary by our configuration: it stays where it is';
  if (c.proof !== 'value' && c.reports.every(({ caution }) => caution !== undefined)) return `its sender marks it as ${c.reports[0]?.caution}: recorded, not acted upon`;
  return undefined;
};

const doubtsOf = (c: Circumstances): string[] => {
  const doubts: string[] = [];
  const { configuration, credential } = c;
  const names = [credential.id, credential.name, ...credential.copies.map(({ name }) => name)];
  if (ownNames(configuration).some((own) => names.includes(own))) doubts.push("it is one of Rescind's own");
  const exempt = configuration.exemptions.find((e) => (e.credential === credential.id || e.credential === credential.name) && new Date(e.until) > c.now);
  if (exempt) doubts.push(`it is exempt until ${exempt.until} (${exempt.reason})`);
  if (c.reports.some(({ caution }) => caution === 'canary')) doubts.push('a sender says that it is a canary, yet the value is one of ours');
  const owners = new Set(credential.copies.flatMap(({ owner }) => owner ?? []));
  if (owners.size > 1) doubts.push(`its value is kept by ${owners.size} unrelated owners (${[...owners].sort().join(', ')}): a common value is not an identity`);
  if (c.proof === undefined || (c.proof === 'name' && c.claim?.verdict !== 'alive')) {
    doubts.push(c.claim && c.claim.verdict !== 'not-yet' ? `only its name was reported, and the value beside it proves nothing (${c.claim.note})` : 'only its name was reported: a name is not proof');
  }
  if (c.claim?.verdict === 'unknown' && c.proof === 'value' && !c.abilities.contain) doubts.push(`whether the old value still opens anything could not be seen (${c.claim.note})`);
  if (c.proof === 'value' && c.claim?.verdict === 'unknown' && c.claim.mismatch) doubts.push(`the reported value is kept beside this key and is not its own (${c.claim.note})`);
  if (c.approval) doubts.push("its owner's configuration wants a person's word first");
  doubts.push(...c.overLimit);
  return doubts;
};

/** A short name of what would be done: it changes when the steps or the places change. */
const aboutOf = (credential: string, { steps, bound }: Plan): string =>
  [credential, ...steps.map((step) => `${step.verb}${'by' in step ? `-${step.by}` : ''}`), ...bound.map(({ place, path }) => `${place}#${path}`).sort()].join('|').slice(0, 900);

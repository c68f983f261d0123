import { caseOf, type ActVerb, type Case } from './case.ts';
import type { Acted } from './connector.ts';
import { lastOf, linesOf, moveOf } from './run.ts';

/** A step of a plan that did not end as planned. */
export interface Unfinished {
  /** One sentence without an end, for a person. */
  what: string;
  /** Whether tasks of its own say so already: the connector's question, or a copy that was left. */
  isSaid: boolean;
}

const wanting: Record<ActVerb, string> = {
  contain: 'it was not contained by us',
  rotate: 'its successor was not written everywhere',
  revoke: 'it was not deleted',
};

/**
 * What of a plan that acts did not end: acts that failed for good, were refused, wait for somebody, or left a bound copy
 * behind. A later plan that does nothing leaves undone what an earlier attempt left. Empty where everything ended or the plan
 * itself leaves the rest to a person.
 */
export const unfinishedOf = (found: Case): Unfinished[] => {
  const { plan } = found;
  if (plan?.decision !== 'act') return found.since === 0 ? [] : unfinishedOf(caseOf(found.id, found.lines.filter(({ n }) => n < found.since)));
  const verbs = new Set(plan.steps.flatMap(({ verb }) => (verb === 'probe' ? [] : [verb])));
  const unfinished = [...verbs].flatMap((verb): Unfinished[] => {
    const last = lastOf(found, verb);
    const why = whyOf(found, verb, last);
    return why === undefined ? [] : [{ what: `${wanting[verb]}: ${why}`, isSaid: last?.result === 'ask' || last?.result === 'done' }];
  });
  if (unfinished.length > 0) return unfinished;
  const { next } = moveOf(found, new Date(found.lines.at(-1)?.at ?? 0));
  return next === 'record' ? [] : [{ what: `the work ended before its last step (${next === 'probe' ? 'one more look' : next})${failureOf(found, next)}`, isSaid: false }];
};

const whyOf = (found: Case, verb: ActVerb, last: Acted | undefined): string | undefined => {
  switch (last?.result) {
    case undefined:
      return `the work ended before that${failureOf(found, verb)}`;
    case 'pending':
      return `it is still under way: ${last.note}`;
    case 'ask':
      return last.question;
    case 'refused':
      return last.reason;
    case 'done': {
      const left = (last.left ?? []).filter(({ copy, unread }) => copy.bound && !unread);
      return left.length === 0 ? undefined : left.map(({ copy, reason }) => `${copy.name}: ${reason}`).join('; ');
    }
    case 'already':
      return undefined;
  }
};

/** The last error of a step in brackets, where it threw. */
const failureOf = (found: Case, step: string): string => {
  const failed = linesOf(found).findLast((line) => line.kind === 'failed' && line.step === step);
  return failed?.kind === 'failed' ? ` (${failed.error})` : '';
};

const factsOf = (found: Case): Record<string, unknown>[] => found.lines.flatMap((line) => (line.kind === 'noted' && line.verb === 'rotate' ? [line.fact] : []));

/** The ids of successors that were noted as made and neither as deleted nor as finished. */
export const looseIdsOf = (found: Case): string[] => {
  const facts = factsOf(found);
  const finished = found.lines.flatMap((line) => (line.kind === 'acted' && 'evidence' in line.acted && line.acted.evidence ? [line.acted.evidence.created] : []));
  const settled = new Set<unknown>([...facts.map(({ deleted }) => deleted), ...finished]);
  const loose = facts.flatMap(({ created }) => (typeof created === 'string' && !settled.has(created) ? [created] : []));
  return [...new Set(loose)];
};

/** One sentence for each loose successor that tells a person what to do about it. */
export const looseSuccessorsOf = (found: Case): string[] => {
  const facts = factsOf(found);
  return looseIdsOf(found).map((id) => {
    const places = facts.flatMap(({ written, key }) => (key === id ? [written] : []));
    const names = new Set(found.plan?.credential.copies.flatMap(({ place, name }) => (places.includes(place) ? [name] : [])));
    return places.length > 0
      ? `${id} was made as a successor and is written to ${[...names].join(', ') || 'some copies'} and not to the others: write it there, or report the old one again`
      : `${id} was made as a successor and is alive, and no copy is known to hold it: delete it, unless you find it in one`;
  });
};

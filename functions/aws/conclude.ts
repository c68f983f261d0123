import { isDeepStrictEqual } from 'node:util';
import type { Case, Line } from '../core/case.ts';
import { outcomeOf, remainingOf, statusOf } from '../core/outcome.ts';
import { forget } from './held.ts';
import { putLook } from './looks.ts';
import type { RecordDeps } from './steps.ts';
import { putRemaining, withdrawActs, withdrawn, withdrawQuestions } from './tasks.ts';

/** What concluding itself tells. */
const isOurs = (line: Line): boolean => line.kind === 'outcome' || line.kind === 'asked' || (line.kind === 'answered' && line.answer === withdrawn);

/**
 * Writes how a case ends, as it was judged. Where anybody else writes meanwhile, it does not end: the case comes back with
 * what was written, to be judged again, so that no report and no answer is lost between the look and the end.
 */
export const conclude = async (judged: Case, deps: RecordDeps): Promise<Case> => {
  const { ledger, log, now } = deps;
  const { id, attempt } = judged;
  const isUndisturbed = (current: Case): boolean => current.lines.slice(judged.lines.length).every(isOurs);
  const outcome = outcomeOf(judged, now());
  const { status, note } = statusOf(judged, outcome);
  const remaining = remainingOf(judged, outcome);
  let found = judged;
  if (outcome && judged.plan?.decision !== 'observe') found = await ledger.tell(id, (current) => (isDeepStrictEqual(current.outcome, outcome) ? undefined : { kind: 'outcome', attempt, outcome }), found);
  if (!isUndisturbed(found)) return found;
  found = await putRemaining(found, remaining, deps);
  found = await withdrawActs(found, remaining, deps);
  if (status !== 'not-contained') {
    found = await withdrawQuestions(found, deps);
    if (!isUndisturbed(found)) return found;
    await forget(ledger, judged.reports.flatMap(({ held }) => held ?? []), judged.credential);
  }
  // before the end is written: a crash in between must not lose it
  if (status === 'contained') await putLook(ledger, judged, now());
  found = await ledger.tell(id, (current) => (isUndisturbed(current) ? { kind: 'concluded', attempt, status, note } : undefined), found);
  if (found.endedAt !== undefined) log.info('concluded', { case: id, status, outcome: outcome?.outcome });
  return found;
};

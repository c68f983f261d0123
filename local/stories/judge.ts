import type { CaseView } from '../../functions/core/case-view.ts';
import type { LeaseView } from '../../functions/core/lease-view.ts';
import type { CaseExpectation, World } from '../world/world.ts';
import { isOfCase, isRefusedAsExpected, mismatchesOfLeases } from './judge-leases.ts';
import { isSettled, type Truth } from './look.ts';
import { isAccepted, type Sent } from './sent.ts';

/** What is held against each other: what the world expects, what Rescind says, and what is true. */
export interface Evidence {
  world: Pick<World, 'reports' | 'expect' | 'vault'>;
  /** Set where a world that expects acts was run in mode observe: then nothing may have been touched. */
  observing: boolean;
  sent: readonly Sent[];
  cases: readonly CaseView[];
  leases: readonly LeaseView[];
  truth: readonly Truth[];
  /** Messages that nobody could handle. */
  deadLetters: number;
}

const named = (found: CaseView): string => `case ${found.id}${found.credential ? ` (${found.credential})` : ''}`;

/** The cases that an expectation means: those of its report (or of the lease that it registered), or the one of its credential among them. */
export const casesMeant = ({ report, credential }: CaseExpectation, cases: readonly CaseView[], sent: readonly Sent[]): CaseView[] => {
  const one = sent.find(({ name }) => name === report);
  const delivery = one?.delivery ?? one?.lease;
  if (delivery === undefined) return [];
  return cases.filter((found) => found.trigger.reports.some((one) => one.delivery === delivery) && (credential === undefined || credential === found.credential));
};

const asObserved = (expected: CaseExpectation): CaseExpectation =>
  ['waiting', 'contained', 'not-contained'].includes(expected.status) ? { ...expected, status: 'observed', outcome: undefined } : expected;

const ofEnding = (expected: CaseExpectation, found: CaseView): string[] => {
  // that it has not ended yet is said elsewhere
  if (!isSettled(found)) return [];
  const mismatches: string[] = [];
  if (found.status !== expected.status) mismatches.push(`${named(found)} of the report "${expected.report}" should end ${expected.status}, and is ${found.status}`);
  const outcome = found.outcomes[0]?.outcome;
  if (expected.outcome !== undefined && outcome !== expected.outcome) mismatches.push(`${named(found)} of the report "${expected.report}" should be ${expected.outcome}, and is ${outcome ?? 'without an outcome'}`);
  return mismatches;
};

const ofExpectations = ({ world, observing, cases, sent }: Evidence): string[] => {
  if (!world.expect) return [];
  const ofCases = world.expect.filter(isOfCase);
  const expectations = observing ? ofCases.map(asObserved) : ofCases;
  const counts = new Map<string, number>();
  const mismatches = expectations.flatMap((expected) => {
    const meant = casesMeant(expected, cases, sent);
    for (const { id } of meant) counts.set(id, (counts.get(id) ?? 0) + 1);
    return meant.length === 0 ? [`the report "${expected.report}" has no case${expected.credential ? ` about ${expected.credential}` : ''}, and one was expected`] : meant.flatMap((found) => ofEnding(expected, found));
  });
  for (const found of cases) {
    const count = counts.get(found.id) ?? 0;
    if (count === 0) mismatches.push(`${named(found)} is expected by nobody: it is ${found.status}`);
    if (count > 1) mismatches.push(`${named(found)} is named by ${count} expectations, and should be by one`);
  }
  return mismatches;
};

/** The run was over, and what was to be lent to it was taken back: the lease tells the rest. */
const isEndedAtOnce = ({ status, lease }: Sent): boolean => status === 409 && lease !== undefined;

const ofReports = ({ world, sent }: Evidence): string[] =>
  (world.reports ?? []).flatMap(({ name }) => {
    const one = sent.find((candidate) => candidate.name === name);
    if (!one) return [`the report "${name}" was not sent yet`];
    return !isAccepted(one) && !isRefusedAsExpected(world, one) && !isEndedAtOnce(one) ? [`the report "${name}" was not accepted: ${one.status}${one.error ? `, ${one.error}` : ''}`] : [];
  });

const ofTruth = ({ cases, truth }: Evidence): string[] => {
  const alive = new Set(truth.filter((one) => one.alive).map(({ id }) => id));
  return cases.flatMap((found) =>
    found.outcomes.flatMap(({ credential, outcome }) =>
      (outcome === 'confirmed' || outcome === 'attested') && alive.has(credential) ? [`${named(found)} is reported ${outcome}, and ${credential} opens its door`] : [],
    ),
  );
};

/** One sentence for everything that is not as it should be; none where all is well. Pure. */
export const mismatchesOf = (evidence: Evidence): string[] => [
  ...ofReports(evidence),
  ...evidence.cases.filter((found) => !isSettled(found)).map((found) => `${named(found)} is still being worked on`),
  ...ofExpectations(evidence),
  ...ofTruth(evidence),
  ...mismatchesOfLeases(evidence),
  ...(evidence.deadLetters > 0 ? [`${evidence.deadLetters} ${evidence.deadLetters === 1 ? 'message lies' : 'messages lie'} in a dead-letter queue: nobody could handle ${evidence.deadLetters === 1 ? 'it' : 'them'}`] : []),
];

import type { LeaseStatus } from '../../functions/core/lease.ts';
import type { LeaseView } from '../../functions/core/lease-view.ts';
import type { CaseExpectation, Expectation, LeaseExpectation, World } from '../world/world.ts';
import type { Truth } from './look.ts';
import { madeBy } from './made.ts';
import { isOfRun } from './runs.ts';
import type { Sent } from './sent.ts';

/** What is held against each other about leases: what the world expects, what Rescind says, and what is true. */
export interface LeaseEvidence {
  world: Pick<World, 'reports' | 'expect' | 'vault'>;
  /** Set where a world that expects acts was run in mode observe. */
  observing: boolean;
  sent: readonly Sent[];
  leases: readonly LeaseView[];
  truth: readonly Truth[];
}

/** Whether an expectation is about a lease. */
export const isOfLease = (expected: Expectation): expected is LeaseExpectation => 'lease' in expected && expected.lease !== undefined;

/** Whether an expectation is about a case. */
export const isOfCase = (expected: Expectation): expected is CaseExpectation => !isOfLease(expected);

const named = ({ id, credential }: LeaseView): string => `lease ${id} (${credential})`;

/** The leases that an expectation means: the one that its report registered, or those on the role of the run that it tells of. */
export const leasesMeant = ({ report }: Pick<LeaseExpectation, 'report'>, leases: readonly LeaseView[], sent: readonly Sent[]): LeaseView[] => {
  const one = sent.find(({ name }) => name === report);
  if (!one) return [];
  const runs = [...(one.began ?? []), ...(one.ended ?? [])];
  return leases.filter(({ id, jobRole, run }) => id === one.lease || (jobRole === true && one.source === 'aws-events' && runs.some((told) => isOfRun(told, run))));
};

/** In mode observe nothing is touched, so nothing is dead either. */
const statusesFor = (expected: LeaseStatus, observing: boolean): LeaseStatus[] => {
  if (!observing) return [expected];
  if (expected === 'released' || expected === 'pending-revocation' || expected === 'handed-on') return ['observed'];
  return expected === 'shared' ? ['shared', 'observed'] : [expected];
};

/** Whether the request for a lease was to be refused, and was. */
export const isRefusedAsExpected = ({ expect = [] }: Pick<World, 'expect'>, { name, status, lease }: Sent): boolean =>
  lease === undefined && status >= 400 && status < 500 && expect.some((expected) => isOfLease(expected) && expected.report === name && expected.lease === 'refused');

const ofExpectations = ({ world, observing, sent, leases }: LeaseEvidence): string[] => {
  if (!world.expect) return [];
  const counts = new Map<string, number>();
  const mismatches = world.expect.filter(isOfLease).flatMap((expected) => {
    const meant = leasesMeant(expected, leases, sent);
    for (const { id } of meant) counts.set(id, (counts.get(id) ?? 0) + 1);
    const one = sent.find(({ name }) => name === expected.report);
    if (meant.length === 0) return one && isRefusedAsExpected(world, one) ? [] : [`the report "${expected.report}" has no lease, and one was expected`];
    const statuses = statusesFor(expected.lease, observing);
    return meant.filter(({ status }) => !statuses.includes(status)).map((found) => `${named(found)} of the report "${expected.report}" should be ${statuses.join(' or ')}, and is ${found.status}`);
  });
  for (const found of leases) {
    const count = counts.get(found.id) ?? 0;
    if (count === 0) mismatches.push(`${named(found)} is expected by nobody: it is ${found.status}`);
    if (count > 1) mismatches.push(`${named(found)} is named by ${count} expectations, and should be by one`);
  }
  return mismatches;
};

const ofTruth = ({ world, leases, truth }: LeaseEvidence): string[] =>
  leases
    .filter(({ status }) => status === 'released')
    .flatMap((found) => [
      ...truth.filter(({ id, alive }) => id === found.credential.replace(/@root$/, '') && alive).map(() => `${named(found)} is released, and its credential opens its door`),
      ...madeBy(found.credential, world, truth).filter(({ alive }) => alive).map(({ id }) => `${named(found)} is released, and ${id} that it made opens its door`),
    ]);

/** One sentence for everything about leases that is not as it should be; none where all is well. Pure. */
export const mismatchesOfLeases = (evidence: LeaseEvidence): string[] => {
  const awaited = (evidence.world.expect ?? []).filter(isOfLease).filter(({ lease }) => lease === 'pending-revocation').flatMap((expected) => leasesMeant(expected, evidence.leases, evidence.sent).map(({ id }) => id));
  return [
    ...evidence.leases.filter(({ id, status, case: opened }) => status === 'pending-revocation' && opened === undefined && !awaited.includes(id)).map((found) => `${named(found)} is still being taken back`),
    ...ofExpectations(evidence),
    ...ofTruth(evidence),
  ];
};

import type { SecretLeaked } from '../../events/trigger.ts';
import type { Report } from './case.ts';

/** Makes a short, stable id from parts. The hash is handed in, since core does no I/O and imports nothing. */
export type Digest = (text: string) => string;

const idLength = 20;

/** Joins parts so that no two lists of parts give the same text. */
const joined = (parts: readonly string[]): string => JSON.stringify(parts);

/** A delivery's id comes from what was signed: a replay under another header has the same one. */
export const deliveryIdOf = (digest: Digest, source: string, body: string): string => `d-${digest(joined(['delivery', source, body])).slice(0, idLength)}`;

/** A case's id comes from the sender's finding and its opening, never from an unsigned header. */
export const caseIdOf = (digest: Digest, finding: Pick<SecretLeaked | Report, 'source' | 'finding' | 'opening'>, ...more: string[]): string =>
  `c-${digest(joined(['case', finding.source, finding.finding, finding.opening, ...more])).slice(0, idLength)}`;

/** The one case that a delivery's unmatched findings share. */
export const unmatchedCaseIdOf = (digest: Digest, delivery: string): string => `c-${digest(joined(['unmatched', delivery])).slice(0, idLength)}`;

/** A task's id: the same question about the same plan of a case is asked once. */
export const taskIdOf = (digest: Digest, caseId: string, about: string): string => `t-${digest(joined(['task', caseId, about])).slice(0, idLength)}`;

/** A playbook's execution runs under case and attempt. */
export const executionNameOf = (caseId: string, attempt: number): string => `${caseId}-${attempt}`;

const recheckAfterHours = 24;

/** Whether a finding that was dealt with is looked at again: a scan repeats what lies in old commits at every run. */
export const recheckDue = (endedAt: string, now: Date): boolean => now.getTime() - new Date(endedAt).getTime() >= recheckAfterHours * 3_600_000;

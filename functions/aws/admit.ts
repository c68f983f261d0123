import type { Lookup } from '../../events/trigger.ts';
import type { Report } from '../core/case.ts';
import type { Reporter } from '../core/connector.ts';
import { caseIdOf, unmatchedCaseIdOf } from '../core/ids.ts';
import { digest } from './digest.ts';
import { share } from './held.ts';
import type { Count, Log } from './log.ts';
import { admitLookup } from './lookup.ts';
import { admitMatch, sameReport, type Match } from './open-case.ts';
import type { Registry } from './registry.ts';
import type { Sealing } from './seal.ts';
import type { Configuration } from '../core/configuration.ts';

export interface DispatchDeps extends Sealing {
  configuration: Configuration;
  registry: Registry;
  reporters: ReadonlyMap<string, Reporter>;
  /** ARN of the playbook for a case whose first report is of that source. */
  playbookFor: (source: string | undefined) => string;
  bucket: string;
  indexQueue: string;
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  log: Log;
  count: Count;
}

type Each = (items: readonly Found[], work: (item: Found) => Promise<void>) => Promise<unknown>;

interface Found {
  report: Report;
  lookup?: Lookup;
}

const mostListed = 20;

/** Brings reports to their cases. Every line of it may be run again: claims and conditional writes decide. */
export const admit = async (reports: readonly [Report, Lookup | undefined][], delivery: string, deps: DispatchDeps, signal: AbortSignal, each: Each): Promise<void> => {
  const unmatched: Report[] = [];
  const failures: unknown[] = [];
  await each(
    reports.map(([report, lookup]) => ({ report, lookup })),
    async ({ report, lookup }) => {
      try {
        if (lookup) return await admitLookup(report, lookup, deps, signal);
        if (!(await admitMatches(report, deps))) unmatched.push(report);
      } catch (error) {
        // the others need not wait until this one can be done
        failures.push(error);
      }
    },
  );
  if (unmatched.length > 0) await openUnmatched(unmatched, delivery, deps, each);
  if (failures.length > 0) throw failures[0];
};

/** Brings a report to the case of each credential that it leads to; false where it leads to none. */
const admitMatches = async (report: Report, deps: DispatchDeps): Promise<boolean> => {
  const matches = await matchesOf(report, deps);
  await shareHeld(report, matches, deps);
  for (const [index, match] of matches.entries()) await admitMatch(report, match, index, deps);
  return matches.length > 0;
};

/** What is held for a report that leads to several credentials is forgotten with the last of their cases. */
export const shareHeld = async ({ held }: Report, matches: readonly Match[], { ledger, now }: DispatchDeps): Promise<void> => {
  if (held && matches.length > 1) for (const { credential } of matches) await share(ledger, held, credential.id, now());
};

/** What a report names: by value where a fingerprint is known, else by name where the registry or the issuer itself vouches for the name. */
export const matchesOf = async (report: Report, { registry, configuration }: DispatchDeps): Promise<Match[]> => {
  const byValue = await registry.match(report.fingerprints, configuration);
  const matches: Match[] = byValue.map(({ credential, fingerprint, certain }) => ({ credential, proof: certain ? 'value' : 'name', fingerprint }));
  for (const { issuer, id } of report.names) {
    if (matches.some(({ credential }) => credential.id === `${issuer}:${id}`)) continue;
    const issued = report.claim === 'issuer';
    const known = await registry.credential(`${issuer}:${id}`, configuration, issued ? { id: `${issuer}:${id}`, issuer, name: id, account: report.account, copies: [] } : undefined);
    if (known) matches.push({ credential: known, proof: issued ? 'issuer' : 'name' });
  }
  return matches;
};

/** One case for everything in a delivery that matched nothing; what it names stays on watch. */
const openUnmatched = async (reports: readonly Report[], delivery: string, deps: DispatchDeps, each: Each): Promise<void> => {
  const { ledger, registry } = deps;
  const id = unmatchedCaseIdOf(digest, delivery);
  const [first, ...rest] = reports;
  if (!first) return;
  const note = `${reports.length} ${reports.length === 1 ? 'finding matches' : 'findings match'} nothing we know; on watch`;
  let found = await ledger.tell(id, ({ lines }) => (lines.length > 0 ? undefined : { kind: 'opened', report: first }));
  for (const report of rest.slice(0, mostListed)) {
    found = await ledger.tell(id, (current) => (current.reports.some((earlier) => sameReport(earlier, report)) ? undefined : { kind: 'joined', report }), found);
  }
  await watchAll(reports, registry, id);
  // the index may have met one between our look and our watch
  await each(reports.map((report) => ({ report })), async ({ report }) => void (await admitMatches(report, deps)));
  found = await ledger.tell(id, (current) => (current.lines.some(({ kind }) => kind === 'unmatched') ? undefined : { kind: 'unmatched', note }), found);
  await ledger.point('delivery', delivery, found);
};

export const watchAll = async (reports: readonly Report[], registry: Registry, caseId: string): Promise<void> =>
  registry.putAll(
    reports.flatMap((report) => report.fingerprints.map((fingerprint) => ({ pk: `fingerprint#${fingerprint}`, sk: `watch#${caseIdOf(digest, report)}`, case: caseId, report }))),
  );

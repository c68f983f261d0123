import type { Lookup } from '../../events/trigger.ts';
import { isEnded, type Report } from '../core/case.ts';
import type { Reporter } from '../core/connector.ts';
import { caseIdOf } from '../core/ids.ts';
import { matchesOf, shareHeld, watchAll, type DispatchDeps } from './admit.ts';
import { release } from './claims.ts';
import { digest } from './digest.ts';
import { errorSays } from './log.ts';
import { admitMatch, begin, joinOther } from './open-case.ts';
import { sealFinding } from './seal.ts';

/** A finding whose value its sender keeps: the case opens first, so that a sender that is down cannot lose it. */
export const admitLookup = async (report: Report, lookup: Lookup, deps: DispatchDeps, signal: AbortSignal): Promise<void> => {
  const { ledger, reporters, log, count } = deps;
  const id = caseIdOf(digest, report);
  let found = await ledger.tell(id, ({ lines }) => (lines.length > 0 ? undefined : { kind: 'opened', report }));
  await ledger.point('delivery', report.delivery, found);
  if (isEnded(found)) return;
  if (found.credential) {
    await ledger.point('credential', found.credential, found);
    return begin(found, 'reported', deps);
  }
  const reporter = reporters.get(lookup.connector);
  if (!reporter) throw new Error(`no connector named ${lookup.connector} can fetch the value`);
  let fetched: Awaited<ReturnType<Reporter['fetchValue']>>;
  try {
    fetched = await reporter.fetchValue(lookup, { signal });
  } catch (error) {
    count('LookupFailed');
    log.warn('value could not be fetched', { case: id, connector: lookup.connector, error: errorSays(error) });
    await ledger.tell(id, () => ({ kind: 'lookup-failed', note: `${lookup.connector} did not give the value (${errorSays(error)}); it is asked again` }), found);
    throw error;
  }
  if ('gone' in fetched) {
    // the same message, delivered twice, may have found it
    await ledger.tell(id, ({ credential, closed }) => (credential || closed ? undefined : { kind: 'unmatched', note: `${lookup.connector} no longer has the value: ${fetched.gone}` }), found);
    return;
  }
  const sealed = await sealFinding({ ...report, trigger: 'SecretLeaked' }, [fetched.value], deps);
  const whole: Report = { ...report, names: [...report.names, ...namesIn(fetched.value)], fingerprints: sealed.fingerprints, held: sealed.held };
  let matches = await matchesOf(whole, deps);
  if (matches.length === 0) {
    await watchAll([whole], deps.registry, id);
    // the index may have met it between our look and our watch
    matches = await matchesOf(whole, deps);
  }
  await shareHeld(whole, matches, deps);
  const [match, ...more] = matches;
  for (const [index, other] of more.entries()) await admitMatch(whole, other, index + 1, deps);
  if (!match) {
    await ledger.tell(id, ({ credential, closed }) => (credential || closed ? undefined : { kind: 'unmatched', note: 'it matches nothing we know; on watch' }), found);
    return;
  }
  if (await joinOther(found, whole, match, deps)) return;
  const earlier = (await ledger.pointed('credential', match.credential.id)).find((other) => other !== id);
  found = await ledger.tell(id, ({ credential, closed }) => (credential || closed ? undefined : { kind: 'matched', credential: match.credential.id, proof: match.proof, owner: match.credential.owner, fingerprint: match.fingerprint, copies: match.credential.copies.length, report: whole, again: earlier }), found);
  if (found.credential !== match.credential.id || found.closed) {
    await release(ledger, match.credential.id, id);
    // the same message, delivered twice, led to another credential: this one gets a case of its own
    return found.credential === match.credential.id ? undefined : admitMatch(whole, match, 1, deps);
  }
  await ledger.point('credential', match.credential.id, found);
  await begin(found, 'reported', deps);
};

/** The key ids in a fetched value: GitHub's alert for an access key id carries only the id. */
const namesIn = (value: string): Report['names'] => (/^(?:AKIA|ASIA)[A-Z0-9]{16}$/.test(value.trim()) ? [{ issuer: 'aws-iam-key', id: value.trim() }] : []);

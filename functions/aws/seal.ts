import type { SecretLeaked } from '../../events/trigger.ts';
import { caseIdOf } from '../core/ids.ts';
import { candidatesOf } from '../core/leaves.ts';
import type { ClientOf } from './clients.ts';
import { digest } from './digest.ts';
import { fingerprintsOf, type FingerprintKey } from './fingerprints.ts';
import { hold } from './held.ts';
import type { Ledger } from './ledger.ts';
import { mapLimit } from './limit.ts';
import type { SealedFinding } from './queue.ts';

/** What sealing needs. */
export interface Sealing {
  clientOf: ClientOf;
  ledger: Ledger;
  fingerprintKeys: readonly FingerprintKey[];
  holdKey: string;
  now: () => Date;
}

const atOnce = 48;
const mostCandidates = 64;

/** Turns leaked values into fingerprints and held ciphertexts: what comes out holds no value. */
export const sealFindings = (findings: readonly SecretLeaked[], sealing: Sealing): Promise<SealedFinding[]> =>
  mapLimit(findings, atOnce, (finding) => sealFinding(finding, finding.values, sealing));

/** Seals one finding's values under the case that the finding would open. */
export const sealFinding = async (finding: Omit<SecretLeaked, 'values'>, values: readonly string[], sealing: Sealing): Promise<SealedFinding> => {
  const { values: _, ...rest } = finding as SecretLeaked;
  const candidates = [...new Set(values.flatMap(candidatesOf))].slice(0, mostCandidates);
  if (candidates.length === 0) return { ...rest, fingerprints: [] };
  const named: Record<string, string> = {};
  const fingerprints = await Promise.all(
    candidates.map(async (value) => {
      const made = await fingerprintsOf(sealing.clientOf, sealing.fingerprintKeys, value);
      for (const fingerprint of made) named[fingerprint] = value;
      return made;
    }),
  );
  const caseId = caseIdOf(digest, finding);
  const held = await hold(sealing.clientOf, sealing.ledger, sealing.holdKey, caseId, named, sealing.now());
  return { ...rest, fingerprints: fingerprints.flat(), held: held ? caseId : undefined };
};

import type { Case } from './case.ts';
import type { Credential } from './connector.ts';
import { isAwsSecret } from './shape.ts';

/** Which of the held values is this credential's: the one by which it was matched, else the one of the right shape. */
export const valueFor = (credential: Credential, found: Case, held: Record<string, string>): string | undefined => {
  const matched = found.fingerprint ? held[found.fingerprint] : undefined;
  if (matched !== undefined) return matched;
  const values = Object.values(held);
  if (credential.issuer === 'aws-iam-key') return values.find(isAwsSecret);
  return values[0];
};

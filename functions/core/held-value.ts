import type { Case } from './case.ts';
import type { Credential } from './connector.ts';
import { isAwsSecret } from './shape.ts';

/** Which of the held values is this credential's: the one by which it was matched and no other; where it was only named, the one of the right shape. */
export const valueFor = (credential: Credential, found: Case, held: Record<string, string>): string | undefined => {
  // somebody else's value would be refused, and its refusal would pass for this one's death
  if (found.fingerprint !== undefined) return held[found.fingerprint];
  const values = Object.values(held);
  if (credential.issuer === 'aws-iam-key') return values.find(isAwsSecret);
  return values[0];
};

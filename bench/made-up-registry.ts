import { createHash } from 'node:crypto';

/** Every so many credentials one has three copies, and those are asked for; the others have one. */
export const askedEvery = 100;

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const hashed = (i: number): Buffer => createHash('sha256').update(`credential ${i}`).digest();

/** Id of the credential of that number, the same in every process. */
export const credentialIdAt = (i: number): string => `aws-iam-key:${'AK' + 'IA'}${[...hashed(i).subarray(0, 16)].map((byte) => letters[byte % letters.length]).join('')}`;

/** The fingerprint under which its value is met. */
export const fingerprintAt = (i: number): string => `v1:${hashed(i).toString('hex')}`;

/** The secrets that hold it. */
export const copiesOf = (i: number): { place: string; name: string }[] =>
  Array.from({ length: i % askedEvery === 0 ? 3 : 1 }, (_, n) => ({ place: `arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/team-${i % 97}/s3-${i}-${n}-AbCdEf`, name: `prod/team-${i % 97}/s3-${i}-${n}` }));

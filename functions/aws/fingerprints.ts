import { createHash } from 'node:crypto';
import { GenerateMacCommand, KMSClient } from '@aws-sdk/client-kms';
import type { ClientOf } from './clients.ts';

/** A key for fingerprints: its version, which stands before each fingerprint, and its id or alias in KMS. */
export interface FingerprintKey {
  version: string;
  key: string;
}

/** Reads `v2=alias/b,v1=alias/a`, newest first. */
export const fingerprintKeysOf = (text: string): FingerprintKey[] =>
  text.split(',').map((pair) => {
    const [version, key] = pair.split('=');
    if (!version || !key) throw new Error('FINGERPRINT_KEYS must read version=key, newest first, comma separated');
    return { version: version.trim(), key: key.trim() };
  });

/** `v1:<64 hex digits>`: KMS's HMAC over the value's SHA-256, so that nobody holds the key and a stolen table cannot be guessed. */
export const fingerprintOf = async (clientOf: ClientOf, { version, key }: FingerprintKey, value: string): Promise<string> => {
  const { Mac } = await clientOf(KMSClient).send(
    new GenerateMacCommand({ KeyId: key, MacAlgorithm: 'HMAC_SHA_256', Message: createHash('sha256').update(value, 'utf8').digest() }),
  );
  if (!Mac) throw new Error('KMS returned no code for a fingerprint');
  return `${version}:${Buffer.from(Mac).toString('hex')}`;
};

/** The value's fingerprints under all keys, newest first. */
export const fingerprintsOf = (clientOf: ClientOf, keys: readonly FingerprintKey[], value: string): Promise<string[]> =>
  Promise.all(keys.map((key) => fingerprintOf(clientOf, key, value)));

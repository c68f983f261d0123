import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ClientOf } from './clients.ts';

const keepMilliseconds = 5 * 60_000;

/** Reads secrets of our own by name and keeps them for five minutes; one that is gone is left out, any other failure throws. */
export const secretReader = (clientOf: ClientOf, now: () => Date): ((names: readonly string[]) => Promise<string[]>) => {
  const kept = new Map<string, { value: string | undefined; until: number }>();
  const read = async (name: string): Promise<string | undefined> => {
    const known = kept.get(name);
    if (known && known.until > now().getTime()) return known.value;
    const value = await fetchSecret(clientOf, name);
    kept.set(name, { value, until: now().getTime() + keepMilliseconds });
    return value;
  };
  return async (names) => (await Promise.all(names.map(read))).filter((value): value is string => value !== undefined && value !== '');
};

const fetchSecret = async (clientOf: ClientOf, name: string): Promise<string | undefined> => {
  try {
    return (await clientOf(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
};

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { IssuerFailed } from '../core/connector.ts';
import type { Edges } from './edges.ts';
import { inFlight } from './in-flight.ts';
import { leafAt } from './leaf-at.ts';
import { codeOf } from './provider-error.ts';

/** The token that a secret holds, read again every five minutes and after it was refused. */
export interface ApiToken {
  read(secret: string, signal: AbortSignal): Promise<string>;
  forget(secret: string): void;
}

const freshMilliseconds = 5 * 60_000;

/** Reads tokens of that provider (named as a person calls it) from Secrets Manager; its errors say what to do and hold no value. */
export const tokenFrom = (edges: Edges, provider: string): ApiToken => {
  const known = new Map<string, { token: string; until: number }>();
  const reading = inFlight<string>();

  const fetched = async (secret: string, signal: AbortSignal): Promise<string> => {
    let text: string | undefined;
    try {
      text = (await edges.clientOf(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: secret }), { abortSignal: signal })).SecretString;
    } catch (error) {
      signal.throwIfAborted();
      throw new IssuerFailed(`the token for ${provider} could not be read from the secret ${secret} (${codeOf(error)}): see that it exists and that this function may read it`);
    }
    const token = text === undefined ? undefined : leafAt(text, undefined);
    if (!token) throw new IssuerFailed(`the secret ${secret} holds no token for ${provider}: put one there, as its whole text or as the only secret field of a JSON object`);
    known.set(secret, { token, until: performance.now() + freshMilliseconds });
    return token;
  };

  return {
    read: async (secret, signal) => {
      const cached = known.get(secret);
      if (cached && cached.until > performance.now()) return cached.token;
      return reading.share(secret, signal, (shared) => fetched(secret, shared));
    },
    forget: (secret) => void known.delete(secret),
  };
};

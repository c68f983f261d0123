import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { DeclaredProbe } from '../../core/configuration.ts';
import type { Credential } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { leafAt } from '../leaf-at.ts';
import { codeOf } from '../provider-error.ts';

/** A value that should live, or why there is none to be had. */
export type Control = { value: string } | { none: string };

const valueAt = async (edges: Edges, secret: string, leaf: string | undefined, signal: AbortSignal): Promise<Control> => {
  try {
    const { SecretString } = await edges.clientOf(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: secret }), { abortSignal: signal });
    const value = SecretString === undefined ? undefined : leafAt(SecretString, leaf);
    return value === undefined ? { none: 'the secret of the control has no such leaf' } : { value };
  } catch (error) {
    signal.throwIfAborted();
    return { none: `the control could not be read (${codeOf(error)})` };
  }
};

/** The configured control; else the current value of a bound copy, where that is another than the one under test. */
export const controlOf = async (edges: Edges, { control }: DeclaredProbe, credential: Credential, tested: string, signal: AbortSignal): Promise<Control> => {
  if (control) {
    const found = await valueAt(edges, control.secret, control.leaf, signal);
    return 'value' in found && found.value === tested ? { none: 'the control is the very value under test' } : found;
  }
  let last: Control = { none: 'no bound copy of it is known' };
  const seen = new Set<string>();
  // a place that nobody vouched for may hold a value that a thief put there
  for (const { place, path } of credential.copies.filter(({ bound }) => bound)) {
    if (seen.has(`${place}#${path}`)) continue;
    seen.add(`${place}#${path}`);
    const found = await valueAt(edges, place, path, signal);
    if ('value' in found && found.value !== tested) return found;
    last = 'value' in found ? { none: 'its copies hold the very value under test' } : found;
  }
  return last;
};

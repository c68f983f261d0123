import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Configuration } from '../functions/core/configuration.ts';
import type { Verb } from '../functions/core/connector.ts';

/** ARNs of secrets by name, or by ARN. Secrets Manager puts a dash and six characters of its own behind it, which may be left out. */
export const secretArns = (scope: Construct, names: readonly string[]): string[] => {
  const { partition, region, account } = Stack.of(scope);
  return [...new Set(names)].sort().flatMap((name) => (name.startsWith('arn:') ? [name, `${name}-??????`] : [`arn:${partition}:secretsmanager:${region}:${account}:secret:${name}-??????`]));
};

/**
 * The secrets that a connector may touch, where it asks for all of them: those that the configuration vouches for.
 * Senders are asked with their own tokens, a probe also reads its control, and nothing else is ever read or written.
 */
export const vouchedFor = (role: 'issuer' | 'store' | 'reporter', verb: Verb, { sources, secrets, probes }: Configuration): string[] => {
  if (role === 'reporter') return sources.flatMap(({ api }) => api?.token ?? []);
  const bound = secrets.map(({ secret }) => secret);
  return verb === 'probe' ? [...bound, ...probes.flatMap(({ control }) => control?.secret ?? [])] : bound;
};

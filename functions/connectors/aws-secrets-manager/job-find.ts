import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Context, Credential, Found } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { lookUp, secretIdIn, tagsOf, whyKept } from './job-named.ts';

/** The secret as Secrets Manager sees it at this moment, with its tags: what a rule can ask for. */
export const findJobSecret = async (edges: Edges, { name }: Credential, { signal }: Pick<Context, 'signal'>): Promise<Found> => {
  signal.throwIfAborted();
  const id = secretIdIn(name);
  if (id === undefined) return { exists: false, note: 'its name is not secret/<ARN or name of a secret>' };
  const look = await lookUp(edges, id, signal);
  if (look.told === 'elsewhere') return { exists: false, note: look.reason };
  if (look.told === 'absent') return { exists: false, note: 'Secrets Manager has no such secret in this account and Region' };
  const { described } = look;
  const region = await edges.clientOf(SecretsManagerClient).config.region();
  return {
    exists: true,
    // a name is one of several spellings, and another secret may have it later
    name: described.ARN === undefined ? undefined : `secret/${described.ARN}`,
    account: described.ARN?.split(':')[4],
    protectedBy: whyKept(described, edges.configuration, region),
    attributes: { name: described.Name ?? '', ...Object.fromEntries(Object.entries(tagsOf(described)).map(([key, value]) => [`tag.${key}`, value])) },
    note: described.DeletedDate ? `${described.Name} is being deleted` : `the secret ${described.Name}`,
  };
};

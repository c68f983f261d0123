import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Context, Credential, Probed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { codeOf, isCode } from '../provider-error.ts';
import { lookUp, secretIdIn } from './job-named.ts';

const seen = (verdict: Probed['verdict'], control: boolean, note: string): Probed => ({ verdict, basis: 'record', control, note });
const lives = 'what it held lives until its own issuer ends it';

/** Whether the same record has a secret that is not being deleted: without one, that this one is gone may be true of all. */
const isAnotherThere = async (edges: Edges, arn: string | undefined, signal: AbortSignal): Promise<boolean> => {
  const { SecretList = [] } = await edges.clientOf(SecretsManagerClient).send(new ListSecretsCommand({ MaxResults: 5 }), { abortSignal: signal });
  return SecretList.some(({ ARN, DeletedDate }) => ARN !== undefined && ARN !== arn && DeletedDate === undefined);
};

/** Whether Secrets Manager hands the value out; it is not looked at. */
const isReadable = async (edges: Edges, id: string, signal: AbortSignal): Promise<boolean> => {
  try {
    await edges.clientOf(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: id }), { abortSignal: signal });
    return true;
  } catch (error) {
    // what a secret that is marked for deletion answers
    if (isCode(error, 'InvalidRequest')) return false;
    throw error;
  }
};

/** Reads that it is deleted, and tries whether its value can still be read. The value is asked for only where it is said to be gone. */
export const probeJobSecret = async (edges: Edges, { name }: Credential, { signal }: Context): Promise<Probed> => {
  signal.throwIfAborted();
  const id = secretIdIn(name);
  if (id === undefined) return seen('unknown', false, 'its name is not secret/<ARN or name of a secret>');
  try {
    const look = await lookUp(edges, id, signal);
    if (look.told === 'elsewhere') return seen('unknown', false, look.reason);
    if (look.told === 'there' && !look.described.DeletedDate) return seen('alive', true, 'it is not deleted');
    if (look.told === 'absent' && !look.isOurs) return seen('unknown', false, 'ResourceNotFound: there is no secret of that name here, and a name does not tell the account and the Region where it was');
    if (look.told === 'there' && (await isReadable(edges, id, signal))) return seen('alive', true, "it is said to be deleted, and its value can be read");
    const control = await isAnotherThere(edges, look.told === 'there' ? look.described.ARN : undefined, signal);
    const why = look.told === 'there' ? 'InvalidRequest: it is marked for deletion, and its value cannot be read' : 'ResourceNotFound in its own account and Region: it is gone';
    return control ? seen('dead', true, `${why}; ${lives}`) : seen('unknown', false, `${why}, but no other secret is found there either`);
  } catch (error) {
    signal.throwIfAborted();
    return seen('unknown', false, `${codeOf(error)}: Secrets Manager could not be asked`);
  }
};

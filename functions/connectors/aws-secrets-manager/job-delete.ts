import { DeleteSecretCommand, RemoveRegionsFromReplicationCommand, RestoreSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Acted, Context, Credential } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { codeOf, isCode, isRefusal, refusalOf } from '../provider-error.ts';
import { recoveryDays } from './job-facts.ts';
import { lookUp, secretIdIn, whyKept } from './job-named.ts';
import { describe, type Described } from './secret.ts';

const lives = 'what it held lives until its own issuer ends it';
const readable = 'nothing of ours: whoever could read it still can';
const refused = (reason: string, meanwhile = readable): Acted => ({ result: 'refused', reason, meanwhile });

const evidenceOf = ({ ARN, Name, ReplicationStatus = [] }: Described): Record<string, unknown> => {
  const replicas = ReplicationStatus.flatMap(({ Region }) => Region ?? []);
  return { secret: ARN, name: Name, ...(replicas.length > 0 ? { replicas } : {}) };
};

const already = (described: Described): Acted => ({ result: 'already', note: `deleted already: nobody can read it any more; ${lives}`, evidence: evidenceOf(described) });

/** Deletes a secret that was made for one job, so that it can be given back for a week. Its replicas go first, at once and for good. */
export const deleteJobSecret = async (edges: Edges, { name }: Credential, context: Context): Promise<Acted> => {
  const { signal, intent } = context;
  signal.throwIfAborted();
  const id = secretIdIn(name);
  if (id === undefined) return refused('its name is not secret/<ARN or name of a secret>', 'nothing of ours');
  const client = edges.clientOf(SecretsManagerClient);
  try {
    const look = await lookUp(edges, id, signal);
    if (look.told === 'elsewhere') return refused(look.reason);
    if (look.told === 'absent') return { result: 'already', note: `there is no such secret in this account and Region; ${lives}` };
    const { described } = look;
    if (described.DeletedDate) return already(described);
    const reason = whyKept(described, edges.configuration, await client.config.region());
    if (reason !== undefined) return refused(reason);
    const known = intent.noted.at(-1);
    const evidence = known ?? evidenceOf(described);
    if (!known) await intent.note(evidence);
    const regions = (described.ReplicationStatus ?? []).flatMap(({ Region }) => Region ?? []);
    if (regions.length > 0) await client.send(new RemoveRegionsFromReplicationCommand({ SecretId: id, RemoveReplicaRegions: regions }), { abortSignal: signal });
    await client.send(new DeleteSecretCommand({ SecretId: id, RecoveryWindowInDays: recoveryDays }), { abortSignal: signal });
    return { result: 'done', note: `deleted, and can be given back for ${recoveryDays} days: nobody can read it any more; ${lives}`, evidence };
  } catch (error) {
    signal.throwIfAborted();
    if (isRefusal(error)) return refused(refusalOf(error, 'delete this secret'));
    if (isCode(error, 'ResourceNotFound')) return { result: 'already', note: `it was deleted meanwhile; ${lives}` };
    if (!isCode(error, 'InvalidRequest', 'InvalidParameter')) throw error;
    return explained(edges, id, error, signal);
  }
};

/** What a refusal without a name of its own means: it is deleted already (as after a lost answer), or its replicas are still going. */
const explained = async (edges: Edges, id: string, error: unknown, signal: AbortSignal): Promise<Acted> => {
  const described = await describe(edges, id, signal);
  if (!described) return { result: 'already', note: `it was deleted meanwhile; ${lives}` };
  if (described.DeletedDate) return already(described);
  if ((described.ReplicationStatus ?? []).length > 0) return { result: 'pending', note: 'its replicas are being removed', seconds: 5 };
  return refused(`${codeOf(error)}: Secrets Manager will not delete it`);
};

/** Gives a deleted secret back while its recovery window is open. Replicas that were removed are not made again. */
export const restoreJobSecret = async (edges: Edges, { name }: Credential, { signal }: Context): Promise<Acted> => {
  signal.throwIfAborted();
  const id = secretIdIn(name);
  if (id === undefined) return refused('its name is not secret/<ARN or name of a secret>', 'nothing of ours');
  const late = 'it is gone: its recovery window is over';
  try {
    const look = await lookUp(edges, id, signal);
    if (look.told === 'elsewhere') return refused(look.reason, 'nothing of ours');
    if (look.told === 'absent') return refused(late, 'nothing of ours');
    if (!look.described.DeletedDate) return { result: 'already', note: 'it is not being deleted' };
    await edges.clientOf(SecretsManagerClient).send(new RestoreSecretCommand({ SecretId: id }), { abortSignal: signal });
    return { result: 'done', note: 'it can be read again in this Region; replicas that it had are not made again' };
  } catch (error) {
    signal.throwIfAborted();
    if (isRefusal(error)) return refused(refusalOf(error, 'restore this secret'), 'nobody can read it');
    if (isCode(error, 'ResourceNotFound')) return refused(late, 'nothing of ours');
    throw error;
  }
};

import { DeleteAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import type { Acted, Context, Credential } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { isCode, isRefusal, refusalOf } from '../provider-error.ts';
import { userOf } from './iam.ts';

/** Deletes a key of that user. Final. Answers false where it was gone. */
export const deleteKey = async (edges: Edges, user: string, id: string, signal: AbortSignal): Promise<boolean> => {
  try {
    await edges.clientOf(IAMClient).send(new DeleteAccessKeyCommand({ UserName: user, AccessKeyId: id }), { abortSignal: signal });
    return true;
  } catch (error) {
    if (isCode(error, 'NoSuchEntity')) return false;
    throw error;
  }
};

/** Deletes the key for good. */
export const revokeKey = async (edges: Edges, credential: Credential, { signal }: Context): Promise<Acted> => {
  signal.throwIfAborted();
  const owner = await userOf(edges, credential, signal);
  if (owner === 'gone') return { result: 'already', note: 'the key is gone' };
  if (owner === 'foreign') return { result: 'refused', reason: 'IAM does not tell us whose key it is: it belongs to another account, or our role may not ask', meanwhile: 'nothing of ours' };
  try {
    return (await deleteKey(edges, owner.user, credential.name, signal)) ? { result: 'done', note: `deleted from ${owner.user}` } : { result: 'already', note: 'the key is gone' };
  } catch (error) {
    signal.throwIfAborted();
    if (isRefusal(error)) return { result: 'refused', reason: refusalOf(error, 'delete this key'), meanwhile: 'what was done to contain it holds' };
    throw error;
  }
};

import { DeleteAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import type { Acted, Context, Credential } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { isCode, isRefusal, refusalOf } from '../provider-error.ts';
import { ownerOfKey, untold } from './iam.ts';

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
  const { name, principal } = credential;
  try {
    if (principal !== undefined && (await deleteKey(edges, principal, name, signal))) return { result: 'done', note: `deleted from ${principal}` };
    // the remembered user does not have it: it may have been renamed
    const owner = await ownerOfKey(edges, name, signal);
    if (owner === 'foreign' && principal === undefined) return { result: 'refused', reason: untold, meanwhile: 'nothing of ours' };
    if (typeof owner === 'string') return { result: 'already', note: owner === 'gone' ? 'the key is gone' : `${principal} has no such key, and IAM tells of no other user that has it` };
    return (await deleteKey(edges, owner.user, name, signal)) ? { result: 'done', note: `deleted from ${owner.user}` } : { result: 'already', note: 'the key is gone' };
  } catch (error) {
    signal.throwIfAborted();
    if (isRefusal(error)) return { result: 'refused', reason: refusalOf(error, 'delete this key'), meanwhile: 'what was done to contain it holds' };
    throw error;
  }
};

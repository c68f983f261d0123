import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Acted, Edit } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { codeOf, isCode, isRefusal, refusalOf } from '../provider-error.ts';
import { moveStage, textOf } from './secret.ts';

const meanwhile = 'the copy keeps its old text';
const refused = (reason: string): Acted => ({ result: 'refused', reason, meanwhile });
const gone = (reason: string): Acted => ({ result: 'refused', reason, meanwhile, unread: true });

/** Puts an edited text as the new current version under `token`. Nothing to edit, or the same token again: nothing changes. */
export const replaceText = async (edges: Edges, place: string, edit: Edit, token: string, signal: AbortSignal): Promise<Acted> => {
  signal.throwIfAborted();
  const current = await textOf(edges, place, undefined, signal);
  if (!current) return gone('the secret is gone, is being deleted, or holds no text');
  if (current.version === token) return { result: 'already', note: 'this version is the current one' };
  const edited = edit(current.text);
  if (edited === current.text) return { result: 'already', note: 'its text needs no change' };
  try {
    const command = new PutSecretValueCommand({ SecretId: place, SecretString: edited, ClientRequestToken: token });
    const { VersionStages = [] } = await edges.clientOf(SecretsManagerClient).send(command, { abortSignal: signal });
    if (VersionStages.includes('AWSCURRENT')) return { result: 'done', note: 'a new version is the current one' };
  } catch (error) {
    signal.throwIfAborted();
    if (isRefusal(error)) return refused(refusalOf(error, 'write this secret'));
    if (isCode(error, 'ResourceNotFound')) return gone('the secret was deleted meanwhile');
    if (isCode(error, 'InvalidRequest')) return refused('InvalidRequest: it is being deleted, or an AWS service owns it and only that service writes it');
    if (isCode(error, 'LimitExceeded')) return refused(`${codeOf(error)}: it has as many versions as a secret can have`);
    if (!isCode(error, 'ResourceExists')) throw error;
  }
  return settle(edges, place, edited, token, current.version, signal);
};

/** The version exists from an earlier try and is not the current one. It becomes it, since the current text still needs the edit. */
const settle = async (edges: Edges, place: string, edited: string, token: string, current: string, signal: AbortSignal): Promise<Acted> => {
  const stored = await textOf(edges, place, token, signal);
  if (stored?.text !== edited) return refused('the version of this very rotation exists with another text, since the secret was changed in between');
  await moveStage(edges, place, 'AWSCURRENT', { to: token, from: current }, signal);
  return { result: 'already', note: 'the version of an earlier try is the current one again' };
};

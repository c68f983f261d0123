import { GetAccessKeyLastUsedCommand, GetUserPolicyCommand, IAMClient, ListAccessKeysCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Credential } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { isCode } from '../provider-error.ts';
import { denyPolicyName } from './facts.ts';

/** One access key as IAM's record has it. `status` is `Active`, `Inactive` or `Expired`. */
export interface Key {
  id: string;
  status: string;
  /** ISO 8601. */
  created: string;
}

/** All keys of a user; undefined where there is no such user. */
export const keysOf = async (edges: Edges, user: string, signal: AbortSignal): Promise<Key[] | undefined> => {
  const keys: Key[] = [];
  let Marker: string | undefined;
  do {
    try {
      const page = await edges.clientOf(IAMClient).send(new ListAccessKeysCommand({ UserName: user, Marker }), { abortSignal: signal });
      for (const { AccessKeyId, Status, CreateDate } of page.AccessKeyMetadata ?? []) {
        if (AccessKeyId) keys.push({ id: AccessKeyId, status: Status ?? 'Active', created: CreateDate?.toISOString() ?? '' });
      }
      Marker = page.IsTruncated ? page.Marker : undefined;
    } catch (error) {
      if (isCode(error, 'NoSuchEntity')) return undefined;
      throw error;
    }
  } while (Marker);
  return keys;
};

/** Whose key it is, and whether it was ever used. `gone`: it was deleted; `foreign`: this account does not know it, or will not tell us. */
export type Ownership = { user: string; used: boolean } | 'gone' | 'foreign';

/** Asks IAM whose key that is. Throws only where asking again may help. */
export const ownerOfKey = async (edges: Edges, id: string, signal: AbortSignal): Promise<Ownership> => {
  try {
    const answer = await edges.clientOf(IAMClient).send(new GetAccessKeyLastUsedCommand({ AccessKeyId: id }), { abortSignal: signal });
    return answer.UserName ? { user: answer.UserName, used: answer.AccessKeyLastUsed?.LastUsedDate !== undefined } : 'gone';
  } catch (error) {
    if (isCode(error, 'NoSuchEntity')) return 'gone';
    if (isCode(error, 'AccessDenied', 'ValidationError', 'InvalidInput')) return 'foreign';
    throw error;
  }
};

/** The user that a credential names, or that IAM names for it; a word where there is none. */
export const userOf = async (edges: Edges, credential: Credential, signal: AbortSignal): Promise<{ user: string } | 'gone' | 'foreign'> => {
  if (credential.principal) return { user: credential.principal };
  const owner = await ownerOfKey(edges, credential.name, signal);
  return typeof owner === 'string' ? owner : { user: owner.user };
};

/** The text of our inline policy on that user; undefined where it has none (or is gone). */
export const denyPolicyOf = async (edges: Edges, user: string, signal: AbortSignal): Promise<string | undefined> => {
  try {
    const { PolicyDocument } = await edges.clientOf(IAMClient).send(new GetUserPolicyCommand({ UserName: user, PolicyName: denyPolicyName }), { abortSignal: signal });
    // IAM gives documents percent-encoded (RFC 3986)
    return PolicyDocument === undefined ? undefined : decodeURIComponent(PolicyDocument);
  } catch (error) {
    if (isCode(error, 'NoSuchEntity')) return undefined;
    throw error;
  }
};

/** Who we are at this moment. Needs no permission and cannot be denied. */
export const ourselves = async (edges: Edges, signal: AbortSignal): Promise<{ arn: string; account: string }> => {
  const { Arn, Account } = await edges.clientOf(STSClient).send(new GetCallerIdentityCommand({}), { abortSignal: signal });
  return { arn: Arn ?? '', account: Account ?? '' };
};

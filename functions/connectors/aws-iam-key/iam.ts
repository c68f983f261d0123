import { GetAccessKeyLastUsedCommand, GetUserPolicyCommand, IAMClient, ListAccessKeysCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { IssuerFailed, type Credential } from '../../core/connector.ts';
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

/** Why nobody can say whose key it is. */
export const untold = 'IAM does not tell us whose key it is: it belongs to another account, or our role may not ask';

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

/** Where IAM has a key at this moment. */
export type Standing =
  | { told: 'listed'; user: string; keys: Key[]; key: Key }
  /** In nobody's list: it was deleted, or this account does not know it or will not tell us. The user is the remembered one, where there is still one of that name. */
  | { told: 'gone' | 'foreign'; user?: string; keys?: Key[]; key?: undefined };

/**
 * Looks a key up in its user's list. The remembered user is only where to look first: a user may have been renamed, and
 * another may have taken the name, so where that list does not hold the key IAM is asked whose it is. Throws where IAM contradicts itself.
 */
export const standingOf = async (edges: Edges, { name, principal }: Credential, signal: AbortSignal): Promise<Standing> => {
  const remembered = principal === undefined ? undefined : await listedBy(edges, principal, name, signal);
  if (remembered?.key) return { told: 'listed', ...remembered, key: remembered.key };
  const owner = await ownerOfKey(edges, name, signal);
  if (typeof owner !== 'string') {
    const named = owner.user === principal ? undefined : await listedBy(edges, owner.user, name, signal);
    if (!named?.key) throw new IssuerFailed('IAM says whose key it is and does not list it there: ask again');
    return { told: 'listed', ...named, key: named.key };
  }
  const rest = remembered ? { user: remembered.user, keys: remembered.keys } : {};
  // of a key that is no more IAM may say only that we must not ask: that it tells of another one of that user shows that we may
  const other = remembered?.keys[0];
  const mayAsk = owner === 'foreign' && other !== undefined && typeof (await ownerOfKey(edges, other.id, signal)) !== 'string';
  return { told: mayAsk ? 'gone' : owner, ...rest };
};

const listedBy = async (edges: Edges, user: string, id: string, signal: AbortSignal): Promise<{ user: string; keys: Key[]; key: Key | undefined } | undefined> => {
  const keys = await keysOf(edges, user, signal);
  return keys && { user, keys, key: keys.find((key) => key.id === id) };
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

import { IAMClient, ListUsersCommand, type ListUsersCommandOutput } from '@aws-sdk/client-iam';
import type { Context, Credential, Found, Listing } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { isCode } from '../provider-error.ts';
import { name } from './facts.ts';
import { keysOf, ourselves, standingOf, untold } from './iam.ts';

/** At most two keys per user, inactive ones included. */
export const mostKeys = 2;

const usersAt = (edges: Edges, Marker: string | undefined, signal: AbortSignal): Promise<ListUsersCommandOutput> =>
  edges.clientOf(IAMClient).send(new ListUsersCommand({ Marker, MaxItems: 100 }), { abortSignal: signal });

/** The users from a saved marker on; from the first one where IAM does not take that marker any more. */
const usersFrom = async (edges: Edges, marker: string | undefined, signal: AbortSignal): Promise<ListUsersCommandOutput> => {
  try {
    return await usersAt(edges, marker, signal);
  } catch (error) {
    if (marker === undefined || !isCode(error, 'ValidationError', 'InvalidInput')) throw error;
    return usersAt(edges, undefined, signal);
  }
};

/** Every access key of every user of the account, user by user. The markers are IAM's own. */
export async function* listKeys(edges: Edges, { signal, from, passed }: Listing): AsyncGenerator<Credential> {
  signal.throwIfAborted();
  for (let page = await usersFrom(edges, from, signal); ; page = await usersAt(edges, page.Marker, signal)) {
    for (const { UserName, Arn } of page.Users ?? []) {
      if (!UserName) continue;
      for (const { id } of (await keysOf(edges, UserName, signal)) ?? []) {
        yield { id: `${name}:${id}`, issuer: name, name: id, principal: UserName, account: Arn?.split(':')[4], copies: [] };
      }
    }
    if (!page.IsTruncated || !page.Marker) return;
    await passed?.(page.Marker);
  }
}

/** The key as IAM sees it at this moment; one that is in another account is not there for us. */
export const findKey = async (edges: Edges, credential: Credential, { signal }: Context): Promise<Found> => {
  signal.throwIfAborted();
  if (credential.name === '') return { exists: false, note: 'no key id: nothing matches' };
  const { account } = await ourselves(edges, signal);
  if (credential.account && credential.account !== account) {
    return { exists: false, account: credential.account, note: `it belongs to account ${credential.account}, which is not ours` };
  }
  const { told, user, keys, key } = await standingOf(edges, credential, signal);
  const slotFree = keys && keys.length < mostKeys;
  if (told !== 'listed') return { exists: false, principal: user, slotFree, ...(told === 'gone' ? { account, note: 'the key was deleted' } : { note: untold }) };
  return { exists: true, principal: user, account, slotFree, note: `${key.status}, made ${key.created || 'at an unknown time'}; its user has ${keys.length} of ${mostKeys} keys` };
};

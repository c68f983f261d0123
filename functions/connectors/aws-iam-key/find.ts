import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam';
import type { Context, Credential, Found } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { name } from './facts.ts';
import { keysOf, ourselves, ownerOfKey } from './iam.ts';

/** At most two keys per user, inactive ones included. */
export const mostKeys = 2;

/** Every access key of every user of the account, user by user. */
export async function* listKeys(edges: Edges, { signal }: Pick<Context, 'signal'>): AsyncGenerator<Credential> {
  let Marker: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await edges.clientOf(IAMClient).send(new ListUsersCommand({ Marker, MaxItems: 100 }), { abortSignal: signal });
    for (const { UserName, Arn } of page.Users ?? []) {
      if (!UserName) continue;
      for (const { id } of (await keysOf(edges, UserName, signal)) ?? []) {
        yield { id: `${name}:${id}`, issuer: name, name: id, principal: UserName, account: Arn?.split(':')[4], copies: [] };
      }
    }
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker);
}

/** The key as IAM sees it at this moment; one that is in another account is not there for us. */
export const findKey = async (edges: Edges, credential: Credential, { signal }: Context): Promise<Found> => {
  signal.throwIfAborted();
  if (credential.name === '') return { exists: false, note: 'no key id: nothing matches' };
  const { account } = await ourselves(edges, signal);
  if (credential.account && credential.account !== account) {
    return { exists: false, account: credential.account, note: `it belongs to account ${credential.account}, which is not ours` };
  }
  const owner = credential.principal ? { user: credential.principal } : await ownerOfKey(edges, credential.name, signal);
  if (owner === 'foreign') return { exists: false, note: 'IAM does not tell us whose key it is: it belongs to another account, or our role may not ask' };
  if (owner === 'gone') return { exists: false, account, note: 'the key was deleted' };
  const keys = await keysOf(edges, owner.user, signal);
  if (!keys) return { exists: false, account, note: `there is no user ${owner.user}` };
  const key = keys.find(({ id }) => id === credential.name);
  const slotFree = keys.length < mostKeys;
  if (!key) return { exists: false, principal: owner.user, account, slotFree, note: `${owner.user} has no such key` };
  return { exists: true, principal: owner.user, account, slotFree, note: `${key.status}, made ${key.created || 'at an unknown time'}; its user has ${keys.length} of ${mostKeys} keys` };
};

import type { Context, Credential, Found } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { ourselves, roleOf } from './iam.ts';
import { keptByAws, namedIn } from './name.ts';
import type { KeptByUs } from './own.ts';
import { refusedFor } from './standing.ts';

/** The role whose sessions they are, as IAM sees it at this moment. Nobody keeps a list of sessions: one by its name is there if its role is. */
export const findSessions = async (edges: Edges, keptByUs: KeptByUs, { name }: Credential, { signal }: Pick<Context, 'signal'>): Promise<Found> => {
  signal.throwIfAborted();
  const named = namedIn(name);
  if (!named) return { exists: false, note: 'its name is neither the ARN of a role nor that of a session of one' };
  const role = await roleOf(edges, named.role, signal);
  if (!role) {
    const { account } = await ourselves(edges, signal);
    return { exists: false, account: named.account, note: account === named.account ? 'this account has no such role' : `it is a role of another account (${named.account})` };
  }
  const kept = keptByAws({ role: role.name, roleArn: role.arn });
  const reason = refusedFor(named, role);
  if (reason !== undefined && reason !== kept) return { exists: false, account: named.account, note: reason };
  return {
    exists: true,
    // a time is no part of the name: what is ended later is older than that moment, whatever was asked
    name: named.session === undefined ? role.arn : `arn:${named.partition}:sts::${named.account}:assumed-role/${role.name}/${named.session}`,
    ...(named.before === undefined ? {} : { isMore: true }),
    principal: role.name,
    account: named.account,
    protectedBy: kept ?? (await keptByUs(role.name, signal)),
    attributes: {
      role: role.name, path: role.path,
      ...(named.session === undefined ? {} : { session: named.session }),
      ...Object.fromEntries(Object.entries(role.tags).map(([key, value]) => [`tag.${key}`, value])),
    },
    note: named.session === undefined ? `all sessions of ${role.name}` : `sessions of ${role.name} named ${named.session}`,
  };
};

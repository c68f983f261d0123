import { IssuerFailed, type Child, type Credential } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { deniedBefore } from './deny.ts';
import { denyPolicyOf } from './iam.ts';
import { mintedWith } from './minted.ts';
import { longestSessionMilliseconds, type Asked, type Trail } from './trail.ts';

/** Asks CloudTrail again what was minted with a key, now that it has delivered what it had not told before. Throws where it cannot be asked. */
export const watchKey = async (edges: Edges, trail: Trail, { name, principal }: Credential, since: Date, context: Asked): Promise<Child[]> => {
  context.signal.throwIfAborted();
  // what was minted from then on may have been minted with a session that is older
  const asked: Asked = { ...context, from: new Date(since.getTime() - longestSessionMilliseconds) };
  const minted = async (before: Date | undefined): Promise<Child[]> => {
    const { children, failed } = await mintedWith(edges, trail, { keyId: name, user: principal, before }, asked);
    if (failed !== undefined) throw new IssuerFailed(`CloudTrail could not be asked again: ${failed}`);
    return children;
  };
  const children = await minted(undefined);
  if (principal === undefined || children.every(({ accounted }) => accounted)) return children;
  // the deny of older sessions may account for them: mostly there is nothing to account for, and it need not be read
  return minted(deniedBefore(await denyPolicyOf(edges, principal, context.signal)));
};

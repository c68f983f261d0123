import type { Edges } from '../edges.ts';
import { policyName } from './facts.ts';
import { policyOf, roleOf, ourselves, type Policy, type Role } from './iam.ts';
import { keptByAws, type Named } from './name.ts';

/** Where a role that a credential names stands with IAM. */
export type Standing =
  | { told: 'there'; role: Role; policy: Policy }
  /** There is no role of that name in the account that the credential names. */
  | { told: 'gone' }
  /** It is not ours to touch, or not the one that is meant: why, and whether AWS keeps it to itself. */
  | { told: 'not-ours'; reason: string };

/** Why a policy of our name is not touched. */
export const foreign = `the role has an inline policy ${policyName} that is not ours to the letter: rename it, or delete it where nothing needs it`;

/** The role's account, path and name against what IAM has; undefined where they agree. */
const mismatchOf = ({ partition, account, roleArn }: Named, { arn }: Role): string | undefined => {
  if (!arn.startsWith(`arn:${partition}:iam::${account}:`)) return `it is a role of another account (${account}), and we can change only our own`;
  return roleArn === undefined || roleArn === arn ? undefined : `this account has a role of that name under another path: name it as ${arn}`;
};

/** Whether a role found is the one that is meant, and may be changed by others than AWS; else why not. */
export const refusedFor = (named: Named, role: Role): string | undefined => mismatchOf(named, role) ?? keptByAws({ role: role.name, roleArn: role.arn });

/** Reads the role and our policy on it. Throws where IAM cannot be asked. */
export const standingOf = async (edges: Edges, named: Named, signal: AbortSignal): Promise<Standing> => {
  const role = await roleOf(edges, named.role, signal);
  if (role) {
    const reason = refusedFor(named, role);
    return reason === undefined ? { told: 'there', role, policy: await policyOf(edges, role.name, signal) } : { told: 'not-ours', reason };
  }
  const { account } = await ourselves(edges, signal);
  return account === named.account ? { told: 'gone' } : { told: 'not-ours', reason: `it is a role of another account (${named.account}), and we can change only our own` };
};

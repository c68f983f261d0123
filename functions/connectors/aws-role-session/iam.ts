import {
  DeleteRolePolicyCommand, GetRoleCommand, GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand, SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { IssuerFailed } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { isCode } from '../provider-error.ts';
import { nothing, type Ended } from './ended.ts';
import { policyName } from './facts.ts';
import { momentOf, endedIn } from './policy-text.ts';

/** A role as IAM has it at this moment. */
export interface Role {
  name: string;
  arn: string;
  /** `AROA...`: one made anew under the same name has another. */
  id: string;
  path: string;
  created: Date;
  tags: Record<string, string>;
}

/** The role of that name; undefined where there is none. */
export const roleOf = async (edges: Edges, name: string, signal: AbortSignal): Promise<Role | undefined> => {
  try {
    const { Role: role } = await edges.clientOf(IAMClient).send(new GetRoleCommand({ RoleName: name }), { abortSignal: signal });
    if (!role?.Arn || !role.RoleId || !role.CreateDate) throw new IssuerFailed('IAM answered GetRole without a role: ask again');
    return { name, arn: role.Arn, id: role.RoleId, path: role.Path ?? '/', created: role.CreateDate, tags: Object.fromEntries((role.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])) };
  } catch (error) {
    if (isCode(error, 'NoSuchEntity')) return undefined;
    throw error;
  }
};

/** Our policy on a role: its text, and what it says. `ended` is undefined where the text is not ours; both for a role without it say nothing. */
export interface Policy {
  text?: string;
  ended?: Ended;
}

const textNamed = async (edges: Edges, role: string, name: string, signal: AbortSignal): Promise<string | undefined> => {
  try {
    const { PolicyDocument } = await edges.clientOf(IAMClient).send(new GetRolePolicyCommand({ RoleName: role, PolicyName: name }), { abortSignal: signal });
    // IAM gives documents percent-encoded (RFC 3986)
    return PolicyDocument === undefined ? undefined : decodeURIComponent(PolicyDocument);
  } catch (error) {
    if (isCode(error, 'NoSuchEntity')) return undefined;
    throw error;
  }
};

/** Reads our policy on that role. */
export const policyOf = async (edges: Edges, role: string, signal: AbortSignal): Promise<Policy> => {
  const text = await textNamed(edges, role, policyName, signal);
  return text === undefined ? { ended: nothing } : { text, ended: endedIn(text) };
};

/** Writes our policy on that role. */
export const putPolicy = async (client: IAMClient, role: string, text: string, signal: AbortSignal): Promise<void> => {
  await client.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: policyName, PolicyDocument: text }), { abortSignal: signal });
};

/** Takes our policy off that role. Fine if it is not there. */
export const deletePolicy = async (client: IAMClient, role: string, signal: AbortSignal): Promise<void> => {
  try {
    await client.send(new DeleteRolePolicyCommand({ RoleName: role, PolicyName: policyName }), { abortSignal: signal });
  } catch (error) {
    if (!isCode(error, 'NoSuchEntity')) throw error;
  }
};

/** How many characters the role's other inline policies take, white space not counted, as IAM counts them. */
export const takenByOthers = async (edges: Edges, role: string, signal: AbortSignal): Promise<number> => {
  let taken = 0;
  let Marker: string | undefined;
  do {
    const page = await edges.clientOf(IAMClient).send(new ListRolePoliciesCommand({ RoleName: role, Marker }), { abortSignal: signal });
    for (const name of (page.PolicyNames ?? []).filter((one) => one !== policyName)) {
      taken += ((await textNamed(edges, role, name, signal)) ?? '').replace(/\s/g, '').length;
    }
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker);
  return taken;
};

/** Who we are at this moment. Needs no permission and cannot be denied. */
export const ourselves = async (edges: Edges, signal: AbortSignal): Promise<{ account: string; role?: string }> => {
  const { Arn = '', Account = '' } = await edges.clientOf(STSClient).send(new GetCallerIdentityCommand({}), { abortSignal: signal });
  return { account: Account, role: /:assumed-role\/([^/]+)\//.exec(Arn)?.[1] };
};

/** Whether our policy denies anything to a session of the role that was issued at that moment (seconds), as IAM itself evaluates it. */
export const isDeniedByUs = async (edges: Edges, role: Role, userId: string, issued: number, signal: AbortSignal): Promise<boolean> => {
  const command = new SimulatePrincipalPolicyCommand({
    PolicySourceArn: role.arn,
    ActionNames: ['iam:GetUser'],
    ResourceArns: ['*'],
    ContextEntries: [
      { ContextKeyName: 'aws:TokenIssueTime', ContextKeyType: 'date', ContextKeyValues: [momentOf(issued)] },
      { ContextKeyName: 'aws:userid', ContextKeyType: 'string', ContextKeyValues: [userId] },
    ],
  });
  const { EvaluationResults: results = [] } = await edges.clientOf(IAMClient).send(command, { abortSignal: signal });
  if (results.length === 0) throw new IssuerFailed('IAM evaluated nothing: ask again');
  // the simulator names an inline policy role_<role>_<policy>
  return results.some(({ EvalDecision, MatchedStatements }) => EvalDecision === 'explicitDeny' && (MatchedStatements ?? []).some(({ SourcePolicyId }) => SourcePolicyId?.endsWith(policyName)));
};

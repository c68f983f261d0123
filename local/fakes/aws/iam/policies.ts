import { AwsError } from '../errors.ts';
import type { Operation, Run } from '../operations.ts';
import { isPolicy } from '../policy.ts';
import { paged, required } from '../query.ts';
import { recordCall } from '../trail.ts';
import { noSuch, roleOf, userOf } from './users.ts';

/** Users and roles have the same four operations; only words and sizes differ. */
interface Holder {
  word: 'user' | 'role';
  parameter: 'UserName' | 'RoleName';
  type: string;
  /** All inline policies together, in characters that are not white space. */
  maxCharacters: number;
  check(run: Run, name: string): unknown;
}

const HOLDERS: Record<'User' | 'Role', Holder> = {
  User: { word: 'user', parameter: 'UserName', type: 'AWS::IAM::User', maxCharacters: 2_048, check: userOf },
  Role: { word: 'role', parameter: 'RoleName', type: 'AWS::IAM::Role', maxCharacters: 10_240, check: roleOf },
};

const sizeOf = (document: string) => document.replace(/\s/g, '').length;

const asked = (run: Run, holder: Holder) => {
  const owner = required(run, holder.parameter);
  holder.check(run, owner);
  return { owner, prefix: `${holder.word}/${owner}/` };
};

const policyAsked = (run: Run, holder: Holder) => {
  const { owner, prefix } = asked(run, holder);
  const name = required(run, 'PolicyName');
  const policy = run.view.policies[prefix + name];
  if (!policy) throw noSuch(`The ${holder.word} policy with name ${name} cannot be found.`);
  return { owner, name, id: prefix + name, policy };
};

/** Roles that AWS itself keeps: of its services, and of IAM Identity Center. */
const checkModifiable = (run: Run, { word }: Holder, owner: string): void => {
  const path = word === 'role' ? (run.state.roles[owner]?.path ?? '/') : '/';
  if (path.startsWith('/aws-service-role/') || path.startsWith('/aws-reserved/'))
    throw new AwsError('UnmodifiableEntity', `Cannot perform the operation on the protected role '${owner}' - this role is only modifiable by AWS`, 400);
};

const record = (run: Run, holder: Holder, owner: string, parameters: object) =>
  recordCall(run, {
    requestParameters: { [`${holder.word}Name`]: owner, ...parameters },
    resources: [{ ResourceType: holder.type, ResourceName: owner }],
  });

const put = (holder: Holder) => (run: Run) => {
  const { owner, prefix } = asked(run, holder);
  const name = required(run, 'PolicyName');
  const document = required(run, 'PolicyDocument');
  checkModifiable(run, holder, owner);
  if (!/^[\w+=,.@-]{1,128}$/.test(name)) throw new AwsError('ValidationError', 'The specified value for policyName is invalid.');
  if (!isPolicy(document)) throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy.');
  const others = Object.entries(run.state.policies).filter(([id]) => id.startsWith(prefix) && id !== prefix + name);
  const size = sizeOf(document) + others.reduce((sum, [, policy]) => sum + sizeOf(policy.document), 0);
  if (size > holder.maxCharacters)
    throw new AwsError('LimitExceeded', `Maximum policy size of ${holder.maxCharacters} bytes exceeded for ${holder.word} ${owner}`, 409);
  run.touch('policies', prefix + name);
  run.state.policies[prefix + name] = { document };
  record(run, holder, owner, { policyName: name, policyDocument: document });
  return {};
};

const operationsOf = (kind: 'User' | 'Role'): Record<string, Operation> => {
  const holder = HOLDERS[kind];
  return {
    [`Put${kind}Policy`]: { kind: 'write', run: put(holder) },
    [`Get${kind}Policy`]: { kind: 'read', run: (run) => {
      const { owner, name, policy } = policyAsked(run, holder);
      const document = encodeURIComponent(policy.document).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
      return { [holder.parameter]: owner, PolicyName: name, PolicyDocument: document };
    } },
    [`Delete${kind}Policy`]: { kind: 'write', run: (run) => {
      const { owner, name, id } = policyAsked(run, holder);
      checkModifiable(run, holder, owner);
      run.touch('policies', id);
      delete run.state.policies[id];
      record(run, holder, owner, { policyName: name });
      return {};
    } },
    [`List${kind}Policies`]: { kind: 'read', run: (run) => {
      const { prefix } = asked(run, holder);
      const names = Object.keys(run.view.policies).filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length)).sort();
      return paged(run, 'PolicyNames', names, (name) => name);
    } },
  };
};

/** Inline policies of users and of roles. */
export const policies: Record<string, Operation> = { ...operationsOf('User'), ...operationsOf('Role') };

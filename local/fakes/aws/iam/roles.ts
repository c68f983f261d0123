import { iamId } from '../build-state.ts';
import { AwsError } from '../errors.ts';
import type { Operation, Run } from '../operations.ts';
import { membersOf, optional, paged, required, whole } from '../query.ts';
import { arnOf, type Role } from '../state.ts';
import { recordCall } from '../trail.ts';
import { attached, byName, read, roleOf, shownTags } from './users.ts';

const HOUR = 3_600;

const trustOf = (run: Run) => encodeURIComponent(JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${run.state.account}:root` }, Action: 'sts:AssumeRole' }],
}));

/** Lists leave out the tags and the longest session; only GetRole tells them. */
const shownRole = (run: Run) => (role: Role) => ({
  Path: role.path ?? '/', RoleName: role.name, RoleId: role.id, Arn: arnOf.role(run.state, role.name), CreateDate: new Date(role.createdAt),
  MaxSessionDuration: role.maxSessionDuration ?? HOUR, AssumeRolePolicyDocument: trustOf(run),
});

const record = (run: Run, name: string) =>
  recordCall(run, { requestParameters: { roleName: name }, resources: [{ ResourceType: 'AWS::IAM::Role', ResourceName: name }] });

const create = (run: Run) => {
  const name = required(run, 'RoleName');
  const path = optional(run, 'Path') ?? '/';
  required(run, 'AssumeRolePolicyDocument');
  if (!/^[\w+=,.@-]{1,64}$/.test(name)) throw new AwsError('ValidationError', 'The specified value for roleName is invalid.');
  if (!/^\/([\x21-\x7e]+\/)?$/.test(path)) throw new AwsError('ValidationError', 'The specified value for path is invalid.');
  if (Object.hasOwn(run.state.roles, name)) throw new AwsError('EntityAlreadyExists', `Role with name ${name} already exists.`, 409);
  run.touch('roles', name);
  const role: Role = {
    name, path, id: iamId('AR' + 'OA', run.random(16)), createdAt: run.now.toISOString(), attachedPolicies: [],
    tags: Object.fromEntries(membersOf(run, 'Tags').map(({ Key = '', Value = '' }) => [Key, Value])),
    maxSessionDuration: whole(run, 'MaxSessionDuration', HOUR, 12 * HOUR, HOUR),
  };
  run.state.roles[name] = role;
  record(run, name);
  return { Role: shownRole(run)(role) };
};

const remove = (run: Run) => {
  const role = roleOf(run, required(run, 'RoleName'));
  const hasInline = Object.keys(run.state.policies).some((id) => id.startsWith(`role/${role.name}/`));
  if (hasInline) throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
  if (role.attachedPolicies.length > 0) throw new AwsError('DeleteConflict', 'Cannot delete entity, must detach all policies first.', 409);
  run.touch('roles', role.name);
  delete run.state.roles[role.name];
  record(run, role.name);
  return {};
};

/** Roles: a deleted one takes its sessions with it, and one made under its name has another id. */
export const roles: Record<string, Operation> = {
  ListRoles: read((run) => paged(run, 'Roles', byName(run.view.roles), shownRole(run))),
  GetRole: read((run) => {
    const role = roleOf(run, required(run, 'RoleName'));
    return { Role: { ...shownRole(run)(role), Tags: shownTags(role.tags ?? {}) } };
  }),
  ListAttachedRolePolicies: read((run) =>
    paged(run, 'AttachedPolicies', attached(roleOf(run, required(run, 'RoleName')).attachedPolicies), (policy) => policy)),
  CreateRole: { kind: 'write', run: create },
  DeleteRole: { kind: 'write', run: remove },
};

import { AwsError } from '../errors.ts';
import type { Operation, Run } from '../operations.ts';
import { optional, paged, required } from '../query.ts';
import { arnOf, type Role, type User } from '../state.ts';

/** An operation that changes nothing. */
export const read = (run: Operation['run']): Operation => ({ kind: 'read', run });

/** What IAM answers where there is no such thing. */
export const noSuch = (message: string) => new AwsError('NoSuchEntity', message, 404);

/** The user of that name as this caller sees it. */
export const userOf = (run: Run, name: string): User => {
  const user = Object.hasOwn(run.view.users, name) ? run.view.users[name] : undefined;
  if (!user) throw noSuch(`The user with name ${name} cannot be found.`);
  return user;
};

/** The role of that name as this caller sees it. */
export const roleOf = (run: Run, name: string): Role => {
  const role = Object.hasOwn(run.view.roles, name) ? run.view.roles[name] : undefined;
  if (!role) throw noSuch(`The role with name ${name} cannot be found.`);
  return role;
};

/** The user that the request names, or else the one who signed it. */
export const userAsked = (run: Run): User => {
  const name = optional(run, 'UserName') ?? (run.request.caller.roleName === undefined ? run.request.caller.userName : undefined);
  if (name === undefined) throw new AwsError('ValidationError', 'Must specify userName when calling with non-User credentials');
  return userOf(run, name);
};

const shownUser = (run: Run) => (user: User) => ({
  Path: '/', UserName: user.name, UserId: user.id, Arn: arnOf.user(run.state, user.name), CreateDate: new Date(user.createdAt),
});

/** Tags as IAM lists them. */
export const shownTags = (tags: Record<string, string>) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** By their names. */
export const byName = <T extends { name: string }>(entries: Record<string, T>) => Object.values(entries).sort((a, b) => (a.name < b.name ? -1 : 1));

/** Attached managed policies as IAM lists them. */
export const attached = (arns: string[]) => arns.map((PolicyArn) => ({ PolicyName: PolicyArn.slice(PolicyArn.lastIndexOf('/') + 1), PolicyArn }));

/** Users and what belongs to them, as read. */
export const users: Record<string, Operation> = {
  ListUsers: read((run) => paged(run, 'Users', byName(run.view.users), shownUser(run))),
  GetUser: read((run) => {
    const user = userAsked(run);
    return { User: { ...shownUser(run)(user), Tags: shownTags(user.tags) } };
  }),
  ListUserTags: read((run) => paged(run, 'Tags', shownTags(userOf(run, required(run, 'UserName')).tags), (tag) => tag)),
  ListAttachedUserPolicies: read((run) =>
    paged(run, 'AttachedPolicies', attached(userOf(run, required(run, 'UserName')).attachedPolicies), (policy) => policy)),
  ListGroupsForUser: read((run) => {
    const { groups, createdAt } = userOf(run, required(run, 'UserName'));
    return paged(run, 'Groups', groups, (GroupName) => ({
      Path: '/', GroupName, GroupId: `${'AG' + 'PA'}${GroupName.toUpperCase().replace(/[^A-Z2-7]/g, '').padEnd(16, 'A').slice(0, 16)}`,
      Arn: `arn:aws:iam::${run.state.account}:group/${GroupName}`, CreateDate: new Date(createdAt),
    }));
  }),
  ListServiceSpecificCredentials: read((run) => {
    const user = userAsked(run);
    const service = optional(run, 'ServiceName');
    const found = user.serviceCredentials.filter((one) => service === undefined || one.service === service);
    return paged(run, 'ServiceSpecificCredentials', found, (one) => ({
      UserName: user.name, Status: one.status, ServiceSpecificCredentialId: one.id, ServiceName: one.service,
      ServiceUserName: `${user.name}-at-${run.state.account}`, CreateDate: new Date(user.createdAt),
    }));
  }),
};

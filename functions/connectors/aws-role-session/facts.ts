import type { ConnectorFacts, Permission } from '../../core/connector.ts';

/** The connector's name. */
export const name = 'aws-role-session';

/** The one inline policy through which we end sessions of a role. Moved forward and never back. */
export const policyName = 'RescindEndedSessions';

/** No session of a role lives longer, whoever assumed it: twelve hours, and one for clocks and caches. */
export const longestSessionSeconds = 13 * 3600;

/**
 * What IAM promises: "it might take a few minutes for policy updates to take effect". A name that is a role reaches all of its
 * sessions, one that is a session only that. Sessions of other roles that were obtained from one live on.
 */
export const facts = (): ConnectorFacts => ({
  effect: 'eventual',
  settleSeconds: { typical: 10, max: 120 },
  reversible: true,
  old: 'lives',
  containBeforeRotate: 'safe',
  needsValue: false,
  children: 'live',
  reach: 'all-sessions',
  rate: { perSecond: 5, per: 'account' },
});

const roles = ['arn:${partition}:iam::${account}:role/*'];
const ofRoles = (verb: Permission['verb'], ...actions: string[]): Permission => ({ verb, actions, resources: roles });
/** Who we are knows no resource, and needs no permission. */
const ourselves = (verb: Permission['verb']): Permission => ({ verb, actions: ['sts:GetCallerIdentity'], resources: ['*'] });
const ending = ['iam:GetRole', 'iam:GetRolePolicy', 'iam:ListRolePolicies', 'iam:PutRolePolicy'];

/** Roles are the only resource. IAM knows no condition on an inline policy's name or text: the stack narrows the roles. */
export const permissions: Permission[] = [
  ofRoles('find', 'iam:GetRole'),
  ourselves('find'),
  ofRoles('contain', ...ending),
  ourselves('contain'),
  ofRoles('restore', 'iam:GetRole', 'iam:GetRolePolicy', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy'),
  ofRoles('revoke', ...ending),
  ourselves('revoke'),
  ofRoles('probe', 'iam:GetRole', 'iam:GetRolePolicy', 'iam:SimulatePrincipalPolicy'),
  ourselves('probe'),
];

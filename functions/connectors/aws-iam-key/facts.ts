import type { ConnectorFacts, Permission } from '../../core/connector.ts';

/** The connector's name: the part of a credential's id before the colon. */
export const name = 'aws-iam-key';

/** The inline policy that denies a user's older sessions. One per user, moved forward and never back. */
export const denyPolicyName = 'RescindDenyOlderSessions';

/**
 * What IAM promises. A deactivated key was seen to open doors for 3 to 4 seconds more, so dead is believed from 5.
 * The deny of older sessions reaches all sessions of the user, not only those of this key. CloudTrail, which alone tells what
 * was minted with a key, delivers within a quarter of an hour.
 */
export const facts = (): ConnectorFacts => ({
  effect: 'eventual',
  settleSeconds: { typical: 5, max: 30 },
  reversible: true,
  old: 'lives',
  containBeforeRotate: 'safe',
  needsValue: false,
  children: 'live',
  reach: 'principal',
  rate: { perSecond: 5, per: 'account' },
  watchSeconds: 20 * 60,
});

const users = ['arn:${partition}:iam::${account}:user/*'];
const anything = ['*'];
const ofUsers = (verb: Permission['verb'], ...actions: string[]): Permission => ({ verb, actions, resources: users });
/** CloudTrail look-ups and the caller's own identity know no resource. */
const ofAccount = (verb: Permission['verb'], ...actions: string[]): Permission => ({ verb, actions, resources: anything });

/** Users are the only resource; CloudTrail and the caller's own identity know none. */
export const permissions: Permission[] = [
  ofAccount('list', 'iam:ListUsers'),
  ofUsers('list', 'iam:ListAccessKeys'),
  ofAccount('find', 'sts:GetCallerIdentity'),
  ofUsers('find', 'iam:ListAccessKeys', 'iam:GetAccessKeyLastUsed'),
  ofUsers('contain', 'iam:ListAccessKeys', 'iam:GetAccessKeyLastUsed', 'iam:UpdateAccessKey', 'iam:GetUserPolicy', 'iam:PutUserPolicy'),
  ofAccount('contain', 'cloudtrail:LookupEvents'),
  ofUsers('restore', 'iam:ListAccessKeys', 'iam:GetAccessKeyLastUsed', 'iam:UpdateAccessKey', 'iam:GetUserPolicy', 'iam:PutUserPolicy', 'iam:DeleteUserPolicy'),
  ofUsers('revoke', 'iam:GetAccessKeyLastUsed', 'iam:DeleteAccessKey'),
  ofUsers('rotate', 'iam:ListAccessKeys', 'iam:GetAccessKeyLastUsed', 'iam:CreateAccessKey', 'iam:DeleteAccessKey'),
  ofAccount('rotate', 'cloudtrail:LookupEvents', 'sts:GetCallerIdentity'),
  ofUsers('probe', 'iam:ListAccessKeys', 'iam:GetAccessKeyLastUsed', 'iam:GetUserPolicy'),
  ofAccount('probe', 'cloudtrail:LookupEvents', 'sts:GetCallerIdentity'),
  ofUsers('watch', 'iam:ListAccessKeys', 'iam:GetUserPolicy'),
  ofAccount('watch', 'cloudtrail:LookupEvents'),
];

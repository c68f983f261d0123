import { Stack } from 'aws-cdk-lib/core';
import { Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acceptWildcards } from './nag.ts';

/** Every way to make a principal, a policy or a door: none of it is ever needed to take a credential back. */
const raising = [
  'iam:AddRoleToInstanceProfile',
  'iam:AddUserToGroup',
  'iam:Attach*Policy',
  'iam:CreateInstanceProfile',
  'iam:Create*LoginProfile',
  'iam:CreateOpenIDConnectProvider',
  'iam:CreatePolicy*',
  'iam:CreateRole',
  'iam:CreateSAMLProvider',
  'iam:CreateServiceSpecificCredential',
  'iam:CreateUser',
  'iam:*PermissionsBoundary',
  'iam:PassRole',
  'iam:PutGroupPolicy',
  'iam:PutRolePolicy',
  'iam:SetDefaultPolicyVersion',
  'iam:UpdateAssumeRolePolicy',
  'iam:UpdateLoginProfile',
  'organizations:*',
];

/** Every way to read what is held, to forge what is known or to blind who watches, by changing a key, a table, a queue, a log or a rule. */
const undoing = [
  'cloudtrail:DeleteTrail',
  'cloudtrail:StopLogging',
  'cloudwatch:DeleteAlarms',
  'cloudwatch:DisableAlarmActions',
  'dynamodb:DeleteBackup',
  'dynamodb:DeleteTable',
  'dynamodb:PutResourcePolicy',
  'dynamodb:UpdateContinuousBackups',
  'dynamodb:UpdateTable',
  'dynamodb:UpdateTimeToLive',
  'events:DeleteRule',
  'events:DisableRule',
  'events:PutPermission',
  'events:RemoveTargets',
  'kms:CreateGrant',
  'kms:DeleteAlias',
  'kms:Disable*',
  'kms:PutKeyPolicy',
  'kms:ScheduleKeyDeletion',
  'kms:UpdateAlias',
  'lambda:AddPermission',
  'lambda:Delete*',
  'lambda:Update*',
  'logs:Delete*',
  'logs:PutRetentionPolicy',
  's3:DeleteBucket*',
  's3:PutBucket*',
  'scheduler:DeleteSchedule',
  'scheduler:UpdateSchedule',
  'sns:DeleteTopic',
  'sns:SetTopicAttributes',
  'sqs:DeleteQueue',
  'sqs:PurgeQueue',
  'sqs:SetQueueAttributes',
  'states:DeleteStateMachine',
  'states:UpdateStateMachine',
];

/** Everything in IAM that changes something; reading stays possible, since the index lists every user's keys. */
const changing = ['Add', 'Attach', 'Create', 'Deactivate', 'Delete', 'Detach', 'Enable', 'Put', 'Remove', 'Reset', 'Set', 'Tag', 'Untag', 'Update', 'Upload'].map((verb) => `iam:${verb}*`);

/** Who is never touched unless the installation says otherwise: patterns of user and role names. */
export const administratorsByDefault = ['*admin*', '*Admin*', 'AWSReservedSSO_*', 'OrganizationAccountAccessRole', 'break-glass*', 'cdk-*'];

export interface BoundaryProps {
  /** Every action that any function is granted: what is not granted anywhere is not possible anywhere. */
  actions: readonly string[];
  /** Patterns of user and role names that no function may change. */
  administrators: readonly string[];
  /** What our own things' names begin with. */
  prefix: string;
}

/** The limit of every function's role, whatever its own policy may come to say. */
export class Boundary extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, { actions, administrators, prefix }: BoundaryProps) {
    super(scope, id);
    const iam = (...names: string[]) => names.map((name) => `arn:${Stack.of(this).partition}:iam::*:${name}`);
    const deny = (sid: string, actions: string[], resources: string[]) => new PolicyStatement({ sid, effect: Effect.DENY, actions, resources });
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: 'The limit of every function of Rescind: no function can raise itself, touch an administrator or undo what watches it.',
      statements: [
        new PolicyStatement({ sid: 'OnlyWhatIsGrantedSomewhere', actions: [...new Set(actions)].sort(), resources: ['*'] }),
        deny('NoWayUp', raising, ['*']),
        deny('NoUndoing', undoing, ['*']),
        deny('NoAdministrators', changing, iam(...administrators.flatMap((name) => [`user/${name}`, `user/*/${name}`, `role/${name}`, `role/*/${name}`]))),
        deny('NotOurselves', changing, iam(`role/${prefix}-*`, `policy/${prefix}-*`, `user/${prefix}-*`)),
      ],
    });
    acceptWildcards(this.policy, ['*'], 'A boundary grants nothing: it limits what a role may be granted, and each role names its resources.');
  }
}

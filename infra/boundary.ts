import { Stack } from 'aws-cdk-lib/core';
import { Effect, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { filledIn } from './filled-in.ts';
import { acceptWildcards } from './nag.ts';
import { timersArnOf, timersRoleArnOf } from './timers.ts';

/** Ways to make a principal, a policy or a door: none of them is ever needed to take a credential back. */
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
  'iam:PutGroupPolicy',
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
  'scheduler:DeleteScheduleGroup',
  'sns:DeleteTopic',
  'sns:SetTopicAttributes',
  'sqs:DeleteQueue',
  'sqs:PurgeQueue',
  'sqs:SetQueueAttributes',
  'states:DeleteStateMachine',
  'states:UpdateStateMachine',
];

/** Ways to change a role: only of those whose sessions the configuration lets us end. */
const ofRoles = ['iam:DeleteRolePolicy', 'iam:PutRolePolicy'];

/** Ways to change what happens by the clock: only the leases' timers. */
const ofTimers = ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule', 'scheduler:UpdateSchedule'];

/** Characters that a managed policy may have, white space aside. */
const MOST_CHARACTERS = 6144;

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
  /** ARN patterns of the roles whose sessions may be ended. */
  jobRoles: readonly string[];
  /** ARNs of secrets that no function may delete. */
  keptSecrets: readonly string[];
}

/** The size of a policy as IAM counts it, references taken for the longest that they can be. */
const sizeOf = (document: unknown): number => {
  const longest: Record<string, string> = { 'AWS::Partition': 'aws-us-gov', 'AWS::Region': 'ap-southeast-1', 'AWS::AccountId': '111122223333' };
  return JSON.stringify(document, (_key, value: unknown) => {
    const { 'Fn::Join': join, Ref: name } = (value ?? {}) as { 'Fn::Join'?: [string, unknown[]]; Ref?: string };
    if (name !== undefined) return longest[name] ?? name;
    return join ? join[1].map((part) => (typeof part === 'string' ? part : longest[(part as { Ref: string }).Ref])).join(join[0]) : value;
  }).length;
};

/** The limit of every function's role, whatever its own policy may come to say. */
export class Boundary extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, { actions, administrators, prefix, jobRoles, keptSecrets }: BoundaryProps) {
    super(scope, id);
    const iam = (...names: string[]) => names.map((name) => `arn:${Stack.of(this).partition}:iam::*:${name}`);
    const deny = (sid: string, actions: string[], resources: string[]) => new PolicyStatement({ sid, effect: Effect.DENY, actions, resources });
    const denyElsewhere = (sid: string, actions: string[], notResources: string[]) =>
      notResources.length === 0 ? deny(sid, actions, ['*']) : new PolicyStatement({ sid, effect: Effect.DENY, actions, notResources });
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: 'The limit of every function of Rescind: no function can raise itself, touch an administrator or undo what watches it.',
      statements: [
        new PolicyStatement({ sid: 'OnlyWhatIsGrantedSomewhere', actions: [...new Set(actions)].sort(), resources: ['*'] }),
        deny('NoWayUp', raising, ['*']),
        denyElsewhere('NoRoleButTheTimers', ['iam:PassRole'], [timersRoleArnOf(this, prefix)]),
        denyElsewhere('NoRoleButThoseOfJobs', ofRoles, jobRoles.map((pattern) => filledIn(this, pattern))),
        denyElsewhere('NoTimerButThoseOfLeases', ofTimers, [timersArnOf(this, prefix)]),
        ...(keptSecrets.length === 0 ? [] : [deny('NoSecretOfOurs', ['secretsmanager:DeleteSecret'], [...keptSecrets])]),
        deny('NoUndoing', undoing, ['*']),
        deny('NoAdministratorsAndNotOurselves', changing, [
          ...iam(...administrators.flatMap((name) => [`user/${name}`, `user/*/${name}`, `role/${name}`, `role/*/${name}`])),
          ...iam(`role/${prefix}-*`, `policy/${prefix}-*`, `user/${prefix}-*`),
        ]),
      ],
    });
    this.node.addValidation({
      validate: () => {
        const size = sizeOf(Stack.of(this).resolve(this.policy.document));
        return size <= MOST_CHARACTERS ? [] : [`the boundary of the functions has ${size} characters and IAM takes ${MOST_CHARACTERS}: name fewer administrators or roles of jobs, or the role sessions that may be leased by fewer ARNs (one with * for many)`];
      },
    });
    acceptWildcards(this.policy, ['*'], 'A boundary grants nothing: it limits what a role may be granted, and each role names its resources.');
  }
}

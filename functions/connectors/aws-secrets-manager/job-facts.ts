import type { ConnectorFacts, Permission } from '../../core/connector.ts';

/** How a secret says that it was made for one job: only such a one is ever deleted. Whoever sets it adds caution to nothing else. */
export const lentTag = { key: 'rescind:lent', value: 'job' };

/** For how many days a deleted one can be given back: the fewest that Secrets Manager knows. */
export const recoveryDays = 7;

/** Its value cannot be read from the moment it is deleted; what it opened elsewhere lives on. */
export const jobFacts = (): ConnectorFacts => ({
  effect: 'immediate',
  settleSeconds: { typical: 2, max: 30 },
  reversible: true,
  old: 'lives',
  containBeforeRotate: 'safe',
  needsValue: false,
  children: 'unknown',
  reach: 'credential',
  rate: { perSecond: 25, per: 'account' },
});

const secrets = ['arn:${partition}:secretsmanager:${region}:${account}:secret:*'];
const lent = { StringEquals: { [`secretsmanager:ResourceTag/${lentTag.key}`]: lentTag.value } };
const looking = (verb: Permission['verb']): Permission[] => [
  { verb, actions: ['secretsmanager:DescribeSecret'], resources: secrets },
  { verb, actions: ['sts:GetCallerIdentity'], resources: ['*'] },
];
const acting = (verb: Permission['verb'], ...actions: string[]): Permission => ({ verb, actions, resources: secrets, conditions: lent });

/** IAM itself lets nothing be deleted, restored or read that has not the tag. */
export const jobPermissions: Permission[] = [
  ...looking('find'),
  ...looking('revoke'),
  acting('revoke', 'secretsmanager:DeleteSecret', 'secretsmanager:RemoveRegionsFromReplication'),
  ...looking('restore'),
  acting('restore', 'secretsmanager:RestoreSecret'),
  ...looking('probe'),
  acting('probe', 'secretsmanager:GetSecretValue'),
  { verb: 'probe', actions: ['secretsmanager:ListSecrets'], resources: ['*'] },
];

import type { Binding, ConnectorFacts, Permission } from '../../core/connector.ts';

/** The connector's name. */
export const name = 'aws-secrets-manager';

/** Under which of our labels a stuck pending value is kept: it may be the only one that opens something. */
export const keptStage = 'RESCIND_KEPT';

const oldByRotation = { 'alternating-users': 'dies-at-next-rotation', 'single-user': 'dies-at-once' } as const;

/** What a rotation does to the old value depends on its strategy, which only the configuration knows. */
export const facts = ({ rotation }: Binding): ConnectorFacts => ({
  effect: 'async',
  settleSeconds: { typical: 1, max: 60 },
  reversible: false,
  old: rotation ? oldByRotation[rotation] : 'lives',
  // AWS's rotation functions log in with the current value before they change it
  containBeforeRotate: 'breaks-rotation',
  needsValue: false,
  children: 'unknown',
  reach: 'credential',
  // each rotation's own Put and label share 50 a second
  rate: { perSecond: 25, per: 'account' },
});

const secrets = ['arn:${partition}:secretsmanager:${region}:${account}:secret:*'];
const keys = ['arn:${partition}:kms:${region}:${account}:key/*'];
const throughSecretsManager = { StringEquals: { 'kms:ViaService': 'secretsmanager.${region}.amazonaws.com' } };

/** Which secrets there are only the installation knows: the stack may narrow these. KMS acts only through Secrets Manager. */
export const permissions: Permission[] = [
  {
    verb: 'rotate',
    actions: [
      'secretsmanager:CancelRotateSecret',
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:RotateSecret',
      'secretsmanager:UpdateSecretVersionStage',
    ],
    resources: secrets,
  },
  { verb: 'rotate', actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: keys, conditions: throughSecretsManager },
];

import type { ConnectorFacts, Permission, Verb } from '../../core/connector.ts';

/** The connector's name: the part of a credential's id before the colon. */
export const name = 'vault';

/**
 * What a vault promises: its answer to a revocation is already the effect. What becomes of what was made with it differs by its
 * kind, so the notes tell: service tokens die with the token that made them, their leases are only queued, orphans and what a
 * secret-id was exchanged for live on. Only the disabling of an entity can be taken back.
 */
export const facts = (): ConnectorFacts => ({
  effect: 'immediate',
  settleSeconds: { typical: 0, max: 0 },
  reversible: false,
  old: 'lives',
  containBeforeRotate: 'safe',
  needsValue: false,
  children: 'unknown',
  reach: 'credential',
  rate: { per: 'token' },
});

const verbs: readonly Verb[] = ['find', 'contain', 'restore', 'revoke', 'probe'];

/** Every verb asks the vault with a token of our own, which is kept in Secrets Manager; of AWS nothing else is needed. */
export const permissions: Permission[] = verbs.flatMap((verb): Permission[] => [
  { verb, actions: ['secretsmanager:GetSecretValue'], resources: ['arn:${partition}:secretsmanager:${region}:${account}:secret:*'] },
  {
    verb,
    actions: ['kms:Decrypt'],
    resources: ['arn:${partition}:kms:${region}:${account}:key/*'],
    conditions: { StringEquals: { 'kms:ViaService': 'secretsmanager.${region}.amazonaws.com' } },
  },
]);

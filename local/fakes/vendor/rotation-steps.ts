import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeSecretCommand, GetSecretValueCommand, PutSecretValueCommand, ResourceNotFoundException, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';

/** What Secrets Manager calls a rotation function with, four times per rotation. */
export interface RotationEvent {
  Step: string;
  SecretId: string;
  ClientRequestToken: string;
}

/** What differs from one kind of rotation to another. */
export interface RotationSteps {
  /** The new secret, made from the current one. */
  create(current: string): string;
  /** Makes the issuer accept the pending secret; doing it again changes nothing. */
  set(pending: string, current: string): Promise<void>;
  /** Rejects unless the issuer accepts the pending secret. */
  test(pending: string): Promise<void>;
}

const valueOf = async (client: SecretsManagerClient, SecretId: string, VersionStage: string, VersionId?: string): Promise<string> => {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId, VersionStage, VersionId }));
  if (SecretString === undefined) throw new Error('the secret holds no text, which this rotation needs');
  return SecretString;
};

const create = async (client: SecretsManagerClient, { SecretId, ClientRequestToken }: RotationEvent, steps: RotationSteps): Promise<void> => {
  const current = await valueOf(client, SecretId, 'AWSCURRENT');
  try {
    await valueOf(client, SecretId, 'AWSPENDING', ClientRequestToken);
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    await client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString: steps.create(current), VersionStages: ['AWSPENDING'] }));
  }
};

const finish = async (client: SecretsManagerClient, { SecretId, ClientRequestToken }: RotationEvent): Promise<void> => {
  const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
  const current = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT'))?.[0];
  if (current === ClientRequestToken) return;
  await client.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: ClientRequestToken, RemoveFromVersionId: current }));
};

/** Runs one step of a rotation as AWS's own samples do: refuses what is not being rotated, and does nothing for a version that is current. */
export const runRotationStep = async (event: RotationEvent, client: SecretsManagerClient, steps: RotationSteps): Promise<void> => {
  const { SecretId, ClientRequestToken, Step } = event;
  const { RotationEnabled, VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
  if (RotationEnabled === false) throw new Error('the secret is not enabled for rotation');
  const stages = VersionIdsToStages[ClientRequestToken];
  if (stages?.includes('AWSCURRENT')) return;
  if (stages === undefined) throw new Error('the secret version has no stage for rotation');
  if (!stages.includes('AWSPENDING')) throw new Error('the secret version is not set as AWSPENDING for rotation');
  const pending = () => valueOf(client, SecretId, 'AWSPENDING', ClientRequestToken);
  switch (Step) {
    case 'createSecret':
      return create(client, event, steps);
    case 'setSecret':
      return steps.set(await pending(), await valueOf(client, SecretId, 'AWSCURRENT'));
    case 'testSecret':
      return steps.test(await pending());
    case 'finishSecret':
      return finish(client, event);
    default:
      throw new Error(`unknown rotation step ${Step}`);
  }
};

import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient, UpdateSecretVersionStageCommand, type DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';
import type { Edges } from '../edges.ts';
import { isCode } from '../provider-error.ts';

/** What a version id and a label point at. */
export type Described = DescribeSecretResponse;

/** The secret's record; undefined where there is none. */
export const describe = async (edges: Edges, place: string, signal: AbortSignal): Promise<Described | undefined> => {
  try {
    return await edges.clientOf(SecretsManagerClient).send(new DescribeSecretCommand({ SecretId: place }), { abortSignal: signal });
  } catch (error) {
    if (isCode(error, 'ResourceNotFound')) return undefined;
    throw error;
  }
};

/** The version that carries a label. */
export const versionWith = (described: Described, stage: string): string | undefined =>
  Object.entries(described.VersionIdsToStages ?? {}).find(([, stages]) => stages.includes(stage))?.[0];

/** Whether a version is the current one or was it. */
export const wasCurrent = (described: Described, version: string): boolean =>
  (described.VersionIdsToStages?.[version] ?? []).some((stage) => stage === 'AWSCURRENT' || stage === 'AWSPREVIOUS');

/** One version's text with its id; undefined where there is no such version, no text in it, or the secret is being deleted. */
export const textOf = async (edges: Edges, place: string, version: string | undefined, signal: AbortSignal): Promise<{ text: string; version: string } | undefined> => {
  try {
    const found = await edges.clientOf(SecretsManagerClient).send(new GetSecretValueCommand({ SecretId: place, VersionId: version }), { abortSignal: signal });
    return found.SecretString === undefined ? undefined : { text: found.SecretString, version: found.VersionId ?? '' };
  } catch (error) {
    // the second one is what a secret marked for deletion answers
    if (isCode(error, 'ResourceNotFound', 'InvalidRequest')) return undefined;
    throw error;
  }
};

/** Moves a label, or takes it off where `to` is absent. Fine if it is so already, as after a lost answer. */
export const moveStage = async (edges: Edges, place: string, stage: string, { to, from }: { to?: string; from?: string }, signal: AbortSignal): Promise<void> => {
  try {
    const command = new UpdateSecretVersionStageCommand({ SecretId: place, VersionStage: stage, MoveToVersionId: to, RemoveFromVersionId: from });
    await edges.clientOf(SecretsManagerClient).send(command, { abortSignal: signal });
  } catch (error) {
    if (!isCode(error, 'InvalidParameter', 'InvalidRequest')) throw error;
    const described = await describe(edges, place, signal);
    if (!described || versionWith(described, stage) !== to) throw error;
  }
};

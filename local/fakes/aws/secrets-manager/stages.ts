import type { Operation, Run } from '../operations.ts';
import { AwsError } from '../errors.ts';
import { badParameter, changing, invalid, moveLabels, notFound, parametersOf, record, secretAsked, unlabel, versionWith } from './secret.ts';

interface Given {
  SecretId?: string;
  VersionStage?: string;
  MoveToVersionId?: string;
  RemoveFromVersionId?: string;
}

const MAX_LABELS = 20;

const move = (run: Run) => {
  const { SecretId, VersionStage: stage, MoveToVersionId: to, RemoveFromVersionId: from } = parametersOf<Given>(run);
  const secret = secretAsked(run, SecretId);
  if (stage === undefined || stage === '') throw badParameter('You must provide a value for the VersionStage parameter.');
  if (to === undefined && from === undefined) throw badParameter('You must provide MoveToVersionId, RemoveFromVersionId or both.');
  for (const id of [to, from])
    if (id !== undefined && !Object.hasOwn(secret.versions, id)) throw notFound(`Secrets Manager can't find the specified secret version: ${id}`);
  const holder = versionWith(secret, stage);
  if (from !== undefined && holder !== from)
    throw badParameter(`The parameter RemoveFromVersionId can't be used: staging label ${stage} is ${holder === undefined ? 'not attached to any version' : `currently attached to version ${holder}`}.`);
  if (to !== undefined && from === undefined && holder !== undefined && holder !== to)
    throw badParameter(`The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`);
  if (stage === 'AWSCURRENT' && to === undefined) throw badParameter("You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.");
  const target = to === undefined ? undefined : secret.versions[to];
  if (stage === 'AWSCURRENT' && target && target.value === undefined && target.binary === undefined)
    throw invalid("You can't move staging label AWSCURRENT to a version without a secret value.");
  if (target && !target.stages.includes(stage) && target.stages.length >= MAX_LABELS) throw new AwsError('LimitExceededException', 'The version has too many staging labels.');
  changing(run, secret);
  if (to === undefined) unlabel(secret, stage);
  else moveLabels(run, secret, [stage], to);
  record(run, secret, { versionStage: stage, moveToVersionId: to, removeFromVersionId: from });
  return { ARN: secret.arn, Name: secret.name };
};

/** Moving staging labels. */
export const stages: Record<string, Operation> = { UpdateSecretVersionStage: { kind: 'write', run: move } };

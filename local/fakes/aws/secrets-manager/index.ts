import { quotaOf, serviceOf, type House } from '../operations.ts';
import type { AwsService } from '../server.ts';
import { lifecycle } from './lifecycle.ts';
import { listing } from './listing.ts';
import { rotation } from './rotation.ts';
import { lookUp } from './secret.ts';
import { stages } from './stages.ts';
import { values } from './values.ts';

const group = (name: string, perSecond: number, ...operations: string[]) =>
  Object.fromEntries(operations.map((operation) => [operation, { group: name, perSecond }]));

const QUOTAS = {
  ...group('read', 10_000, 'GetSecretValue'),
  ...group('describe', 40_000, 'DescribeSecret'),
  ...group('batch', 100, 'BatchGetSecretValue'),
  ...group('list', 100, 'ListSecrets'),
  ...group('versions', 50, 'ListSecretVersionIds'),
  ...group('rotate', 50, 'RotateSecret', 'CancelRotateSecret'),
  ...group('put', 50, 'PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage', 'RemoveRegionsFromReplication'),
  ...group('policy', 50, 'GetResourcePolicy', 'PutResourcePolicy', 'DeleteResourcePolicy'),
  ...group('restore', 50, 'RestoreSecret'),
  ...group('create', 50, 'CreateSecret'),
  ...group('delete', 50, 'DeleteSecret'),
  ...group('password', 50, 'GetRandomPassword'),
  ...group('tag', 50, 'TagResource', 'UntagResource'),
};

const OPERATIONS = { ...values, ...listing, ...stages, ...rotation, ...lifecycle };

/** Secrets Manager: staging labels, rotation that really calls the function, deletion with a recovery window, quotas. */
export const secretsManager = (house: House): AwsService =>
  Object.assign(serviceOf(house, OPERATIONS, (_request, result) => ({ status: 200, body: result }), quotaOf(house, QUOTAS)), {
    // Behaviours may name a secret by its name or its ARN, whichever the request used.
    resourceOf: ({ body }: { body: unknown }) => {
      const { SecretId, SecretIdList = [] } = (body ?? {}) as { SecretId?: unknown; SecretIdList?: unknown[] };
      return [SecretId, ...(Array.isArray(SecretIdList) ? SecretIdList : [])]
        .filter((id): id is string => typeof id === 'string')
        .flatMap((id) => {
          const secret = lookUp(house.state, id, house.clock.now());
          return secret ? [secret.name, secret.arn] : [id];
        })
        .join(' ');
    },
  });

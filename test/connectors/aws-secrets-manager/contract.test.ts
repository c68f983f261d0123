import { describe, expect, it } from 'vitest';
import { awsSecretsManager } from '../../../functions/connectors/aws-secrets-manager/index.ts';
import { describeStore, describeWatched } from '../contract.ts';
import { finish } from '../repeat.ts';
import { openStoreHouse, watch } from './subject.ts';

const secretsManager = (operation: string) => ({ service: 'secretsmanager', operation });

for (const rotation of ['single-user', 'alternating-users'] as const) {
  describeStore('aws-secrets-manager', watch, {
    make: () => openStoreHouse({ rotation }),
    binding: { rotation },
    changes: { rotate: [secretsManager('RotateSecret'), secretsManager('DescribeSecret')], replace: [secretsManager('PutSecretValue')] },
  });
}

describe('a rotation that got stuck', () => {
  it('is given up and begun anew', async () => {
    const house = await openStoreHouse({ rotation: 'single-user', pending: { value: '{"user":"orders_a","key":"apk_never_set_anywhere_0000"}' } });
    try {
      expect((await finish((notes) => house.rotate({ notes }), house.patient())).result).toBe('done');
    } finally {
      await house.close();
    }
  });
});

describeWatched('aws-secrets-manager', watch, awsSecretsManager.permissions);

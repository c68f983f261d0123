import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { clockOf } from '../../../../local/clock.ts';
import { createAws, type AwsOptions, type AwsWorld } from '../../../../local/fakes/aws/index.ts';
import { Behaviours, type Behaviour } from '../../../../local/fakes/behaviour.ts';

/** An access key id, put together here so that no scanner takes it for a real one. */
export const keyId = (kind: 'AKIA' | 'ASIA', name: string): string => kind.slice(0, 2) + kind.slice(2) + name.toUpperCase().padEnd(16, 'X');

export const OURS = { accessKeyId: keyId('AKIA', 'ours'), secretAccessKey: 'our own half' };
export const ALICE = { accessKeyId: keyId('AKIA', 'alice'), secretAccessKey: 'half of alice' };
export const OLD_SESSION = { accessKeyId: keyId('ASIA', 'alicesession'), secretAccessKey: 'half of the session', sessionToken: 'token of the session' };

export const FUNCTION = 'arn:aws:lambda:eu-central-1:111122223333:function:rotate';

/** A small account in which everything exists once. */
export const world: AwsWorld = {
  account: '111122223333',
  region: 'eu-central-1',
  callers: [{ ...OURS, roleName: 'rescind', sessionName: 'functions' }],
  secrets: [
    { name: 'shop/db', value: '{"username":"app","password":"first"}', tags: { team: 'shop' }, rotation: { functionArn: FUNCTION } },
    { name: 'shop/plain', value: 'plain value' },
    { name: 'shop/closed', value: 'nobody reads me', unreadable: true },
    { name: 'shop/stuck', value: 'current', pending: {}, rotation: { functionArn: FUNCTION } },
    { name: 'rds/owned', value: '{"password":"theirs"}', owningService: 'rds' },
  ],
  users: [
    { name: 'alice', keys: [{ id: ALICE.accessKeyId, secret: ALICE.secretAccessKey, status: 'Active' }], groups: ['dev'], tags: { team: 'shop' },
      sessions: [{ ...OLD_SESSION, issuedAt: '2026-01-01T00:00:00Z', byKey: ALICE.accessKeyId }] },
    { name: 'bob', keys: [{ id: keyId('AKIA', 'bobone'), secret: 'one', status: 'Active' }, { id: keyId('AKIA', 'bobtwo'), secret: 'two', status: 'Inactive' }] },
  ],
  roles: [{ name: 'deploy' }],
  kmsKeys: [
    { id: 'mac-key', alias: 'fingerprints', usage: 'GENERATE_VERIFY_MAC', material: Buffer.alloc(32, 1).toString('base64') },
    { id: 'held-key', alias: 'alias/held', usage: 'ENCRYPT_DECRYPT', material: Buffer.alloc(32, 2).toString('base64') },
  ],
  trail: [{ eventName: 'AssumeRole', eventTime: '2026-01-01T01:00:00Z', username: 'alice', accessKeyId: ALICE.accessKeyId, cloudTrailEvent: { eventSource: 'sts.amazonaws.com' } }],
};

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** The fakes of that world, with real clients; the clock runs `speed` times as fast. */
export const open = async (options: Partial<AwsOptions> & { behaviours?: Behaviours; speed?: number } = {}) => {
  const behaviours = options.behaviours ?? new Behaviours();
  const clock = clockOf(options.speed ?? 1);
  const aws = await createAws({ world, ...options, behaviours, clock });
  const as = (credentials: Credentials) => {
    const config = { region: world.region, endpoint: aws.url, credentials, maxAttempts: 1 };
    return {
      secrets: new SecretsManagerClient(config),
      kms: new KMSClient(config),
      iam: new IAMClient(config),
      sts: new STSClient(config),
      trail: new CloudTrailClient(config),
    };
  };
  return { aws, behaviours, clock, as, ours: as(OURS), behave: (behaviour: Behaviour) => behaviours.add(behaviour) };
};

/** The name of the error that a call ends with; `undefined` when it succeeds. */
export const errorOf = async (call: Promise<unknown>): Promise<string | undefined> => {
  try {
    await call;
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
};

/** Waits until the condition holds, at most five seconds. */
export const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 5_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

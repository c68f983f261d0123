import { CancelRotateSecretCommand, DescribeSecretCommand, GetSecretValueCommand, PutSecretValueCommand, RotateSecretCommand, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { AwsState, RotationEvent } from '../../../../local/fakes/aws/index.ts';
import { errorOf, FUNCTION, open, until } from './house.ts';

let house: Awaited<ReturnType<typeof open>>;
afterEach(() => house.aws.close());

/** A rotation function after AWS's own template: each step checks that the version is there and pending. */
const functionFor = (fails: (event: RotationEvent) => boolean = () => false) => {
  const calls: string[] = [];
  const invokeRotation = async (arn: string, event: RotationEvent) => {
    calls.push(event.Step);
    if (fails(event) || arn !== FUNCTION) throw new Error('the step failed');
    const client = house.ours.secrets;
    const { SecretId, ClientRequestToken } = event;
    const { VersionIdsToStages: stages = {}, RotationEnabled } = await client.send(new DescribeSecretCommand({ SecretId }));
    if (!RotationEnabled || !stages[ClientRequestToken]) throw new Error('not a rotation of this secret');
    if (stages[ClientRequestToken].includes('AWSCURRENT')) return;
    if (event.Step === 'createSecret') {
      const missing = await errorOf(client.send(new GetSecretValueCommand({ SecretId, VersionId: ClientRequestToken, VersionStage: 'AWSPENDING' })));
      if (missing === 'ResourceNotFoundException')
        await client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString: `made for ${ClientRequestToken}`, VersionStages: ['AWSPENDING'] }));
    }
    if (event.Step === 'finishSecret') {
      const current = Object.entries(stages).find(([, labels]) => labels.includes('AWSCURRENT'))?.[0];
      await client.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: ClientRequestToken, RemoveFromVersionId: current }));
    }
  };
  return { calls, invokeRotation };
};

const stagesOf = async (SecretId: string) => (await house.ours.secrets.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages ?? {};
const rotate = (SecretId: string, ClientRequestToken: string = randomUUID()) => house.ours.secrets.send(new RotateSecretCommand({ SecretId, ClientRequestToken }));
const trailed = () => house.aws.state().trail.map(({ name }) => name);

describe('rotation', () => {
  it('calls the function for the four steps and ends with the new version current', async () => {
    const lambda = functionFor();
    house = await open({ invokeRotation: lambda.invokeRotation });
    const token = randomUUID();
    expect((await rotate('shop/db', token)).VersionId).toBe(token);
    await until(() => trailed().includes('RotationSucceeded'));
    expect(lambda.calls).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
    expect((await stagesOf('shop/db'))[token]).toContain('AWSCURRENT');
    expect((await house.ours.secrets.send(new GetSecretValueCommand({ SecretId: 'shop/db' }))).SecretString).toBe(`made for ${token}`);
    expect((await house.ours.secrets.send(new GetSecretValueCommand({ SecretId: 'shop/db', VersionStage: 'AWSPREVIOUS' }))).SecretString).toContain('first');
    await rotate('shop/db', token);
    expect(lambda.calls).toHaveLength(4);
  });

  it('can rotate twice in a row although AWSPENDING stays on the current version', async () => {
    const lambda = functionFor();
    house = await open({ invokeRotation: lambda.invokeRotation });
    await rotate('shop/db');
    await until(() => trailed().includes('RotationSucceeded'));
    expect(await errorOf(rotate('shop/db'))).toBeUndefined();
    await until(() => lambda.calls.length === 8);
  });

  it('refuses another token while a rotation is under way and takes the same one again', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const lambda = functionFor();
    house = await open({ invokeRotation: async (arn, event) => { await held; await lambda.invokeRotation(arn, event); } });
    const token = randomUUID();
    await rotate('shop/db', token);
    expect(await errorOf(rotate('shop/db'))).toBe('InvalidRequestException');
    expect(await errorOf(rotate('shop/db', token))).toBeUndefined();
    expect((await stagesOf('shop/db'))[token]).toEqual(['AWSPENDING']);
    release();
    await until(() => trailed().includes('RotationSucceeded'));
    expect(lambda.calls).toHaveLength(4);
  });

  it('leaves AWSPENDING stuck after a few failed attempts, until somebody takes the label off', async () => {
    const lambda = functionFor(({ Step }) => Step === 'setSecret' && broken);
    let broken = true;
    house = await open({ invokeRotation: lambda.invokeRotation, speed: 100 });
    const token = randomUUID();
    await rotate('shop/db', token);
    await until(() => trailed().includes('RotationFailed'));
    expect(lambda.calls.filter((step) => step === 'setSecret')).toHaveLength(3);
    expect((await stagesOf('shop/db'))[token]).toEqual(['AWSPENDING']);
    expect(await errorOf(rotate('shop/db'))).toBe('InvalidRequestException');
    const { secrets } = house.ours;
    await secrets.send(new CancelRotateSecretCommand({ SecretId: 'shop/db' }));
    expect((await secrets.send(new DescribeSecretCommand({ SecretId: 'shop/db' }))).RotationEnabled).toBe(false);
    await secrets.send(new UpdateSecretVersionStageCommand({ SecretId: 'shop/db', VersionStage: 'AWSPENDING', RemoveFromVersionId: token }));
    broken = false;
    await rotate('shop/db');
    await until(() => trailed().includes('RotationSucceeded'));
    expect((await secrets.send(new DescribeSecretCommand({ SecretId: 'shop/db' }))).RotationEnabled).toBe(true);
  });

  it('refuses a world\'s stuck secret, one without a function, and changes to another service\'s', async () => {
    house = await open();
    const { secrets } = house.ours;
    expect(await errorOf(rotate('shop/stuck'))).toBe('InvalidRequestException');
    expect(await errorOf(rotate('shop/plain'))).toBe('InvalidRequestException');
    expect(await errorOf(secrets.send(new PutSecretValueCommand({ SecretId: 'rds/owned', SecretString: 'x' })))).toBe('InvalidRequestException');
    expect(await errorOf(secrets.send(new RotateSecretCommand({ SecretId: 'rds/owned', RotationLambdaARN: FUNCTION })))).toBe('InvalidRequestException');
    const before = (await secrets.send(new GetSecretValueCommand({ SecretId: 'rds/owned' }))).SecretString;
    await rotate('rds/owned');
    await until(() => trailed().includes('RotationSucceeded'));
    expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'rds/owned' }))).SecretString).not.toBe(before);
  });

  it('goes on with a rotation after the fakes were stopped in the middle', async () => {
    let saved: AwsState | undefined;
    const store = { load: () => saved, save: (state: AwsState) => void (saved = structuredClone(state)) };
    house = await open({ store, invokeRotation: () => new Promise(() => {}) });
    const token = randomUUID();
    await rotate('shop/db', token);
    await house.aws.close();
    const lambda = functionFor();
    // The function may be called as soon as the fakes listen, before this test holds them.
    let ready = () => {};
    const isReady = new Promise<void>((resolve) => (ready = resolve));
    house = await open({ store, invokeRotation: async (arn, event) => { await isReady; await lambda.invokeRotation(arn, event); } });
    ready();
    await until(() => trailed().includes('RotationSucceeded'));
    expect((await stagesOf('shop/db'))[token]).toContain('AWSCURRENT');
  });
});

/** Lets boto3 drive the AWS fakes: `node test/boto3/run.ts`. Makes its own Python environment under `.cache/boto3`. */
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient, UpdateSecretVersionStageCommand, DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { clockOf } from '../../local/clock.ts';
import { createAws, type Aws, type AwsWorld, type RotationEvent } from '../../local/fakes/aws/index.ts';
import { Behaviours } from '../../local/fakes/behaviour.ts';

const BOTO3 = 'boto3==1.44.5';
const ROOT = join(import.meta.dirname, '../..');
const VENV = join(ROOT, '.cache/boto3');
const PYTHON = join(VENV, 'bin/python');

const must = (command: string, args: string[]) => {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
};

/** The environment, made once for each pinned version. */
const prepare = () => {
  const mark = join(VENV, 'installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === BOTO3) return;
  must('python3', ['-m', 'venv', VENV]);
  must(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', BOTO3]);
  writeFileSync(mark, BOTO3);
};

const key = (name: string) => ({ aws_access_key_id: 'AK' + 'IA' + name.toUpperCase().padEnd(16, 'X'), aws_secret_access_key: randomBytes(30).toString('base64') });
const keys = { ours: key('ours'), carol: key('carol'), dave: key('dave') };
const FUNCTION = 'arn:aws:lambda:eu-west-1:444455556666:function:rotate';

const userWith = (name: 'carol' | 'dave') =>
  ({ name, keys: [{ id: keys[name].aws_access_key_id, secret: keys[name].aws_secret_access_key, status: 'Active' as const }] });

const world: AwsWorld = {
  account: '444455556666',
  region: 'eu-west-1',
  callers: [{ accessKeyId: keys.ours.aws_access_key_id, secretAccessKey: keys.ours.aws_secret_access_key, roleName: 'rescind', sessionName: 'functions' }],
  secrets: [
    { name: 'rotating', value: 'before', rotation: { functionArn: FUNCTION } },
    { name: 'stuck', value: 'current', pending: {}, rotation: { functionArn: FUNCTION } },
    { name: 'third', value: 'x' },
  ],
  users: [userWith('carol'), userWith('dave')],
  roles: [{ name: 'deploy' }],
  kmsKeys: [
    { id: 'mac', alias: 'fingerprints', usage: 'GENERATE_VERIFY_MAC', material: randomBytes(32).toString('base64') },
    { id: 'held', alias: 'held', usage: 'ENCRYPT_DECRYPT', material: randomBytes(32).toString('base64') },
  ],
};

/** A rotation function: makes a value, changes nothing anywhere else, and promotes it. */
const rotate = async (aws: Aws, { Step, SecretId, ClientRequestToken }: RotationEvent) => {
  const credentials = { accessKeyId: keys.ours.aws_access_key_id, secretAccessKey: keys.ours.aws_secret_access_key };
  const client = new SecretsManagerClient({ endpoint: aws.url, region: world.region, credentials });
  if (Step === 'createSecret')
    await client.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString: randomBytes(12).toString('hex'), VersionStages: ['AWSPENDING'] }));
  if (Step === 'testSecret') await client.send(new GetSecretValueCommand({ SecretId, VersionId: ClientRequestToken, VersionStage: 'AWSPENDING' }));
  if (Step !== 'finishSecret') return;
  const { VersionIdsToStages: stages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
  const current = Object.keys(stages).find((id) => stages[id]?.includes('AWSCURRENT'));
  await client.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: ClientRequestToken, RemoveFromVersionId: current }));
};

prepare();
const aws: Aws = await createAws({ world, behaviours: new Behaviours(), clock: clockOf(), invokeRotation: (_arn, event) => rotate(aws, event) });
const house = JSON.stringify({ url: aws.url, account: world.account, region: world.region, keys });
const code = await new Promise<number>((resolve) => {
  spawn(PYTHON, [join(import.meta.dirname, 'drive.py'), house], { stdio: 'inherit', env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true', PYTHONDONTWRITEBYTECODE: '1' } })
    .once('close', (status) => resolve(status ?? 1));
});
await aws.close();
process.exitCode = code;

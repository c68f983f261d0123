import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { functionNames } from '../../infra/grants.ts';
import type { Clients } from './clients.ts';
import { must } from './command.ts';
import type { House } from './house.ts';
import { account, owner, region, type Ministack } from './ministack.ts';
import { plainEnvironment, root, type Places } from './places.ts';
import type { Certificate } from './tls.ts';

/** What the stack says about itself, by the names of its outputs. */
export interface Outputs {
  ApiUrl: string;
  DeliveriesQueueUrl: string;
  IndexQueueUrl: string;
  LedgerTableName: string;
  RegistryTableName: string;
  StateMachineArn: string;
  LeasesTableName: string;
  EndsQueueUrl: string;
}

const cdkOf = (places: Places, ministack: Ministack, certificate: Certificate) => {
  const env = {
    ...plainEnvironment(places),
    AWS_ENDPOINT_URL: ministack.url,
    AWS_ACCESS_KEY_ID: owner.accessKeyId,
    AWS_SECRET_ACCESS_KEY: owner.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    NODE_EXTRA_CA_CERTS: certificate.certificateFile,
    CI: 'true',
  };
  const common = ['--no-notices', '--no-version-reporting', '--no-color', '--output', join(places.folder, 'cdk.out')];
  return (...args: string[]) => must('cdk', [...args, ...common], { cwd: root, env, seconds: 240 });
};

/** Prepares the account with the CDK and deploys the stack with that installation, as a platform engineer does, without a question asked. */
export const deploy = async (installation: object, places: Places, ministack: Ministack, certificate: Certificate): Promise<Outputs> => {
  const cdk = cdkOf(places, ministack, certificate);
  const [file, outputs] = [join(places.folder, 'installation.json'), join(places.folder, 'outputs.json')];
  writeFileSync(file, JSON.stringify(installation, null, 2));
  const context = ['--context', `installation=${file}`];
  await cdk('bootstrap', `aws://${account}/${region}`, ...context);
  await cdk('deploy', '--all', '--require-approval', 'never', '--outputs-file', outputs, ...context);
  return (JSON.parse(readFileSync(outputs, 'utf8')) as { Rescind: Outputs }).Rescind;
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The credentials that MiniStack hands to a function: each signs as its own role, and their key follows from its ARN and its role's. */
const credentialsOf = (functionName: string, roleArn: string) => {
  const digest = sha256(`arn:aws:lambda:${region}:${account}:function:${functionName}:${roleArn}`);
  return { accessKeyId: ['AS', 'IA', digest.slice(0, 16).toUpperCase()].join(''), secretAccessKey: sha256(`secret:${digest}`), roleName: roleArn.split('/').at(-1) ?? '', sessionName: functionName };
};

/** Makes the fakes know the deployed functions by the roles that the stack gave them. */
export const introduce = async (house: House, { iam }: Clients): Promise<void> => {
  const { Roles = [] } = await iam.send(new ListRolesCommand({ MaxItems: 1000 }));
  for (const name of functionNames) {
    const arn = Roles.find(({ Description }) => Description === `Rescind: what ${name} may do`)?.Arn;
    if (!arn) throw new Error(`the deployed function ${name} has no role`);
    house.admit(credentialsOf(`Rescind-${name}`, arn));
  }
};

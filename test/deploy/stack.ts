import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from './ask.ts';
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

interface DeployedFunction {
  FunctionName: string;
  FunctionArn: string;
  Role: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The credentials that MiniStack hands to a function: each signs as its own role, and their key follows from its ARN and its role's. */
const credentialsOf = ({ FunctionArn, Role, FunctionName }: DeployedFunction) => {
  const digest = sha256(`${FunctionArn}:${Role}`);
  return { accessKeyId: ['AS', 'IA', digest.slice(0, 16).toUpperCase()].join(''), secretAccessKey: sha256(`secret:${digest}`), roleName: Role.split('/').at(-1) ?? '', sessionName: FunctionName };
};

/** Makes the fakes know the deployed functions by their own roles; answers how many there are. */
export const introduce = async (house: House, ministack: Ministack): Promise<number> => {
  const answer = await fetch(`${ministack.url}/2015-03-31/functions/?MaxItems=100`, {
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=${owner.accessKeyId}/20260101/${region}/lambda/aws4_request, SignedHeaders=host, Signature=x` },
  });
  const { Functions = [] } = (await answer.json()) as { Functions?: DeployedFunction[] };
  for (const deployed of Functions) house.admit(credentialsOf(deployed));
  return Functions.length;
};

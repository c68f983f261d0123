import { DeleteSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { jobSecret } from '../../../functions/connectors/aws-secrets-manager/job-secret.ts';
import type { Configuration } from '../../../functions/core/configuration.ts';
import type { Credential, Issuer } from '../../../functions/core/connector.ts';
import type { AwsWorld } from '../../../local/fakes/aws/index.ts';
import { Watch, watchedIssuer, type IssuerSubject } from '../contract.ts';
import { account, administrator, configurationOf, contextOf, newKey, startHouse, type Asking, type House } from '../house.ts';

/** All tests of job secrets are held against their permissions together. */
export const jobWatch = new Watch();

export const secretName = 'jobs/nightly-1';
export const credentialOf = (id: string): Credential => ({ id: `aws-secrets-manager:secret/${id}`, issuer: 'aws-secrets-manager', name: `secret/${id}`, account, copies: [] });

/** A secret that was made for one job, and another one. */
export interface JobHouse extends IssuerSubject {
  house: House;
  issuer: Issuer;
  client: SecretsManagerClient;
  /** Reads a secret as a job does; answers whether there is a value. */
  isRead(id: string): Promise<boolean>;
}

/** What is different in one test's house. */
export interface JobOptions {
  secret?: Partial<NonNullable<AwsWorld['secrets']>[number]>;
  /** Secrets besides it; absent: one. */
  others?: AwsWorld['secrets'];
  configuration?: Partial<Configuration>;
  id?: (house: House) => string;
}

/** A house with a secret that was made for one job. */
export const openJobHouse = async ({ secret, others, configuration, id = (house) => house.arn(secretName) }: JobOptions = {}): Promise<JobHouse> => {
  const [value, other] = [newKey(), newKey()];
  const house = await startHouse({
    maxAttempts: 2,
    onCall: jobWatch.onCall,
    configuration: { ...configurationOf(), ...configuration },
    world: { secrets: [{ name: secretName, value, tags: { 'rescind:lent': 'job', pipeline: 'nightly' }, ...secret }, ...(others ?? [{ name: 'shop/database', value: other }])] },
  });
  const client = new SecretsManagerClient({ endpoint: house.aws.url, region: 'us-east-1', credentials: { accessKeyId: administrator.id, secretAccessKey: administrator.secret } });
  const here = () => house.aws.state().secrets[secretName];
  return {
    house, client,
    issuer: watchedIssuer(jobSecret.create(house.edges), jobWatch),
    credential: credentialOf(id(house)),
    basis: 'record',
    behaviours: house.behaviours,
    context: (asking: Asking = {}) => contextOf(house.clock, { heard: (fact) => jobWatch.outputs.push(JSON.stringify(fact)), ...asking }),
    alive: () => here() !== undefined && here()?.deletedAt === undefined,
    snapshot: () => structuredClone({ ...here(), accessedAt: undefined, changedAt: undefined }),
    kill: async () => void (await client.send(new DeleteSecretCommand({ SecretId: secretName, RecoveryWindowInDays: 30 }))),
    remove: async () => void (await client.send(new DeleteSecretCommand({ SecretId: secretName, ForceDeleteWithoutRecovery: true }))),
    isRead: async (of) => (await client.send(new GetSecretValueCommand({ SecretId: of })).catch(() => undefined))?.SecretString !== undefined,
    values: () => [value, other],
    settle: () => Promise.resolve(),
    close: () => house.close(),
  };
};

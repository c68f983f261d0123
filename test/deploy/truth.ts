import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Case } from '../../functions/core/case.ts';
import { expect } from './checks.ts';
import type { Deployed } from './deployed.ts';
import { executionStatus, timelineOf } from './ledger.ts';
import { region } from './ministack.ts';
import { logFile } from './places.ts';
import type { Uploader } from './world.ts';

/** What the door says to a key pair: `open`, or the name of the error with which it stays shut. */
export const knock = async (address: string, accessKeyId: string, secretAccessKey: string): Promise<string> => {
  const client = new STSClient({ endpoint: address, region, credentials: { accessKeyId, secretAccessKey } });
  try {
    await client.send(new GetCallerIdentityCommand({}));
    return 'open';
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  } finally {
    client.destroy();
  }
};

/** The key pair that a secret of the house holds now, read by somebody who may. */
const pairIn = async (address: string, reader: { accessKeyId: string; secretAccessKey: string }, secret: string): Promise<{ accessKeyId: string; secretAccessKey: string }> => {
  const client = new SecretsManagerClient({ endpoint: address, region, credentials: reader });
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secret }));
    return JSON.parse(SecretString ?? '{}') as { accessKeyId: string; secretAccessKey: string };
  } finally {
    client.destroy();
  }
};

/** Holds an ended case against the truth: the old key is refused at the door, and whoever uses a copy has a key that opens. */
export const heldAgainstTruth = async (deployed: Deployed, found: Case, { keyId, secret, copies }: Uploader, outcome: 'confirmed' | 'attested'): Promise<void> => {
  const { house } = deployed;
  const problem = (text: string) => `${text}\n${timelineOf(found)}\nwhat the functions said: ${logFile}`;
  expect(found.status === 'contained' && found.closed !== undefined, problem('the ledger does not tell that the case is contained and closed'));
  expect(found.outcome?.outcome === outcome && found.outcome.green, problem(`the outcome is ${found.outcome?.outcome}; expected ${outcome}`));
  const said = await knock(house.aws.url, keyId, secret);
  expect(said === 'InvalidClientTokenId' && !house.aws.isOpen(keyId), problem(`the old key is not refused at the door: ${said}`));
  for (const copy of copies) {
    const now = await pairIn(house.aws.url, deployed.house.reader, copy);
    expect(now.accessKeyId !== keyId && (await knock(house.aws.url, now.accessKeyId, now.secretAccessKey)) === 'open', problem(`${copy} holds no key that opens`));
  }
  const execution = await executionStatus(deployed, found);
  expect(execution === 'SUCCEEDED', problem(`the playbook's execution is ${execution}`));
};

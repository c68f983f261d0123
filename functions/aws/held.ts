import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { DeleteCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { ClientOf } from './clients.ts';
import type { Ledger } from './ledger.ts';

/** KMS encrypts at most this many bytes in one call. */
const mostBytes = 4096;
const heldDays = 7;

/** Keeps the values of one finding, readable only for who names its case. `values` maps fingerprints to values. */
export const hold = async (clientOf: ClientOf, ledger: Ledger, key: string, caseId: string, values: Record<string, string>, now: Date): Promise<boolean> => {
  const plaintext = fitting(values);
  if (!plaintext) return false;
  const { CiphertextBlob } = await clientOf(KMSClient).send(new EncryptCommand({ KeyId: key, Plaintext: plaintext, EncryptionContext: { case: caseId } }));
  if (!CiphertextBlob) return false;
  await ledger.documents.send(
    new PutCommand({ TableName: ledger.table, Item: { pk: `held#${caseId}`, sk: 'held', sealed: CiphertextBlob, expires: Math.floor(now.getTime() / 1000) + heldDays * 86_400 } }),
  );
  return true;
};

/** The values as bytes; the longest are left out until the rest fits. */
const fitting = (values: Record<string, string>): Uint8Array | undefined => {
  const entries = Object.entries(values).sort(([, a], [, b]) => a.length - b.length);
  while (entries.length > 0) {
    const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
    if (bytes.length <= mostBytes) return bytes;
    entries.pop();
  }
  return undefined;
};

/** The held values of a case by fingerprint; empty where none are held (any more). */
export const reveal = async (clientOf: ClientOf, ledger: Ledger, caseIds: readonly string[]): Promise<Record<string, string>> => {
  const found: Record<string, string> = {};
  for (const caseId of caseIds) {
    const page = await ledger.documents.send(new QueryCommand({ TableName: ledger.table, KeyConditionExpression: 'pk = :pk AND sk = :sk', ExpressionAttributeValues: { ':pk': `held#${caseId}`, ':sk': 'held' }, ConsistentRead: true }));
    for (const item of page.Items ?? []) {
      const { Plaintext } = await clientOf(KMSClient).send(new DecryptCommand({ CiphertextBlob: item.sealed as Uint8Array, EncryptionContext: { case: caseId } }));
      if (Plaintext) Object.assign(found, JSON.parse(new TextDecoder().decode(Plaintext)) as Record<string, string>);
    }
  }
  return found;
};

/** Notes that the case of this credential needs what is held here, and that others do as well. */
export const share = async (ledger: Ledger, caseId: string, credential: string, now: Date): Promise<void> => {
  await ledger.documents.send(new PutCommand({ TableName: ledger.table, Item: { pk: `held#${caseId}`, sk: `for#${credential}`, expires: Math.floor(now.getTime() / 1000) + heldDays * 86_400 } }));
};

/** Forgets what was held, as far as this credential is concerned: where others share it, the last one takes it away. */
export const forget = async (ledger: Ledger, caseIds: readonly string[], credential: string | undefined): Promise<void> => {
  const drop = (caseId: string, sk: string) => ledger.documents.send(new DeleteCommand({ TableName: ledger.table, Key: { pk: `held#${caseId}`, sk } }));
  for (const caseId of caseIds) {
    if (credential) await drop(caseId, `for#${credential}`);
    const others = await ledger.documents.send(
      new QueryCommand({ TableName: ledger.table, KeyConditionExpression: 'pk = :pk AND begins_with(sk, :for)', ExpressionAttributeValues: { ':pk': `held#${caseId}`, ':for': 'for#' }, ConsistentRead: true, Select: 'COUNT', Limit: 1 }),
    );
    if (!others.Count) await drop(caseId, 'held');
  }
};

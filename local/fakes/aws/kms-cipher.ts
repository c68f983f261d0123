import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The encryption context, the same bytes whatever the order in which it was given. */
const aadOf = (context: Record<string, string>) =>
  Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));

const keyBytes = (material: Buffer) => (material.length === 32 ? material : createHash('sha256').update(material).digest());

/** Which key a ciphertext was made with; undefined when it is none of ours. */
export const keyIdOf = (blob: Buffer): string | undefined => {
  const length = blob[1];
  if (blob[0] !== FORMAT || length === undefined || blob.length < 2 + length + IV_BYTES + TAG_BYTES) return undefined;
  return blob.subarray(2, 2 + length).toString('utf8');
};

/** A ciphertext blob that names its key and opens only with the same context. */
export const seal = (keyId: string, material: Buffer, plaintext: Buffer, context: Record<string, string>, iv: Buffer): Buffer => {
  const id = Buffer.from(keyId);
  const cipher = createCipheriv('aes-256-gcm', keyBytes(material), iv).setAAD(aadOf(context));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.from([FORMAT, id.length]), id, iv, cipher.getAuthTag(), sealed]);
};

/** The plaintext; undefined when the context or the bytes are not those of the sealing. */
export const unseal = (material: Buffer, blob: Buffer, context: Record<string, string>): Buffer | undefined => {
  const start = 2 + (blob[1] ?? 0);
  const iv = blob.subarray(start, start + IV_BYTES);
  const tag = blob.subarray(start + IV_BYTES, start + IV_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyBytes(material), iv, { authTagLength: TAG_BYTES }).setAAD(aadOf(context)).setAuthTag(tag);
    return Buffer.concat([decipher.update(blob.subarray(start + IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
};

import { createHmac, timingSafeEqual } from 'node:crypto';
import { AwsError } from './errors.ts';
import { keyIdOf, seal, unseal } from './kms-cipher.ts';
import { serviceOf, type House, type Operation, type Run } from './operations.ts';
import type { AwsService } from './server.ts';
import { arnOf, type KmsKey } from './state.ts';

interface Parameters {
  KeyId?: string;
  Message?: string;
  Mac?: string;
  MacAlgorithm?: string;
  Plaintext?: string;
  CiphertextBlob?: string;
  EncryptionContext?: Record<string, string>;
  EncryptionAlgorithm?: string;
  KeySpec?: string;
  NumberOfBytes?: number;
  Limit?: number;
}

const MAX_BYTES = 4096;
const parametersOf = (run: Run) => run.request.body as Parameters;

const blob = (value: string | undefined, name: string, max = MAX_BYTES): Buffer => {
  const bytes = Buffer.from(value ?? '', 'base64');
  if (bytes.length < 1 || bytes.length > max)
    throw new AwsError('ValidationException', `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must have length between 1 and ${max}`);
  return bytes;
};

/** The key by id, ARN, alias or alias ARN. */
const keyOf = (run: Run, name: string | undefined): KmsKey => {
  if (name === undefined) throw new AwsError('ValidationException', "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null");
  const short = name.startsWith('arn:') ? name.slice(name.lastIndexOf(':') + 1).replace(/^key\//, '') : name;
  const alias = short.startsWith('alias/') ? short : undefined;
  const prefix = `arn:aws:kms:${run.state.region}:${run.state.account}:`;
  const isOurs = !name.startsWith('arn:') || name.startsWith(prefix);
  const key = isOurs ? Object.values(run.state.kmsKeys).find((one) => (alias === undefined ? one.id === short : one.alias === alias)) : undefined;
  if (!key) throw new AwsError('NotFoundException', alias === undefined ? `Key '${prefix}key/${short}' does not exist` : `Alias ${prefix}${alias} is not found.`);
  return key;
};

const usable = (run: Run, name: string | undefined, usage: KmsKey['usage']): KmsKey => {
  const key = keyOf(run, name);
  const arn = arnOf.kmsKey(run.state, key.id);
  if (!key.enabled) throw new AwsError('DisabledException', `${arn} is disabled.`);
  if (key.usage !== usage) throw new AwsError('InvalidKeyUsageException', `${arn} key usage is ${key.usage} which is not valid for ${run.request.operation}.`);
  return key;
};

const mac = (run: Run, key: KmsKey): Buffer => {
  const { Message, MacAlgorithm } = parametersOf(run);
  if (MacAlgorithm !== 'HMAC_SHA_256') throw new AwsError('InvalidKeyUsageException', `Algorithm ${MacAlgorithm} is incompatible with key spec HMAC_256.`);
  return createHmac('sha256', Buffer.from(key.material, 'base64')).update(blob(Message, 'message')).digest();
};

const sealed = (run: Run, key: KmsKey, plaintext: Buffer) =>
  seal(key.id, Buffer.from(key.material, 'base64'), plaintext, parametersOf(run).EncryptionContext ?? {}, run.random(12)).toString('base64');

const dataKey = (run: Run) => {
  const { KeyId, KeySpec, NumberOfBytes } = parametersOf(run);
  const key = usable(run, KeyId, 'ENCRYPT_DECRYPT');
  if ((KeySpec === undefined) === (NumberOfBytes === undefined))
    throw new AwsError('ValidationException', 'Please specify either number of bytes or key spec.');
  const plaintext = run.random(NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32));
  return { CiphertextBlob: sealed(run, key, plaintext), Plaintext: plaintext.toString('base64'), KeyId: arnOf.kmsKey(run.state, key.id) };
};

const decrypt = (run: Run) => {
  const { KeyId, CiphertextBlob, EncryptionContext } = parametersOf(run);
  const bytes = blob(CiphertextBlob, 'ciphertextBlob', 6144);
  const id = keyIdOf(bytes);
  const wanted = KeyId === undefined ? undefined : usable(run, KeyId, 'ENCRYPT_DECRYPT');
  if (id === undefined || !Object.hasOwn(run.state.kmsKeys, id)) throw new AwsError('InvalidCiphertextException', '');
  if (wanted !== undefined && wanted.id !== id)
    throw new AwsError('IncorrectKeyException', 'The key ID in the request does not identify a CMK that can perform this operation.');
  const key = usable(run, id, 'ENCRYPT_DECRYPT');
  const plaintext = unseal(Buffer.from(key.material, 'base64'), bytes, EncryptionContext ?? {});
  if (!plaintext) throw new AwsError('InvalidCiphertextException', '');
  return { KeyId: arnOf.kmsKey(run.state, key.id), Plaintext: plaintext.toString('base64'), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
};

const describe = (run: Run, key: KmsKey) => {
  const isMac = key.usage === 'GENERATE_VERIFY_MAC';
  const keySpec = isMac ? 'HMAC_256' : 'SYMMETRIC_DEFAULT';
  return {
    AWSAccountId: run.state.account, KeyId: key.id, Arn: arnOf.kmsKey(run.state, key.id), CreationDate: Date.parse(key.createdAt) / 1000,
    Enabled: key.enabled, Description: '', KeyUsage: key.usage, KeyState: key.enabled ? 'Enabled' : 'Disabled', Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER', CustomerMasterKeySpec: keySpec, KeySpec: keySpec, MultiRegion: false,
    ...(isMac ? { MacAlgorithms: ['HMAC_SHA_256'] } : { EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'] }),
  };
};

const read = (run: Operation['run']): Operation => ({ kind: 'read', run });

const operations: Record<string, Operation> = {
  GenerateMac: read((run) => {
    const key = usable(run, parametersOf(run).KeyId, 'GENERATE_VERIFY_MAC');
    return { Mac: mac(run, key).toString('base64'), MacAlgorithm: 'HMAC_SHA_256', KeyId: arnOf.kmsKey(run.state, key.id) };
  }),
  VerifyMac: read((run) => {
    const key = usable(run, parametersOf(run).KeyId, 'GENERATE_VERIFY_MAC');
    const given = Buffer.from(parametersOf(run).Mac ?? '', 'base64');
    const made = mac(run, key);
    if (given.length !== made.length || !timingSafeEqual(given, made)) throw new AwsError('KMSInvalidMacException', '');
    return { KeyId: arnOf.kmsKey(run.state, key.id), MacValid: true, MacAlgorithm: 'HMAC_SHA_256' };
  }),
  Encrypt: read((run) => {
    const key = usable(run, parametersOf(run).KeyId, 'ENCRYPT_DECRYPT');
    const plaintext = blob(parametersOf(run).Plaintext, 'plaintext');
    return { CiphertextBlob: sealed(run, key, plaintext), KeyId: arnOf.kmsKey(run.state, key.id), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  }),
  Decrypt: read(decrypt),
  GenerateDataKey: read(dataKey),
  GenerateDataKeyWithoutPlaintext: read((run) => ({ ...dataKey(run), Plaintext: undefined })),
  DescribeKey: read((run) => ({ KeyMetadata: describe(run, keyOf(run, parametersOf(run).KeyId)) })),
  ListAliases: read((run) => ({
    Truncated: false,
    Aliases: Object.values(run.state.kmsKeys).filter(({ alias }) => alias !== undefined).map(({ id, alias }) => ({
      AliasName: alias, AliasArn: `arn:aws:kms:${run.state.region}:${run.state.account}:${alias}`, TargetKeyId: id,
    })),
  })),
};

/** KMS: HMAC keys, and symmetric keys with the encryption context enforced. */
export const kms = (house: House): AwsService => serviceOf(house, operations, (_request, result) => ({ status: 200, body: result }));

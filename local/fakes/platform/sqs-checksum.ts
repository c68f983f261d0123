import { createHash } from 'node:crypto';
import type { MessageAttribute } from './sqs-queue.ts';

/** The hexadecimal MD5 that SQS answers for a message's body. */
export const md5 = (content: string | Buffer): string => createHash('md5').update(content).digest('hex');

const lengthAnd = (content: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
};

/** The MD5 over message attributes as SQS defines it: sorted by name, each part preceded by its length, a byte for text or binary. */
export const md5OfAttributes = (attributes: Record<string, MessageAttribute>): string | undefined => {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const parts = names.flatMap((name) => {
    const { DataType, StringValue, BinaryValue } = attributes[name] as MessageAttribute;
    const binary = DataType.startsWith('Binary');
    const value = binary ? Buffer.from(BinaryValue ?? '', 'base64') : Buffer.from(StringValue ?? '');
    return [lengthAnd(Buffer.from(name)), lengthAnd(Buffer.from(DataType)), Buffer.from([binary ? 2 : 1]), lengthAnd(value)];
  });
  return md5(Buffer.concat(parts));
};

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsFault } from './aws-service.ts';

/** The content of an `aws-chunked` body, and the headers that trail it. Chunk signatures are not looked at. */
export const unchunked = (raw: Buffer): { content: Buffer; trailers: Record<string, string> } => {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = raw.indexOf('\r\n', at);
    const size = end < 0 ? NaN : Number.parseInt(raw.toString('latin1', at, end).split(';')[0] ?? '', 16);
    if (Number.isNaN(size) || end + 2 + size > raw.length) throw new AwsFault('IncompleteBody', 'The chunked body is not complete.');
    at = end + 2;
    if (size === 0) break;
    chunks.push(raw.subarray(at, at + size));
    at += size + 2;
  }
  const lines = raw.toString('latin1', at).split('\r\n').filter((line) => line.includes(':'));
  const trailers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  return { content: Buffer.concat(chunks), trailers };
};

const bytesOf = (checksum: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return bytes;
};

const CALCULATE: Record<string, (content: Buffer) => Buffer> = {
  'x-amz-checksum-crc32': (content) => bytesOf(crc32(content)),
  'x-amz-checksum-sha1': (content) => createHash('sha1').update(content).digest(),
  'x-amz-checksum-sha256': (content) => createHash('sha256').update(content).digest(),
  'content-md5': (content) => createHash('md5').update(content).digest(),
};

/** The checksums that came with the content; a fault as S3 answers it where one of those that can be calculated here is wrong. */
export const checkedChecksums = (content: Buffer, headers: Record<string, string>): Record<string, string> => {
  for (const [name, calculate] of Object.entries(CALCULATE)) {
    const given = headers[name];
    if (given !== undefined && given !== calculate(content).toString('base64')) throw new AwsFault('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
  }
  return Object.fromEntries(Object.entries(headers).filter(([name]) => /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/.test(name)));
};

/** The content as it was before it was sent in chunks, with its checksums found right. */
export const receivedContent = (raw: Buffer, headers: Record<string, string>): { content: Buffer; checksums: Record<string, string> } => {
  const isChunked = (headers['content-encoding'] ?? '').includes('aws-chunked') || (headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
  const { content, trailers } = isChunked ? unchunked(raw) : { content: raw, trailers: {} };
  const declared = headers['x-amz-decoded-content-length'];
  if (isChunked && declared !== undefined && Number(declared) !== content.length) throw new AwsFault('IncompleteBody', 'You did not provide the number of bytes specified by the Content-Length HTTP header.');
  return { content, checksums: checkedChecksums(content, { ...headers, ...trailers }) };
};

import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { AwsAnswer, AwsRequest, AwsService } from './aws-service.ts';
import { AwsFault, answering, xmlText } from './aws-service.ts';
import { pretending } from './pretend.ts';
import { receivedContent } from './s3-body.ts';
import type { Objects, StoredObject } from './s3-objects.ts';

type Addressed = Pick<AwsRequest, 'method' | 'path' | 'headers' | 'query'>;

const KEPT_HEADERS = /^(content-type|content-encoding|content-disposition|content-language|cache-control|expires|x-amz-meta-.+|x-amz-server-side-encryption.*)$/;

/** Which bucket and key a request is about, path-style or by the host name (`bucket.s3...` or `bucket.localhost`). */
export const addressOf = ({ path, headers }: Pick<AwsRequest, 'path' | 'headers'>): { bucket: string; key: string } => {
  const host = (headers.host ?? '').split(':')[0] ?? '';
  const virtual = /^(.+?)\.(?:s3[.-].+|s3|localhost|127\.0\.0\.1)$/.exec(host)?.[1];
  const parts = path.slice(1).split('/');
  const [bucket, rest] = virtual !== undefined && virtual !== 's3' ? [virtual, parts] : [parts[0] ?? '', parts.slice(1)];
  try {
    return { bucket: decodeURIComponent(bucket), key: decodeURIComponent(rest.join('/')) };
  } catch {
    throw new AwsFault('InvalidURI', 'Could not parse the specified URI.');
  }
};

/** The operation's name, which S3 tells only by method and path. */
export const s3OperationOf = ({ method, path, headers, query }: Addressed): string => {
  const inBucket = addressOf({ path, headers }).key === '';
  switch (method) {
    case 'PUT':
      return inBucket ? 'CreateBucket' : 'PutObject';
    case 'GET':
      return inBucket ? (query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects') : 'GetObject';
    case 'HEAD':
      return inBucket ? 'HeadBucket' : 'HeadObject';
    case 'DELETE':
      return inBucket ? 'DeleteBucket' : 'DeleteObject';
    default:
      return query.has('delete') ? 'DeleteObjects' : method;
  }
};

const described = (object: StoredObject, withChecksums: boolean): Record<string, string> => ({
  etag: object.etag,
  'last-modified': new Date(object.modified).toUTCString(),
  'accept-ranges': 'bytes',
  'content-type': 'application/octet-stream',
  ...Object.fromEntries(Object.entries(object.headers).filter(([name]) => withChecksums || !name.startsWith('x-amz-checksum-'))),
});

const rangeOf = (header: string | undefined, size: number): { from: number; to: number } | undefined => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const from = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const to = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (from > to) throw new AwsFault('InvalidRange', 'The requested range is not satisfiable', 416);
  return { from, to };
};

const put = (objects: Objects, request: AwsRequest, bucket: string, key: string, clock: Clock): AwsAnswer => {
  const { content, checksums } = receivedContent(request.raw, request.headers);
  const etag = `"${createHash('md5').update(content).digest('hex')}"`;
  const existing = objects.get(bucket, key);
  if (request.headers['if-none-match'] === '*' && existing !== undefined) throw new AwsFault('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => KEPT_HEADERS.test(name)));
  const encoding = (headers['content-encoding'] ?? '').split(',').map((one) => one.trim()).filter((one) => one !== '' && one !== 'aws-chunked').join(',');
  if (encoding === '') delete headers['content-encoding'];
  else headers['content-encoding'] = encoding;
  objects.put({ bucket, key, etag, modified: clock.now().toISOString(), headers: { ...headers, ...checksums }, content });
  return { status: 200, headers: { etag, ...checksums }, body: '' };
};

const get = (objects: Objects, request: AwsRequest, bucket: string, key: string): AwsAnswer => {
  const object = objects.get(bucket, key);
  if (object === undefined) throw request.method === 'HEAD' ? new AwsFault('NotFound', 'Not Found', 404) : new AwsFault('NoSuchKey', 'The specified key does not exist.', 404);
  const range = rangeOf(request.headers.range, object.content.length);
  const headers = described(object, range === undefined && request.headers['x-amz-checksum-mode'] === 'ENABLED');
  if (range !== undefined) headers['content-range'] = `bytes ${range.from}-${range.to}/${object.content.length}`;
  const content = range === undefined ? object.content : object.content.subarray(range.from, range.to + 1);
  headers['content-length'] = String(content.length);
  return { status: range === undefined ? 200 : 206, headers, body: request.method === 'HEAD' ? '' : content };
};

const list = (objects: Objects, request: AwsRequest, bucket: string): AwsAnswer => {
  const prefix = request.query.get('prefix') ?? '';
  const after = request.query.get('continuation-token') ?? request.query.get('start-after') ?? request.query.get('marker') ?? '';
  const max = Math.min(1000, Number(request.query.get('max-keys') ?? 1000));
  const found = objects.list(bucket).filter(({ key }) => key.startsWith(prefix) && key > after).sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = found.slice(0, max);
  const next = found.length > max ? page.at(-1)?.key : undefined;
  const contents = page.map(({ key, etag, modified }) => `<Contents><Key>${xmlText(key)}</Key><LastModified>${modified}</LastModified><ETag>${xmlText(etag)}</ETag><StorageClass>STANDARD</StorageClass></Contents>`);
  const token = next === undefined ? '' : `<NextContinuationToken>${xmlText(next)}</NextContinuationToken>`;
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><Prefix>${xmlText(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${max}</MaxKeys><IsTruncated>${next !== undefined}</IsTruncated>${token}${contents.join('')}</ListBucketResult>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
};

/** S3 on one machine: the given buckets, with objects put, read (whole or by range), listed and deleted. */
export const createS3 = (options: { buckets: readonly string[]; objects: Objects; clock: Clock }): AwsService => {
  const { objects, clock } = options;
  const service = answering(async (request: AwsRequest): Promise<AwsAnswer> => {
    const { bucket, key } = addressOf(request);
    if (!options.buckets.includes(bucket)) throw new AwsFault('NoSuchBucket', 'The specified bucket does not exist', 404);
    switch (s3OperationOf(request)) {
      case 'PutObject':
        return put(objects, request, bucket, key, clock);
      case 'GetObject':
      case 'HeadObject':
        return get(objects, request, bucket, key);
      case 'DeleteObject':
        objects.delete(bucket, key);
        return { status: 204, body: '' };
      case 'ListObjectsV2':
      case 'ListObjects':
        return list(objects, request, bucket);
      case 'HeadBucket':
        return { status: 200, headers: { 'x-amz-bucket-region': request.region }, body: '' };
      default:
        throw new AwsFault('NotImplemented', `the local S3 does not know ${request.method} here`, 501);
    }
  });
  const changes = (request: AwsRequest) => request.method === 'PUT' || request.method === 'DELETE';
  const pretended = (request: AwsRequest): AwsAnswer =>
    request.method === 'DELETE' ? { status: 204, body: '' } : { status: 200, headers: { etag: `"${createHash('md5').update(receivedContent(request.raw, request.headers).content).digest('hex')}"` }, body: '' };
  return Object.assign(pretending({ clock, changes, pretended }, service), { operationOf: s3OperationOf });
};

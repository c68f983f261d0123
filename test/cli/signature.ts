import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

interface Signed {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Key {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text, 'utf8').digest();
const encoded = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

const shape = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;
const mostSkewMilliseconds = 300_000;

/**
 * What is wrong with a request's SigV4 signature for execute-api, computed again from what arrived as
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html says; undefined: nothing.
 */
export const wrongSignature = ({ method, path, query, headers, body }: Signed, key: Key, region: string): string | undefined => {
  const [, id, day = '', inRegion, service, names = '', signature] = shape.exec(headers.authorization ?? '') ?? [];
  if (signature === undefined) return 'there is no SigV4 signature';
  const date = String(headers['x-amz-date']);
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(Date.now() - at) < mostSkewMilliseconds) || !date.startsWith(day)) return `x-amz-date is ${date}`;
  if (id !== key.accessKeyId) return 'it is signed with another key';
  if (inRegion !== region || service !== 'execute-api') return `it is signed for ${service} in ${inRegion}`;
  if (headers['x-amz-security-token'] !== key.sessionToken) return "the session's token is not the key's";
  const signed = names.split(';');
  for (const name of ['host', 'x-amz-date', ...(key.sessionToken ? ['x-amz-security-token'] : []), ...(body === '' ? [] : ['content-type'])]) if (!signed.includes(name)) return `${name} is not signed`;
  const canonical = [
    method,
    path.split('/').map(encoded).join('/'),
    Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort().join('&'),
    ...signed.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    names,
    sha256(body),
  ].join('\n');
  const scope = `${day}/${region}/execute-api/aws4_request`;
  const signing = [day, region, 'execute-api', 'aws4_request'].reduce<string | Buffer>((from, part) => hmac(from, part), `AWS4${key.secretAccessKey}`);
  const expected = hmac(signing, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex');
  return expected === signature ? undefined : 'the signature is of another request';
};
